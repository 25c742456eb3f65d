/** Answers a question about a period. */

import type { DatabaseSync } from "node:sqlite";
import { MonitauriError } from "../model/error.ts";
import {
  DEFAULT_TOP,
  HISTORY_GROUPINGS,
  HISTORY_TRAFFIC,
  type HistoryAnswer,
  type HistoryBytes,
  type HistoryQuery,
  type HistoryRow,
  MAX_TOP,
  type Period,
} from "../model/history.ts";
import type { Calendar } from "../model/local-days.ts";
import { readCoverage } from "./coverage.ts";
import { checkFilter, filtered, labelOf, needsDetails } from "./dimensions.ts";
import { type Kept, keptOfProcesses, readKept } from "./kept.ts";
import { readMarks } from "./marks.ts";
import { percentileOf } from "./percentile.ts";
import { checkProcesses, needsProcesses } from "./processes.ts";
import { type SegmentOptions, type Segments, segmentsOf } from "./segments.ts";
import { readSeries } from "./series.ts";
import {
  addBytes,
  type Groups,
  groupsOf,
  machineGroups,
  NO_BYTES,
  type Sources,
  sumGroups,
} from "./sums.ts";

export interface QueryContext {
  readonly nowMs: number;
  readonly calendar: Calendar;
}

export interface Reading extends QueryContext {
  readonly db: DatabaseSync;
  readonly kept: Kept;
  readonly finest: SegmentOptions["finest"];
  /** Days have no processes. */
  readonly coarsest: SegmentOptions["coarsest"];
  /** The machine's rows, where they are what is asked for. */
  readonly total: Groups;
}

/** @throws MonitauriError "invalid". */
export function answerQuery(
  db: DatabaseSync,
  query: HistoryQuery,
  context: QueryContext,
): HistoryAnswer {
  check(query);
  const filter = query.filter ?? {};
  const { traffic } = query;
  const isFiltered = filtered(filter).length > 0;
  const isByProcess = needsProcesses(query.groupBy, filter);
  const beforePeriod = periodBefore(query);
  const sinceMs = Math.min(query.fromMs, beforePeriod?.fromMs ?? query.fromMs);
  const reading: Reading = {
    ...context,
    db,
    kept: isByProcess ? keptOfProcesses(readKept(db)) : readKept(db),
    finest: needsDetails(query.groupBy, filter) ? "minute" : "second",
    coarsest: isByProcess ? "hour" : "day",
    total: isFiltered
      ? groupsOf(db, { sinceMs, ...(traffic === undefined ? {} : { traffic }) }, filter)
      : machineGroups(traffic),
  };
  const groups =
    query.groupBy === undefined ? undefined : groupsOf(db, { ...query, sinceMs }, filter);
  const now = sumPeriod(reading, query, groups);
  const before = beforePeriod === undefined ? undefined : sumPeriod(reading, beforePeriod, groups);
  const period = { fromMs: now.fromMs, toMs: now.toMs };
  const marks = readMarks(db, period, context.nowMs);
  const top = Math.min(query.top ?? DEFAULT_TOP, MAX_TOP);
  const ranked = now.groups
    .map((bytes, index) => ({ bytes, index, size: bytes.rxBytes + bytes.txBytes }))
    .filter(({ bytes, size }) => size + (bytes.connectionsOpened ?? 0) > 0)
    .sort((a, b) => b.size - a.size);
  const shown = ranked.slice(0, top);
  const rest = ranked.slice(top);
  const series = readSeries(reading, query, {
    period,
    groups,
    marks,
    shown: shown.map(({ index }) => index),
  });
  const rowOf = (bytes: HistoryBytes, old: HistoryBytes | undefined, line: number): Row => ({
    ...bytes,
    before: before === undefined ? null : (old ?? NO_BYTES),
    ...series.line(line),
  });
  const rows = shown.map(({ bytes, index }, line) => ({
    ...labelOf(db, query.groupBy ?? "application", groups?.values[index] ?? 0),
    ...rowOf(bytes, before?.groups[index], line),
  }));
  const sumOf = (all: readonly { index: number }[], from: readonly HistoryBytes[]) =>
    all.reduce((sum, { index }) => addBytes(sum, from[index] ?? NO_BYTES), NO_BYTES);
  return {
    ...period,
    total: now.total,
    observedMs: marks.observedMs(period),
    rows,
    others:
      rest.length === 0
        ? null
        : {
            count: rest.length,
            key: "",
            name: "others",
            ...rowOf(
              sumOf(rest, now.groups),
              before === undefined ? undefined : sumOf(rest, before.groups),
              shown.length,
            ),
          },
    series: series.series,
    before:
      before === undefined
        ? null
        : {
            fromMs: before.fromMs,
            toMs: before.toMs,
            total: before.total,
            observedMs: readMarks(db, before, context.nowMs).observedMs(before),
          },
    percentile95: query.percentile === true ? percentileOf(reading, period, marks) : null,
    coverage: readCoverage(db, now.parts),
    gaps: marks.gaps,
    sessions: marks.sessions,
  };
}

