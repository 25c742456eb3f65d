/** Choosing a part of a chart's time (pure). */

import type { Period } from "../../../model/history.ts";

/** A press that moves less is a click. */
export const LEAST_DRAG = 5;
/** What is shorter shows nothing. */
export const SHORTEST_MS = 10_000;

export interface Axis extends Period {
  /** CSS pixels. */
  readonly width: number;
}

/** Within the axis, whatever the pointer does. */
export function timeAt(x: number, { fromMs, toMs, width }: Axis): number {
  const share = Math.min(1, Math.max(0, x / Math.max(1, width)));
  return fromMs + share * (toMs - fromMs);
}

export function pixelAt(atMs: number, { fromMs, toMs, width }: Axis): number {
  return ((atMs - fromMs) / Math.max(1, toMs - fromMs)) * width;
}

/** From one moment to another, in whichever order, widened to whole steps; undefined where that is all there is. */
export function brushed(
  [a, b]: readonly [number, number],
  { fromMs, toMs, startsMs }: Period & { startsMs: readonly number[] },
): Period | undefined {
  const [low, high] = a < b ? [a, b] : [b, a];
  const from = startsMs.findLast((at) => at <= low) ?? fromMs;
  const to = startsMs.find((at) => at >= high && at > from) ?? toMs;
  return within({ fromMs: Math.max(from, fromMs), toMs: Math.min(to, toMs) }, { fromMs, toMs });
}

/** Half of the time around a moment. */
export function closer(atMs: number, { fromMs, toMs }: Period): Period | undefined {
  const lengthMs = (toMs - fromMs) / 2;
  const from = Math.min(Math.max(atMs - lengthMs / 2, fromMs), toMs - lengthMs);
  return within({ fromMs: Math.round(from), toMs: Math.round(from + lengthMs) }, { fromMs, toMs });
}

/** At least SHORTEST_MS, in whole seconds; undefined where it is as much as before. */
function within(part: Period, all: Period): Period | undefined {
  let fromMs = Math.floor(part.fromMs / 1000) * 1000;
  let toMs = Math.ceil(part.toMs / 1000) * 1000;
  if (toMs - fromMs < SHORTEST_MS) {
    const middle = (fromMs + toMs) / 2;
    fromMs = Math.floor((middle - SHORTEST_MS / 2) / 1000) * 1000;
    toMs = fromMs + SHORTEST_MS;
  }
  return toMs - fromMs >= all.toMs - all.fromMs ? undefined : { fromMs, toMs };
}
