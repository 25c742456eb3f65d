/** What interfaces counted in a period, and how much of it had an owner. */

import type { DatabaseSync } from "node:sqlite";
import type { CoverageBytes } from "../model/history.ts";
import {
  type CoverageAnswer,
  type CoverageQuery,
  MAX_COVERAGE_ROWS,
} from "../model/history-meetings.ts";
import { readKept } from "./kept.ts";
import { readMarks } from "./marks.ts";
import { unitMs } from "./scan.ts";
import { LEVELS } from "./schema.ts";
import type { Segment } from "./segments.ts";

export function readCoverage(db: DatabaseSync, parts: readonly Segment[]): CoverageBytes[] {
  const sums = new Map<number, [number, number, number, number]>();
  for (const { level, fromMs, toMs } of parts) {
    const rows = db
      .prepare(
        `SELECT interface, sum(rx_counted_bytes) AS a, sum(tx_counted_bytes) AS b,
         sum(rx_attributed_bytes) AS c, sum(tx_attributed_bytes) AS d
         FROM ${LEVELS[level].coverage} WHERE at >= ? AND at < ? GROUP BY interface`,
      )
      .all(Math.ceil(fromMs / unitMs(level)), Math.ceil(toMs / unitMs(level)));
    for (const { interface: id, a, b, c, d } of rows) {
      const [rx, tx, rxOwned, txOwned] = sums.get(Number(id)) ?? [0, 0, 0, 0];
      sums.set(Number(id), [
        rx + Number(a),
        tx + Number(b),
        rxOwned + Number(c),
        txOwned + Number(d),
      ]);
    }
  }
  const name = db.prepare("SELECT value FROM text WHERE id = ?");
  return [...sums].map(([id, [rx, tx, rxOwned, txOwned]]) => ({
    interface: String(name.get(id)?.value ?? ""),
    rxCountedBytes: rx,
    txCountedBytes: tx,
    rxAttributedBytes: rxOwned,
    txAttributedBytes: txOwned,
  }));
}

/** The same step by step, in minutes where they are kept for all of the period, else in hours. */
export function coverageSteps(
  db: DatabaseSync,
  query: CoverageQuery,
  nowMs: number,
): CoverageAnswer {
  const { fromMs, toMs } = query;
  const hasMinutes = readKept(db).keptFromMs.minute <= fromMs;
  const level = hasMinutes ? "minute" : "hour";
  const stepMs = hasMinutes ? query.stepMs : Math.max(query.stepMs, HOUR_MS);
  const rows = db
    .prepare(
      `SELECT (at * 60000 - CAST(?1 AS INTEGER)) / CAST(?2 AS INTEGER) AS step, value AS name, sum(rx_counted_bytes) AS a, sum(tx_counted_bytes) AS b,
       sum(rx_attributed_bytes) AS c, sum(tx_attributed_bytes) AS d
       FROM ${LEVELS[level].coverage} JOIN text ON text.id = interface
       WHERE at * 60000 >= ?1 AND at * 60000 < ?3 GROUP BY step, interface ORDER BY step LIMIT ?4`,
    )
    .all(Math.floor(fromMs), stepMs, Math.ceil(toMs), MAX_COVERAGE_ROWS + 1);
  const isCut = rows.length > MAX_COVERAGE_ROWS;
  const byStep = Map.groupBy(rows.slice(0, MAX_COVERAGE_ROWS), ({ step }) => Number(step));
  return {
    stepMs,
    steps: [...byStep].map(([step, own]) => ({
      startMs: fromMs + step * stepMs,
      coverage: own.map(({ name, a, b, c, d }) => ({
        interface: String(name),
        rxCountedBytes: Number(a),
        txCountedBytes: Number(b),
        rxAttributedBytes: Number(c),
        txAttributedBytes: Number(d),
      })),
    })),
    isCut,
    observedMs: readMarks(db, query, nowMs).observedMs(query),
  };
}

const HOUR_MS = 3_600_000;
