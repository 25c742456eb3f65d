/** The orders of the table of applications (pure). */

import type { AppRow } from "./rows.ts";

export const APP_ORDERS = ["rate", "name", "rx", "tx", "total", "connections"] as const;
export type AppOrder = (typeof APP_ORDERS)[number];

export interface Sorting<T extends string> {
  readonly by: T;
  readonly reverse: boolean;
}

/** Numbers the largest first, names upwards; equal ones keep a place of their own, so that rows do not dance. */
export function sortRows(rows: readonly AppRow[], { by, reverse }: Sorting<AppOrder>): AppRow[] {
  const compare = COMPARE[by];
  const sign = reverse ? -1 : 1;
  return [...rows].sort(
    (a, b) => sign * compare(a, b) || byTotal(a, b) || (a.key < b.key ? -1 : 1),
  );
}

type Compare = (a: AppRow, b: AppRow) => number;

const byTotal: Compare = (a, b) => b.rxBytes + b.txBytes - a.rxBytes - a.txBytes;
const collator = new Intl.Collator("en", { sensitivity: "base", numeric: true });

const COMPARE: Readonly<Record<AppOrder, Compare>> = {
  rate: (a, b) => b.rxBytesPerSecond + b.txBytesPerSecond - a.rxBytesPerSecond - a.txBytesPerSecond,
  name: (a, b) => collator.compare(a.name, b.name),
  rx: (a, b) => b.rxBytesPerSecond - a.rxBytesPerSecond,
  tx: (a, b) => b.txBytesPerSecond - a.txBytesPerSecond,
  total: byTotal,
  connections: (a, b) => b.connections - a.connections,
};
