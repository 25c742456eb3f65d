/** Ticks that could not be kept: gaps with their reason, as soon as writing works again. */

import type { HistoryTick } from "../model/history.ts";
import type { NewGap } from "./sessions.ts";

/** Losses further apart are gaps of their own. */
const TOGETHER_MS = 120_000;
/** With more, the latest grows. */
const MAX_GAPS = 100;

export interface Losses {
  add(tick: HistoryTick | undefined, reason: string): void;
  /** Not written yet. */
  gaps(): readonly NewGap[];
  written(): void;
  /** Ticks, since the start. */
  count(): number;
}

export function createLosses(): Losses {
  let gaps: NewGap[] = [];
  let count = 0;
  return {
    add(tick, reason) {
      if (tick === undefined) return;
      count += 1;
      const fromMs = tick.atMs - tick.intervalMs;
      const last = gaps.at(-1);
      const isFar = last === undefined || Math.abs(fromMs - last.toMs) > TOGETHER_MS;
      if (last === undefined || (isFar && gaps.length < MAX_GAPS)) {
        gaps.push({ fromMs, toMs: tick.atMs, reason: "not-kept", detail: reason });
        return;
      }
      gaps[gaps.length - 1] = {
        ...last,
        fromMs: Math.min(last.fromMs, fromMs),
        toMs: Math.max(last.toMs, tick.atMs),
      };
    },
    gaps: () => gaps,
    written() {
      gaps = [];
    },
    count: () => count,
  };
}
