/** When a thread that has died is started again: at once the first time, later and later where it keeps dying. */

const FIRST_DELAY_MS = 500;
export const LONGEST_DELAY_MS = 30_000;
/** A thread that lived this long was well: the next delay is the first again. */
const WELL_AFTER_MS = 60_000;

export interface Restarts {
  /** How many there were. */
  readonly count: number;
  /** Starts it after a delay, which is returned. `livedMs`: how long the one that died had lived. */
  schedule(livedMs: number): number;
  /** None begins any more. */
  cancel(): void;
}

export function createRestarts(launch: () => void): Restarts {
  let timer: NodeJS.Timeout | undefined;
  let nextMs = FIRST_DELAY_MS;
  let count = 0;
  return {
    get count() {
      return count;
    },
    schedule(livedMs) {
      const delayMs = livedMs >= WELL_AFTER_MS ? FIRST_DELAY_MS : nextMs;
      nextMs = Math.min(delayMs * 2, LONGEST_DELAY_MS);
      timer = setTimeout(() => {
        count += 1;
        launch();
      }, delayMs);
      return delayMs;
    },
    cancel: () => clearTimeout(timer),
  };
}
