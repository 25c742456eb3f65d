/** Series of an answer: by step, in all and for each row. */

import type { HistoryQuery, HistoryRow, HistorySeries, Period } from "../model/history.ts";
import type { Marks } from "./marks.ts";
import { type Reading, restPartsOf } from "./query.ts";
import { segmentsOf } from "./segments.ts";
import { chooseStep, type Step, stepStarts } from "./steps.ts";
import { type Groups, type Sources, sumSteps } from "./sums.ts";

export interface SeriesOptions {
  readonly period: Period;
  readonly groups: Groups | undefined;
  readonly marks: Marks;
  /** Groups that have a line of their own; the rest is one more. */
  readonly shown: readonly number[];
}

export interface SeriesAnswer {
  readonly series: HistorySeries | null;
  line(line: number): Pick<HistoryRow, "rxSeries" | "txSeries">;
}

export function readSeries(
  reading: Reading,
  { stepMs }: HistoryQuery,
  { period, groups, marks, shown }: SeriesOptions,
): SeriesAnswer {
  if (stepMs === undefined) return { series: null, line: () => ({ rxSeries: [], txSeries: [] }) };
  const step = chooseStep(stepMs, period, reading, shown.length + 1);
  const drawn = drawable(reading, period);
  const series = totalSeries(reading, { period: drawn, step, marks });
  if (groups === undefined) return { series, line: () => ({ rxSeries: [], txSeries: [] }) };
  const lines = new Map(shown.map((index, line) => [index, line]));
  const steps = series.startsMs.length;
  const { rx, tx } = sumSteps(reading.db, sourcesOf(reading, drawn, step), {
    groups,
    lines: shown.length + 1,
    lineOf: (index) => (index < 0 ? -1 : (lines.get(index) ?? shown.length)),
    startsMs: series.startsMs,
  });
  return {
    series,
    line: (line) => ({
      rxSeries: [...rx.subarray(line * steps, (line + 1) * steps)],
      txSeries: [...tx.subarray(line * steps, (line + 1) * steps)],
    }),
  };
}

/** "Since ever" and "for ever" have an end where nothing can be: a year before the first day, and after now. */
function drawable({ kept, nowMs }: Reading, { fromMs, toMs }: Period): Period {
  const first = (kept.firstAtMs ?? nowMs) - YEAR_MS;
  const last = Math.max(nowMs, kept.lastAtMs ?? nowMs) + YEAR_MS;
  if (toMs <= first || fromMs >= last) return { fromMs: toMs - 1, toMs };
  return { fromMs: Math.max(fromMs, first), toMs: Math.min(toMs, last) };
}

const YEAR_MS = 366 * 86_400_000;

export function totalSeries(
  reading: Reading,
  { period, step, marks }: { period: Period; step: Step; marks: Marks },
): HistorySeries {
  const { startsMs, endMs } = stepStarts(period, step.stepMs, reading.calendar);
  const { rx, tx } = sumSteps(reading.db, sourcesOf(reading, period, step), {
    groups: reading.total,
    lines: 1,
    lineOf: (index) => index,
    startsMs,
  });
  const observedMs = startsMs.map((fromMs, n) => {
    const toMs = startsMs[n + 1] ?? endMs;
    return marks.observedMs({
      fromMs: Math.max(fromMs, period.fromMs),
      toMs: Math.min(toMs, period.toMs),
    });
  });
  return { ...step, startsMs, observedMs, rxBytes: [...rx], txBytes: [...tx] };
}

function sourcesOf(reading: Reading, period: Period, { level }: Step): Sources {
  const { db, kept, finest, coarsest } = reading;
  const isDaily = level === "day";
  const found = segmentsOf(db, period, { kept, finest, coarsest: isDaily ? coarsest : level });
  // Of steps that are shorter than a day each level is as fine as the step.
  return { parts: found.parts, restParts: isDaily ? restPartsOf(reading, found) : found.parts };
}
