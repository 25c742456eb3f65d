/** Rows of `ps` as the command shows them: network traffic apart from what stays in the machine, and their order. */

import type { PsRow } from "../model/monitauri.ts";

export interface OnInterface {
  readonly rxBytes: number;
  readonly txBytes: number;
  /** Of all networks: rates are not known by interface. */
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
}

/** What a row did on an interface, or on all networks where none is named; undefined: nothing, ever. */
export function onInterface(row: PsRow, name: string | undefined): OnInterface | undefined {
  const network = {
    rxBytes: row.rxBytes - row.rxLoopbackBytes,
    txBytes: row.txBytes - row.txLoopbackBytes,
    rxBytesPerSecond: row.rxBytesPerSecond - row.rxLoopbackBytesPerSecond,
    txBytesPerSecond: row.txBytesPerSecond - row.txLoopbackBytesPerSecond,
  };
  if (name === undefined) return network;
  const cell = row.interfaces.find((each) => each.name === name);
  return cell && { ...network, rxBytes: cell.rxBytes, txBytes: cell.txBytes };
}

export const PS_SORTS = [
  "rate",
  "down",
  "up",
  "total",
  "name",
  "user",
  "pid",
  "connections",
  "active",
] as const;
export type PsSort = (typeof PS_SORTS)[number];

export interface PsOrder {
  readonly sort: PsSort;
  readonly reverse: boolean;
  readonly name: string | undefined;
}

/** Numbers the largest first, names upwards; equal ones by traffic, then by name. */
export function sortRows(
  rows: readonly PsRow[],
  { sort, reverse, name }: PsOrder,
): readonly PsRow[] {
  const compare = (a: PsRow, b: PsRow) => {
    const order = byKey(a, b, { sort, name }) || byKey(a, b, { sort: "total", name });
    return order || a.application.localeCompare(b.application) || (a.pid ?? 0) - (b.pid ?? 0);
  };
  return rows.toSorted(reverse ? (a, b) => compare(b, a) : compare);
}

function byKey(a: PsRow, b: PsRow, { sort, name }: Omit<PsOrder, "reverse">): number {
  if (sort === "name") return a.application.localeCompare(b.application);
  if (sort === "user") return (a.user ?? "").localeCompare(b.user ?? "");
  if (sort === "pid") return (a.pid ?? 0) - (b.pid ?? 0);
  return numberOf(b, sort, name) - numberOf(a, sort, name);
}

function numberOf(
  row: PsRow,
  sort: Exclude<PsSort, "name" | "user" | "pid">,
  name: string | undefined,
): number {
  const part = onInterface(row, name);
  if (sort === "connections") return row.connections;
  if (sort === "active") return row.lastActiveAtMs;
  if (part === undefined) return 0;
  if (sort === "down") return part.rxBytesPerSecond;
  if (sort === "up") return part.txBytesPerSecond;
  if (sort === "total") return part.rxBytes + part.txBytes;
  return part.rxBytesPerSecond + part.txBytesPerSecond;
}
