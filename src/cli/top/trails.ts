/** Rates of processes and connections over the last answers: the live stream knows only applications. */

import type { Rates } from "./history.ts";

/** As wide as a sparkline of a row can get. */
const MAX_VALUES = 30;
/** Rows of each kind; further ones have no sparkline. */
const MAX_TRAILS = 500;

export type Trails = ReadonlyMap<string, readonly Rates[]>;
export type TrailKind = "process" | "connection";

export function trailOf(trails: Trails, kind: TrailKind, id: string): readonly Rates[] {
  return trails.get(`${kind} ${id}`) ?? [];
}

/** Rows that are not among the new ones lose their trail; the other kind's stay. */
export function withRates(
  trails: Trails,
  kind: TrailKind,
  rows: readonly (Rates & { readonly id: string })[],
): Trails {
  const next = new Map([...trails].filter(([key]) => !key.startsWith(`${kind} `)));
  for (const { id, rxBytesPerSecond, txBytesPerSecond } of rows.slice(0, MAX_TRAILS)) {
    const before = trailOf(trails, kind, id).slice(-(MAX_VALUES - 1));
    next.set(`${kind} ${id}`, [...before, { rxBytesPerSecond, txBytesPerSecond }]);
  }
  return next;
}
