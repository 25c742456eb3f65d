/** From sums to the rows that people see: the busiest ones, and one row for the rest. */

import type { GroupRow } from "../model/sample.ts";
import { busiest, busyness } from "./busiest.ts";
import { type LabelledTally, OTHER_KEY } from "./facets.ts";
import { bytesPerSecond } from "./rates.ts";
import { type Interval, Tally } from "./tally.ts";
import { BYTES, trafficOf } from "./traffic.ts";

/** A row before it is known whether it is among the busiest. */
export interface Draft extends LabelledTally {
  readonly connections: number;
}

/** The interval that deltas and rates are of; `intervalMs` 0: unknown, no rates. */
export interface RowsOf {
  readonly interval: Interval;
  readonly intervalMs: number;
  readonly limit: number;
}

/** At most `limit` rows and one more with the key ":other": all drafts of that key, and those over the limit. */
export function rowsOf(drafts: readonly Draft[], of: RowsOf): GroupRow[] {
  const others = drafts.filter(({ key }) => key === OTHER_KEY);
  const named = others.length === 0 ? drafts : drafts.filter(({ key }) => key !== OTHER_KEY);
  const scores = Float64Array.from(named, ({ tally }) => score(tally, of.interval));
  const chosen = busiest(scores, of.limit);
  if (named.length > of.limit) {
    const shown = new Set(chosen);
    others.push(...named.filter((_, i) => !shown.has(i)));
  }
  const rows = chosen.flatMap((i) => named[i] ?? []).map((draft) => rowOf(draft, of));
  if (others.length > 0) rows.push(rowOf(merged(others, of.interval), of));
  return rows;
}

function score(tally: Tally, interval: Interval): number {
  return busyness(rxTx(tally.delta(interval)), rxTx(tally.total));
}

function rxTx(sums: Float64Array): number {
  return (sums[BYTES] ?? 0) + (sums[BYTES + 1] ?? 0);
}

function merged(drafts: readonly Draft[], interval: Interval): Draft {
  const tally = new Tally();
  let connections = 0;
  for (const draft of drafts) {
    tally.merge(draft.tally, interval);
    connections += draft.connections;
  }
  return { key: OTHER_KEY, name: "other", tally, connections };
}

function rowOf(draft: Draft, { interval, intervalMs }: RowsOf): GroupRow {
  const { key, name, tally, connections } = draft;
  const delta = trafficOf(tally.delta(interval));
  return {
    key,
    name,
    total: trafficOf(tally.total),
    delta,
    rxBytesPerSecond: bytesPerSecond(delta.rxBytes, intervalMs),
    txBytesPerSecond: bytesPerSecond(delta.txBytes, intervalMs),
    connections,
    lastActiveAtMs: tally.lastActiveAtMs,
  };
}
