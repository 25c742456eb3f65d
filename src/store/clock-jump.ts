/** Jumps of the wall clock from one tick to the next that the sampler did not speak of. */

import type { HistoryTick } from "../model/history.ts";
import type { NewGap } from "./sessions.ts";

/** Late ticks and slow adjustments stay below. */
const TOLERANCE_MS = 2_000;

export const STEADY_RESET = "first";

/** undefined: the clock went on as time did. */
export function jumpOf(
  { atMs, intervalMs }: HistoryTick,
  previous: HistoryTick | undefined,
): NewGap | typeof STEADY_RESET | undefined {
  if (previous === undefined) return STEADY_RESET;
  const startMs = atMs - intervalMs;
  const byMs = startMs - previous.atMs;
  if (Math.abs(byMs) <= TOLERANCE_MS) return undefined;
  const seconds = Math.round(Math.abs(byMs) / 1000);
  return {
    fromMs: previous.atMs,
    toMs: startMs,
    reason: "clock-changed",
    detail: `The clock was ${byMs < 0 ? "set back" : "put forward"} by ${seconds} s`,
  };
}
