/** The loop: calls `read` at an interval, on a schedule that neither drifts nor makes up for what it missed. */

export const SHORTEST_INTERVAL_MS = 100;
export const LONGEST_INTERVAL_MS = 60_000;
/** Distinct messages remembered as reported; with more, the oldest is forgotten and would be reported again. */
const MESSAGES_KEPT = 100;

/** Clock and timers, so that tests need not wait. */
export interface TickClock {
  /** Monotonic, milliseconds; stands still while the machine is suspended, as timers do. */
  now(): number;
  /** Calls back once after `delayMs`, and returns a function that prevents it. */
  after(delayMs: number, callback: () => void): () => void;
}

export interface TickOptions {
  /** 100 to 60,000. */
  readonly intervalMs: number;
  readonly clock: TickClock;
  /** What to do each time; a failure does not end the loop. */
  readonly read: () => void;
  /** Called once for each distinct message. */
  readonly onError: (error: Error) => void;
}

export interface Tick {
  /** Failed reads so far. */
  readonly errors: number;
  /** The next read is this long after the last one, or at once where that has passed.
   * @throws RangeError outside 100 to 60,000 */
  setIntervalMs(intervalMs: number): void;
  /** No read begins after this; a second call does nothing. */
  stop(): void;
}

/** Reads at once, then at each interval.
 * @throws RangeError for an interval outside 100 to 60,000 */
export function startTick({ intervalMs, clock, read, onError }: TickOptions): Tick {
  check(intervalMs);
  const reported = new Set<string>();
  let errors = 0;
  let stopped = false;
  let dueMs = clock.now();
  let cancel = (): void => {};
  run();

  function run(): void {
    if (stopped) return;
    const earlyMs = dueMs - clock.now();
    // Timers count in whole milliseconds and may fire a fraction early.
    if (earlyMs >= 1) return wait();
    try {
      read();
    } catch (error) {
      report(error);
    }
    dueMs = nextDue(dueMs, { nowMs: clock.now(), intervalMs });
    wait();
  }

  function wait(): void {
    // `read` may have changed the interval: one timer at a time.
    cancel();
    if (!stopped) cancel = clock.after(Math.max(0, dueMs - clock.now()), run);
  }

  function report(thrown: unknown): void {
    errors += 1;
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    if (reported.has(error.message)) return;
    for (const oldest of reported) {
      if (reported.size < MESSAGES_KEPT) break;
      reported.delete(oldest);
    }
    reported.add(error.message);
    onError(error);
  }

  function setIntervalMs(nextMs: number): void {
    check(nextMs);
    dueMs = Math.max(clock.now(), dueMs - intervalMs + nextMs);
    intervalMs = nextMs;
    wait();
  }

  function stop(): void {
    stopped = true;
    cancel();
  }

  return {
    get errors() {
      return errors;
    },
    setIntervalMs,
    stop,
  };
}

/** The first time on the schedule that is still to come: ticks that were missed are skipped. */
function nextDue(
  dueMs: number,
  { nowMs, intervalMs }: { nowMs: number; intervalMs: number },
): number {
  const missed = Math.max(0, Math.floor((nowMs - dueMs) / intervalMs));
  return dueMs + (missed + 1) * intervalMs;
}

function check(intervalMs: number): void {
  if (!(intervalMs >= SHORTEST_INTERVAL_MS && intervalMs <= LONGEST_INTERVAL_MS)) {
    throw new RangeError(
      `Cannot read every ${intervalMs} ms: it must be ${SHORTEST_INTERVAL_MS} to ${LONGEST_INTERVAL_MS}.`,
    );
  }
}
