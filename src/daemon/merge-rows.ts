/** Rows of one grouping summed to rows of a coarser one. */

import type { GroupRow, Traffic } from "../model/sample.ts";
import { addTraffic } from "../model/traffic.ts";

/** The busiest first, by what they did since the start where nothing happens now. */
export function mergeRows(
  rows: readonly GroupRow[],
  labelOf: (row: GroupRow) => { readonly key: string; readonly name: string },
): GroupRow[] {
  const merged = new Map<string, GroupRow>();
  for (const row of rows) {
    // Traffic without a process, and what is over a limit, is no address.
    const label = row.key.startsWith("remainder:") || row.key === ":other" ? row : labelOf(row);
    const known = merged.get(label.key);
    const { key, name } = label;
    merged.set(key, known === undefined ? { ...row, key, name } : sum(known, row));
  }
  return [...merged.values()].sort(
    (a, b) => bytes(b.delta) - bytes(a.delta) || bytes(b.total) - bytes(a.total),
  );
}

function sum(a: GroupRow, b: GroupRow): GroupRow {
  return {
    ...a,
    total: addTraffic(a.total, b.total),
    delta: addTraffic(a.delta, b.delta),
    rxBytesPerSecond: a.rxBytesPerSecond + b.rxBytesPerSecond,
    txBytesPerSecond: a.txBytesPerSecond + b.txBytesPerSecond,
    connections: a.connections + b.connections,
    lastActiveAtMs: Math.max(a.lastActiveAtMs, b.lastActiveAtMs),
  };
}

function bytes({ rxBytes, txBytes }: Traffic): number {
  return rxBytes + txBytes;
}
