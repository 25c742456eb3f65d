/** Ticks on their way to the history thread: kept until it has taken them, so that a fresh thread gets them again. */

import type { HistoryTick } from "../model/history.ts";
import type { Log } from "./log.ts";

/** A minute of the usual interval. With more, the thread hangs: further ones are dropped and counted. */
export const MAX_TICKS = 60;

export interface TickQueue {
  /** false: there is no room, it is dropped. */
  add(tick: HistoryTick): boolean;
  /** The oldest has arrived. */
  taken(): void;
  /** The thread has died. The oldest may have been written, and may be what it died of: it is not sent again. */
  interrupted(): void;
  drop(): void;
  dropAll(): void;
  /** The oldest first. */
  waiting(): readonly HistoryTick[];
  dropped(): number;
}

export function createTickQueue(log: Log): TickQueue {
  let waiting: HistoryTick[] = [];
  let dropped = 0;
  return {
    add(tick) {
      if (waiting.length < MAX_TICKS) {
        waiting.push(tick);
        return true;
      }
      dropped += 1;
      log.warnOnce(
        "history is slow",
        `history: the disk takes nothing, ${MAX_TICKS} ticks wait; further ones are not kept`,
      );
      return false;
    },
    taken() {
      waiting.shift();
    },
    interrupted() {
      if (waiting.shift() !== undefined) dropped += 1;
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
