/** Runs of the daemon, gaps, and what they say of how much of a period was watched. */

import type { DatabaseSync } from "node:sqlite";
import { type HistoryGap, type HistorySession, MAX_MARKS, type Period } from "../model/history.ts";

/** A restart takes a moment; what is shorter is no gap worth a word. */
const SHORTEST_OFF_MS = 3_000;
/** In these nothing was counted; a late tick only came later. */
const UNWATCHED = ["suspended", "sampler-restarted", "not-kept", "clock-changed"];

export interface Marks {
  readonly sessions: readonly HistorySession[];
  readonly gaps: readonly HistoryGap[];
  /** How much of it was watched. */
  observedMs(period: Period): number;
}

export function readMarks(db: DatabaseSync, period: Period, nowMs: number): Marks {
  const sessions = sessionsIn(db, period);
  const stored = gapsIn(db, period);
  const runs = merged(sessions);
  const lost = stored.filter(({ reason }) => UNWATCHED.includes(reason));
  const watched = without(runs, merged(lost));
  const latestEnd = { fromMs: Math.min(nowMs, period.toMs), toMs: Math.min(nowMs, period.toMs) };
  const ends = sessions.some(({ clean }) => clean === null) ? runs : [...runs, latestEnd];
  const off = ends.flatMap(({ fromMs: toMs }, n) => offBetween(ends[n - 1]?.toMs, toMs));
  const gaps = [...stored, ...off].filter(
    (gap) => gap.toMs >= period.fromMs && gap.fromMs < period.toMs,
  );
  return {
    sessions: sessions
      .filter(({ fromMs, toMs }) => toMs >= period.fromMs && fromMs < period.toMs)
      .toReversed()
      .slice(0, MAX_MARKS),
    gaps: gaps.sort((a, b) => b.fromMs - a.fromMs).slice(0, MAX_MARKS),
    observedMs: overlapWith(watched),
  };
}

function offBetween(fromMs: number | undefined, toMs: number): HistoryGap[] {
  if (fromMs === undefined || toMs - fromMs < SHORTEST_OFF_MS) return [];
  return [{ fromMs, toMs, reason: "off", detail: "" }];
}

// Also the last before the period: from its end on the daemon was off. By id, since clocks jump.
function sessionsIn(db: DatabaseSync, { fromMs, toMs }: Period): HistorySession[] {
  const latest = db.prepare("SELECT max(id) AS id FROM session").get()?.id;
  return db
    .prepare(
      `SELECT * FROM session WHERE (to_ms >= ?1 AND from_ms < ?2)
       OR id = (SELECT id FROM session WHERE to_ms < ?1 ORDER BY to_ms DESC LIMIT 1) ORDER BY from_ms`,
    )
    .all(Math.floor(fromMs), Math.ceil(toMs))
    .map((row) => ({
      fromMs: Number(row.from_ms),
      toMs: Number(row.to_ms),
      version: String(row.version),
      clean: row.clean === 1 ? true : row.id === latest ? null : false,
    }));
}

function gapsIn(db: DatabaseSync, { fromMs, toMs }: Period): HistoryGap[] {
  return db
    .prepare("SELECT from_ms, to_ms, reason, detail FROM gap WHERE to_ms >= ? AND from_ms < ?")
    .all(Math.floor(fromMs), Math.ceil(toMs))
    .map((row) => ({
      fromMs: Number(row.from_ms),
      toMs: Number(row.to_ms),
      reason: row.reason as HistoryGap["reason"],
      detail: String(row.detail),
    }));
}

/** Sorted, without overlaps. */
function merged(periods: readonly Period[]): Period[] {
  const result: Period[] = [];
  for (const { fromMs, toMs } of periods.toSorted((a, b) => a.fromMs - b.fromMs)) {
    const last = result.at(-1);
    if (last !== undefined && fromMs <= last.toMs) {
      result[result.length - 1] = { fromMs: last.fromMs, toMs: Math.max(last.toMs, toMs) };
    } else {
      result.push({ fromMs, toMs });
    }
  }
  return result;
}

/** Both sorted and without overlaps. */
function without(periods: readonly Period[], holes: readonly Period[]): Period[] {
  const left: Period[] = [];
  let first = 0;
  for (const period of periods) {
    let fromMs = period.fromMs;
    while ((holes[first]?.toMs ?? Number.POSITIVE_INFINITY) <= fromMs) first += 1;
    for (let n = first; fromMs < period.toMs; n += 1) {
      const hole = holes[n] ?? { fromMs: period.toMs, toMs: period.toMs };
      const toMs = Math.min(hole.fromMs, period.toMs);
      if (toMs > fromMs) left.push({ fromMs, toMs });
      fromMs = Math.max(fromMs, hole.fromMs >= period.toMs ? period.toMs : hole.toMs);
    }
  }
  return left;
}

function overlapWith(periods: readonly Period[]): Marks["observedMs"] {
  return ({ fromMs, toMs }) => {
    let sum = 0;
    for (let n = firstEndingAfter(periods, fromMs); n < periods.length; n += 1) {
      const one = periods[n];
      if (one === undefined || one.fromMs >= toMs) break;
      sum += Math.min(one.toMs, toMs) - Math.max(one.fromMs, fromMs);
    }
    return sum;
  };
}

function firstEndingAfter(periods: readonly Period[], atMs: number): number {
  let low = 0;
  let high = periods.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((periods[middle]?.toMs ?? 0) > atMs) high = middle;
    else low = middle + 1;
  }
  return low;
}
