/** Which level answers for which part of a period: the coarsest that fits, so that a year reads few rows. */

import type { DatabaseSync } from "node:sqlite";
import { HISTORY_LEVELS, type HistoryLevel, type Period } from "../model/history.ts";
import { HOUR_MINUTES, storedDays } from "./day-book.ts";
import type { Kept } from "./kept.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;

/** Rows of one level, by when they begin. */
export interface Segment extends Period {
  readonly level: HistoryLevel;
  /** Of spans.ts: one row of SPAN_DETAIL for each pair. */
  readonly isSpan?: true;
}

export interface Segments extends Period {
  readonly parts: readonly Segment[];
}

export interface SegmentOptions {
  readonly finest: HistoryLevel;
  readonly coarsest: HistoryLevel;
}

/**
 * Covers the period. Where the level that would fit is gone or not allowed, the next coarser one is read as a whole and
 * the period grows by it.
 */
export function segmentsOf(
  db: DatabaseSync,
  period: Period,
  options: SegmentOptions & { kept: Kept },
): Segments {
  const { kept, finest, coarsest } = options;
  const parts: Segment[] = [];
  // What is not over yet counts as a whole when all that there is of it is asked for.
  const endMs = (kept.lastAtMs ?? 0) < period.toMs ? Number.POSITIVE_INFINITY : period.toMs;
  const allows = (level: HistoryLevel) => HISTORY_LEVELS.indexOf(level) >= indexOf(finest);

  function cover(level: HistoryLevel, bucket: Period, imported: boolean): void {
    const isWhole = bucket.fromMs >= period.fromMs && bucket.toMs <= endMs;
    const finer = HISTORY_LEVELS[indexOf(level) - 1];
    const isFinerKept =
      finer !== undefined && allows(finer) && !imported && bucket.fromMs >= kept.keptFromMs[finer];
    const isTooCoarse = indexOf(level) > indexOf(coarsest);
    if (finer === undefined || !isFinerKept || (isWhole && !isTooCoarse)) {
      push({ level, ...bucket });
      return;
    }
    for (const inner of bucketsIn(finer, bucket)) {
      if (inner.toMs > period.fromMs && inner.fromMs < endMs) cover(finer, inner, false);
    }
  }

  function push(part: Segment): void {
    const last = parts.at(-1);
    if (last?.level === part.level && last.toMs === part.fromMs) {
      parts[parts.length - 1] = { ...last, toMs: part.toMs };
    } else {
      parts.push(part);
    }
  }

  const days = storedDays(
    db,
    Math.floor(period.fromMs / MINUTE_MS),
    Math.ceil(period.toMs / MINUTE_MS),
  );
  for (const { from, to, imported } of days) {
    cover("day", { fromMs: from * MINUTE_MS, toMs: to * MINUTE_MS }, imported);
  }
  const fromMs = Math.min(period.fromMs, parts[0]?.fromMs ?? period.fromMs);
  const toMs = Math.max(period.toMs, period.toMs < endMs ? 0 : (parts.at(-1)?.toMs ?? 0));
  return { fromMs, toMs, parts: withOpenMinute(parts, kept) };
}

/** Hours and days lack the minute that is open. */
function withOpenMinute(parts: readonly Segment[], { openMinute }: Kept): readonly Segment[] {
  if (openMinute === undefined) return parts;
  const fromMs = openMinute * MINUTE_MS;
  const holds = parts.some(
    (part) =>
      (part.level === "hour" || part.level === "day") &&
      part.fromMs <= fromMs &&
      fromMs < part.toMs,
  );
  return holds ? [...parts, { level: "minute", fromMs, toMs: fromMs + MINUTE_MS }] : parts;
}

function bucketsIn(level: HistoryLevel, { fromMs, toMs }: Period): Period[] {
  const stepMs = level === "hour" ? HOUR_MINUTES * MINUTE_MS : LENGTHS_MS[level];
  const buckets: Period[] = [];
  for (let at = fromMs; at < toMs; at += stepMs) {
    buckets.push({ fromMs: at, toMs: Math.min(at + stepMs, toMs) });
  }
  return buckets;
}

const LENGTHS_MS = { second: SECOND_MS, minute: MINUTE_MS, hour: 0, day: 0 };

function indexOf(level: HistoryLevel): number {
  return HISTORY_LEVELS.indexOf(level);
}