type Row = Omit<HistoryRow, "key" | "name">;

function sumPeriod(reading: Reading, period: Period, groups: Groups | undefined) {
  const { db, kept, finest, coarsest, total } = reading;
  const { fromMs, toMs, parts } = segmentsOf(db, period, { kept, finest, coarsest });
  const sources = { parts, restParts: restPartsOf(reading, { fromMs, toMs, parts }) };
  const sums = groups === undefined ? undefined : sumGroups(db, sources, groups);
  return {
    fromMs,
    toMs,
    parts,
    total: sumGroups(db, sources, total).of(0),
    groups: sums === undefined ? [] : (groups?.values.map((_, index) => sums.of(index)) ?? []),
  };
}

/** The same time, as coarse as applications are kept. */
export function restPartsOf(
  reading: Reading,
  { fromMs, toMs, parts }: Segments,
): Sources["restParts"] {
  const { db, kept, finest, coarsest } = reading;
  if (coarsest === "day") return parts;
  return segmentsOf(db, { fromMs, toMs }, { kept, finest, coarsest: "day" }).parts;
}

function periodBefore({ before, fromMs, toMs }: HistoryQuery): Period | undefined {
  if (before === "previous") return { fromMs: fromMs - (toMs - fromMs), toMs: fromMs };
  return before;
}

function check(query: HistoryQuery): void {
  for (const { fromMs, toMs } of [
    query,
    ...(typeof query.before === "object" ? [query.before] : []),
  ]) {
    checkPeriod({ fromMs, toMs });
  }
  if (query.groupBy !== undefined && !HISTORY_GROUPINGS.includes(query.groupBy)) {
    throw new MonitauriError(
      "invalid",
      `Cannot group by "${query.groupBy}": there are ${HISTORY_GROUPINGS.join(", ")}`,
    );
  }
  const { top, stepMs } = query;
  checkTraffic(query);
  if (top !== undefined && !(Number.isInteger(top) && top >= 0 && top <= MAX_TOP)) {
    throw new MonitauriError("invalid", `Cannot show ${top} rows: give 0 to ${MAX_TOP}`);
  }
  if (typeof stepMs === "number" && !(stepMs > 0)) {
    throw new MonitauriError("invalid", `Cannot step by ${stepMs} ms: give more than 0`);
  }
  checkFilter(query.filter ?? {});
  checkProcesses(query.groupBy, query.filter ?? {});
}

/** @throws MonitauriError "invalid". */
export function checkTraffic({ traffic }: Pick<HistoryQuery, "traffic">): void {
  if (traffic === undefined || HISTORY_TRAFFIC.includes(traffic)) return;
  const all = HISTORY_TRAFFIC.join(" and ");
  throw new MonitauriError("invalid", `Cannot tell of "${traffic}": there is ${all}`);
}

/** @throws MonitauriError "invalid". */
export function checkPeriod({ fromMs, toMs }: Period): void {
  // JavaScript's dates end there.
  const isTime = (ms: number) => Number.isFinite(ms) && Math.abs(ms) < 8.64e15;
  if (isTime(fromMs) && isTime(toMs) && fromMs < toMs && toMs - fromMs < LONGEST_MS) return;
  throw new MonitauriError(
    "invalid",
    "Cannot tell of this period: it ends before it begins, or is too long",
  );
}

/** A hundred years. */
const LONGEST_MS = 100 * 366 * 24 * 3_600_000;
