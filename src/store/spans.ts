/** Eight days' details in one row each: a question about a month then reads a third of the rows. Days stay as they are, and
 * answer where a span is missing: one that is not over, was changed later, or is asked for in part. */

import type { DatabaseSync } from "node:sqlite";
import { type StoredDay, storedDays } from "./day-book.ts";
import { SPAN_DETAIL } from "./schema.ts";
import type { Segment } from "./segments.ts";
import type { State } from "./state.ts";

/** A stored day belongs to the span in which it begins. */
const SPAN_MINUTES = 8 * 1_440;
const MINUTE_MS = 60_000;

/** Of a day that begins then. */
export function spanOf(minute: number): number {
  return Math.floor(minute / SPAN_MINUTES) * SPAN_MINUTES;
}

export interface SpanBook {
  /** The first tick of a day: the span before its own is over. The minutes before must be in their days. */
  begin(dayFrom: number): void;
  /** A day that may be in a span that was over has changed. */
  changed(dayFrom: number): void;
  forget(): void;
}

export function createSpanBook(db: DatabaseSync, state: State): SpanBook {
  const lastBefore = db.prepare("SELECT max(from_minute) AS at FROM day WHERE from_minute < ?");
  const build = db.prepare(
    `INSERT OR REPLACE INTO ${SPAN_DETAIL}
     SELECT ?1, application, pair, sum(rx_bytes), sum(tx_bytes), sum(connections_opened)
     FROM day_detail WHERE at >= ?1 AND at < ?2 GROUP BY application, pair`,
  );
  const drop = db.prepare(`DELETE FROM ${SPAN_DETAIL} WHERE at = ?`);
  let latest: number | undefined;
  return {
    begin(dayFrom) {
      const span = spanOf(dayFrom);
      if (span === latest) return;
      latest = span;
      const last = lastBefore.get(span)?.at;
      if (typeof last !== "number") return;
      const over = spanOf(last);
      // A clock that was set back begins an old span again; what was dropped stays so.
      if ((state.get("span_built") ?? Number.NEGATIVE_INFINITY) >= over) return;
      build.run(over, over + SPAN_MINUTES);
      state.set("span_built", over);
    },
    changed(dayFrom) {
      const span = spanOf(dayFrom);
      if (span <= (state.get("span_built") ?? Number.NEGATIVE_INFINITY)) drop.run(span);
    },
    forget() {
      latest = undefined;
    },
  };
}

/** The same details, those of whole spans from their own table. */
export function withSpans(db: DatabaseSync, segments: readonly Segment[]): Segment[] {
  return segments.flatMap((segment) => {
    const isLong = segment.toMs - segment.fromMs >= SPAN_MINUTES * MINUTE_MS;
    return segment.level === "day" && isLong ? split(db, segment) : [segment];
  });
}

function split(db: DatabaseSync, segment: Segment): Segment[] {
  const bounds = db.prepare(
    "SELECT min(from_minute) AS first, max(from_minute) AS last FROM day WHERE from_minute >= ? AND from_minute < ?",
  );
  const exists = db.prepare(`SELECT 1 FROM ${SPAN_DETAIL} WHERE at = ? LIMIT 1`);
  const parts: Segment[] = [];
  let fromMs = segment.fromMs;
  const days = storedDays(db, segment.fromMs / MINUTE_MS, segment.toMs / MINUTE_MS);
  for (const [span, within] of Map.groupBy(days, (day: StoredDay) => spanOf(day.from))) {
    const [first, last] = [within[0], within.at(-1)];
    if (first === undefined || last === undefined) continue;
    const all = bounds.get(span, span + SPAN_MINUTES);
    if (all?.first !== first.from || all.last !== last.from) continue;
    if (exists.get(span) === undefined) continue;
    if (first.from * MINUTE_MS > fromMs) {
      parts.push({ ...segment, fromMs, toMs: first.from * MINUTE_MS });
    }
    const spanMs = span * MINUTE_MS;
    parts.push({ level: "day", isSpan: true, fromMs: spanMs, toMs: spanMs + MINUTE_MS });
    fromMs = last.to * MINUTE_MS;
  }
  if (fromMs < segment.toMs) parts.push({ ...segment, fromMs });
  return parts;
}
