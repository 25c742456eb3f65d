/** A series as the chart draws it: each step as wide as it is, gaps as gaps (pure). */

import type { HistoryAnswer, HistorySeries, Period } from "../../../model/history.ts";
import type { Columns } from "../../store/series.ts";

/** A step of the series, cut to the period. */
export interface Bucket extends Period {
  readonly rxBytes: number;
  readonly txBytes: number;
  /** How much of it was watched; 0 where nothing is known. */
  readonly observedMs: number;
  /** Bytes per second while it was watched, but see LEAST_WATCHED; null in a gap. */
  readonly rx: number | null;
  readonly tx: number | null;
}

export function bucketsOf(series: HistorySeries, { fromMs, toMs }: Period): Bucket[] {
  const { startsMs, observedMs, rxBytes, txBytes, stepMs } = series;
  return startsMs.flatMap((startMs, at): Bucket[] => {
    const endMs = Math.min(startsMs[at + 1] ?? startMs + stepMs, toMs);
    const part = { fromMs: Math.max(startMs, fromMs), toMs: endMs };
    if (part.toMs <= part.fromMs) return [];
    const [rxSum, txSum, watchedMs] = [rxBytes[at] ?? 0, txBytes[at] ?? 0, observedMs[at] ?? 0];
    const rate = rateOf({ bytes: rxSum + txSum, watchedMs, lengthMs: part.toMs - part.fromMs });
    return [
      {
        ...part,
        rxBytes: rxSum,
        txBytes: txSum,
        observedMs: watchedMs,
        rx: rate(rxSum),
        tx: rate(txSum),
      },
    ];
  });
}

/** Share of a step. The busy moment after a start would else stand as high as a whole step of it, and dwarf all others. */
const LEAST_WATCHED = 0.5;

// What another program counted has no sessions: its bytes are spread over the step.
function rateOf({
  bytes,
  watchedMs,
  lengthMs,
}: {
  bytes: number;
  watchedMs: number;
  lengthMs: number;
}): (sum: number) => number | null {
  if (watchedMs === 0 && bytes === 0) return () => null;
  const leastMs = lengthMs * (watchedMs === 0 ? 1 : LEAST_WATCHED);
  const seconds = Math.max(watchedMs, leastMs) / 1000;
  return (sum) => sum / seconds;
}

/** Two points a step, where it begins and where it ends. Point n belongs to step n >> 1. */
export function columnsOf(buckets: readonly Bucket[]): Columns {
  const columns: Columns = { atMs: [], rx: [], tx: [] };
  for (const { fromMs, toMs, rx, tx } of buckets) {
    columns.atMs.push(fromMs, toMs);
    columns.rx.push(rx, rx);
    columns.tx.push(tx, tx);
  }
  return columns;
}

/** Another time as if it began with this one. */
export function laidOver(other: HistoryAnswer, { fromMs }: Period): Columns {
  if (other.series === null) return { atMs: [], rx: [], tx: [] };
  const columns = columnsOf(bucketsOf(other.series, other));
  return { ...columns, atMs: columns.atMs.map((at) => at - other.fromMs + fromMs) };
}

/** "5 min", "day" as in "by day". */
export function stepText(stepMs: number): string {
  const [, text] = STEPS.findLast(([ms]) => ms <= stepMs) ?? STEPS[0];
  return text;
}

const STEPS: readonly [readonly [number, string], ...(readonly [number, string])[]] = [
  [0, "second"],
  [5_000, "5 s"],
  [15_000, "15 s"],
  [60_000, "minute"],
  [300_000, "5 min"],
  [900_000, "15 min"],
  [3_600_000, "hour"],
  [10_800_000, "3 h"],
  [21_600_000, "6 h"],
  [86_400_000, "day"],
  [604_800_000, "week"],
  [2_592_000_000, "30 days"],
];

/** The number of the bucket that a moment is in. */
export function bucketAt(buckets: readonly Bucket[], atMs: number): number | undefined {
  const at = buckets.findIndex(({ fromMs, toMs }) => atMs >= fromMs && atMs < toMs);
  if (at >= 0) return at;
  return atMs >= (buckets.at(-1)?.toMs ?? Number.POSITIVE_INFINITY)
    ? buckets.length - 1
    : undefined;
}

/** When nothing is known: whole steps without a watched moment, and gaps as far as they are told; merged, in order. */
export function unwatched(
  buckets: readonly Bucket[],
  gaps: readonly (Period & { readonly reason: string })[],
): Period[] {
  const all = [
    ...buckets.filter(({ rx }) => rx === null),
    // A late sample only came later.
    ...gaps.filter(({ reason }) => reason !== "late"),
  ].sort((a, b) => a.fromMs - b.fromMs);
  const merged: { fromMs: number; toMs: number }[] = [];
  for (const { fromMs, toMs } of all) {
    const last = merged.at(-1);
    if (last !== undefined && fromMs <= last.toMs) last.toMs = Math.max(last.toMs, toMs);
    else merged.push({ fromMs, toMs });
  }
  return merged;
}
