/** What interfaces counted in a period, and how much of it had an owner. */

import type { DatabaseSync } from "node:sqlite";
import type { CoverageBytes } from "../model/history.ts";
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
