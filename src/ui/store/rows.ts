/** Rows of applications: what `ps` knows of them with what the tick says now (pure). */

import type { Filter, Filterable } from "../../model/filter.ts";
import { psFacts } from "../../model/filter.ts";
import type { PsRow } from "../../model/monitauri.ts";
import { isProbable } from "../look/host-words.ts";
import { ACTIVITY_WIDTH, type Tick } from "../stream/messages.ts";
import { bytesIn, type Scope } from "./scope.ts";

export interface AppRow {
  readonly key: string;
  readonly name: string;
  /** One line that says more: user, container, unit, or why it has no process. */
  readonly detail: string;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly connections: number;
  readonly running: boolean;
  readonly ps: PsRow | undefined;
}

export interface RowSource {
  readonly ps: readonly PsRow[];
  readonly tick: Tick | undefined;
  readonly scope: Scope;
}

/** Applications with traffic in this scope since the daemon started. */
export function applicationRows({ ps, tick, scope }: RowSource): AppRow[] {
  const seconds = (tick?.intervalMs ?? 0) / 1000;
  const at = new Map(tick?.keys.map((key, index) => [key, index]));
  const rows: AppRow[] = [];
  for (const row of ps) {
    const index = at.get(row.key);
    at.delete(row.key);
    const [rx, tx] = bytesIn(scope, row);
    if (index === undefined && rx === 0 && tx === 0) continue;
    const now = activity(tick, { index, seconds, scope });
    rows.push({
      key: row.key,
      name: row.application,
      detail: detailOf(row),
      rxBytesPerSecond: now.rxBytesPerSecond,
      txBytesPerSecond: now.txBytesPerSecond,
      rxBytes: Math.max(rx, now.rxBytes),
      txBytes: Math.max(tx, now.txBytes),
      connections: now.connections ?? row.connections,
      running: row.running,
      ps: row,
    });
  }
  for (const [key, index] of at) {
    const { connections = 0, ...now } = activity(tick, { index, seconds, scope });
    const name = tick?.names[index] ?? key;
    rows.push({
      key,
      name,
      detail: "",
      running: true,
      ps: undefined,
      ...now,
      connections: connections ?? 0,
    });
  }
  return rows;
}

interface Now {
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly connections: number | undefined;
}

const IDLE: Now = {
  rxBytesPerSecond: 0,
  txBytesPerSecond: 0,
  rxBytes: 0,
  txBytes: 0,
  connections: undefined,
};

function activity(
  tick: Tick | undefined,
  { index, seconds }: { index: number | undefined; seconds: number; scope: Scope },
): Now {
  if (tick === undefined || index === undefined) return IDLE;
  const [rx = 0, tx = 0, rxBytes = 0, txBytes = 0, connections = 0] = tick.numbers.subarray(
    index * ACTIVITY_WIDTH,
    (index + 1) * ACTIVITY_WIDTH,
  );
  return {
    rxBytesPerSecond: seconds > 0 ? rx / seconds : 0,
    txBytesPerSecond: seconds > 0 ? tx / seconds : 0,
    rxBytes,
    txBytes,
    connections,
  };
}

export function detailOf(row: PsRow): string {
  if (row.remainder !== null) return REMAINDERS[row.remainder] ?? "traffic without a program";
  const { user, container, unit, carries, pids } = row;
  const parts = [
    user,
    container === null ? null : `${container.engine} ${container.name ?? container.id}`,
    container === null ? unit : null,
    carries === null ? null : `carries ${carries}`,
    pids.length > 1 ? `${pids.length} processes` : null,
    row.running ? null : "has ended",
    mostlyWith(row),
  ];
  return parts.filter((part) => part !== null && part !== "").join(" · ");
}

/** Where most bytes of its open connections go. */
function mostlyWith({ ends: [first] }: PsRow): string | null {
  if (first === undefined) return null;
  const { host, address } = first;
  if (host === undefined) return `mostly with ${address}`;
  return `mostly with ${host.name}${isProbable(host) ? ", probably" : ""}`;
}

/** What traffic without a program is, in plain words. */
export const REMAINDERS: Readonly<Record<string, string>> = {
  kernel: "the system itself: replies, address look-ups, resets",
  forwarded: "passed on for others, such as containers",
  carried: "outer packets of a tunnel, counted inside it",
  limited: "received and dropped by limits",
  overflow: "more at once than the tables hold",
  unknown: "seen by the interface, nothing explains it",
};

/** The facts that a filter looks at, with the rates of now. */
export function rowFacts(row: AppRow): Filterable {
  const { rxBytesPerSecond, txBytesPerSecond, rxBytes, txBytes, ps } = row;
  const now = { rxBytesPerSecond, txBytesPerSecond, totalBytes: rxBytes + txBytes };
  if (ps !== undefined) return { ...psFacts(ps), ...now };
  return { application: row.name, key: row.key, pids: [], interfaces: [], ...now };
}

export function filterRows(rows: readonly AppRow[], fits: Filter): AppRow[] {
  return rows.filter((row) => fits(rowFacts(row)));
}
