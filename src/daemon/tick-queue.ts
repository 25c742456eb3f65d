/** Ticks on their way to the history thread: kept until it has taken them, so that a fresh thread gets them again. */

import type { HistoryTick, Period } from "../model/history.ts";
import type { Log } from "./log.ts";

/** A minute of the usual interval. With more, the thread hangs: further ones are dropped and counted. */
export const MAX_TICKS = 60;

/** A tick, and the time right before it of which the ticks were dropped. */
export interface QueuedTick {
  readonly tick: HistoryTick;
  readonly lost: Period | null;
}

export interface TickQueue {
  /** undefined: there is no room, it is dropped. */
  add(tick: HistoryTick): QueuedTick | undefined;
  /** The oldest has arrived. */
  taken(): void;
  /** The thread has died. The oldest may have been written, and may be what it died of: it is not sent again. */
  interrupted(): void;
  drop(): void;
  dropAll(): void;
  /** The oldest first. */
  waiting(): readonly QueuedTick[];
  dropped(): number;
}

export function createTickQueue(log: Log): TickQueue {
  let waiting: QueuedTick[] = [];
  let lost: Period | null = null;
  let dropped = 0;
  return {
    add(tick) {
      if (waiting.length < MAX_TICKS) {
        const queued = { tick, lost };
        lost = null;
        waiting.push(queued);
        return queued;
      }
      dropped += 1;
      lost = together(lost, periodOf(tick));
      log.warnOnce(
        "history is slow",
        `history: the disk takes nothing, ${MAX_TICKS} ticks wait; further ones are not kept`,
      );
      return undefined;
    },
    taken() {
      waiting.shift();
    },
    interrupted() {
      const oldest = waiting.shift();
      if (oldest === undefined) return;
      dropped += 1;
      const gone = together(oldest.lost, periodOf(oldest.tick));
      const [next, ...others] = waiting;
      if (next === undefined) lost = together(lost, gone);
      else waiting = [{ ...next, lost: together(next.lost, gone) }, ...others];
    },
    drop() {
      dropped += 1;
    },
    dropAll() {
      dropped += waiting.length;
      waiting = [];
    },
    waiting: () => waiting,
    dropped: () => dropped,
  };
}

function periodOf({ atMs, intervalMs }: HistoryTick): Period {
  return { fromMs: atMs - intervalMs, toMs: atMs };
}

function together(one: Period | null, other: Period): Period {
  if (one === null) return other;
  return {
    fromMs: Math.min(one.fromMs, other.fromMs),
    toMs: Math.max(one.toMs, other.toMs),
  };
}
