/** Takes the names and addresses out of details that are old enough; all else of them stays, so that sums stay the same. */

import type { DatabaseSync } from "node:sqlite";
import { LEVELS, SPAN_DETAIL } from "./schema.ts";
import type { State } from "./state.ts";

export const REMOTE_LEVELS = ["minute", "hour", "day"] as const;
type RemoteLevel = (typeof REMOTE_LEVELS)[number];

/** How much one tick goes through, in minutes: some thousand rows. */
const SLICES: Readonly<Record<RemoteLevel, number>> = { minute: 5, hour: 60, day: 1_440 };
/** What tells pairs without a remote apart. */
const KEPT = [
  "application",
  "interface",
  "port",
  "ip_protocol",
  "spoken",
  "direction",
  "scope",
  "user",
  "container",
  "country",
];

export interface RemoteForgetter {
  /** Goes a slice on towards what is older than `cutoff`, minutes, at least `least` long. To be called in a transaction. */
  step(level: RemoteLevel, cutoff: number, least: number): boolean;
}

export function createRemoteForgetter(db: DatabaseSync, state: State): RemoteForgetter {
  const same = KEPT.map((column) => `a.${column} = p.${column}`).join(" AND ");
  const addPairs = (table: string) =>
    db.prepare(
      `INSERT INTO pair (remote, ${KEPT.join(", ")}, used_minute)
       SELECT 0, ${KEPT.join(", ")}, max(used_minute) FROM pair p
       WHERE remote <> 0 AND id IN (SELECT pair FROM ${table} WHERE at >= ?1 AND at < ?2)
         AND NOT EXISTS (SELECT 1 FROM pair a WHERE a.remote = 0 AND ${same})
       GROUP BY ${KEPT.join(", ")}`,
    );
  const move = (table: string) =>
    db.prepare(
      `INSERT INTO ${table}
       SELECT d.at, d.application, a.id, sum(d.rx_bytes), sum(d.tx_bytes), sum(d.connections_opened)
       FROM ${table} d JOIN pair p ON p.id = d.pair AND p.remote <> 0 JOIN pair a ON a.remote = 0 AND ${same}
       WHERE d.at >= ?1 AND d.at < ?2 GROUP BY d.at, d.application, a.id
       ON CONFLICT DO UPDATE SET rx_bytes = rx_bytes + excluded.rx_bytes, tx_bytes = tx_bytes + excluded.tx_bytes,
         connections_opened = connections_opened + excluded.connections_opened`,
    );
  const drop = (table: string) =>
    db.prepare(
      `DELETE FROM ${table} WHERE at >= ?1 AND at < ?2 AND pair IN (SELECT id FROM pair WHERE remote <> 0)`,
    );
  const levels = REMOTE_LEVELS.map((level) => {
    const table = LEVELS[level].detail;
    const first = db.prepare(`SELECT min(at) AS at FROM ${table} WHERE at >= ?`);
    return [level, { first, run: [addPairs(table), move(table), drop(table)] }] as const;
  });
  const byLevel = new Map(levels);
  const dropSpans = db.prepare(`DELETE FROM ${SPAN_DETAIL} WHERE at < ?`);

  return {
    step(level, cutoff, least) {
      const done = state.get(`${level}_remote_from`) ?? 0;
      const first = byLevel.get(level)?.first.get(done)?.at;
      if (typeof first !== "number" || first >= cutoff) return false;
      const to = Math.min(cutoff, first + Math.max(SLICES[level], least));
      for (const statement of byLevel.get(level)?.run ?? []) statement.run(first, to);
      // They are made of days; those answer.
      if (level === "day") dropSpans.run(to);
      state.set(`${level}_remote_from`, to);
      return true;
    },
  };
}
