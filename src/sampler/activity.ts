/** Who did something in the last interval: what the live stream and the history are made from. */

import type { ActivityRow, InterfaceBytes, LiveInterface, OwnedBytes } from "../model/live.ts";
import type { Accounts } from "./accounts.ts";
import type { InterfaceSums } from "./interface-cells.ts";
import { REMAINDERS, remainderLabel } from "./remainders.ts";
import { LOOPBACK, type Tally } from "./tally.ts";
import { BYTES } from "./traffic.ts";

/** Applications and traffic without a process, the busiest first. Its cost follows those that were active. */
export function activityRows(accounts: Accounts): ActivityRow[] {
  const { ledger, interval } = accounts;
  const rows: ActivityRow[] = [];
  for (const { application, tally, connections } of ledger.activeApplications()) {
    const { key, name } = application;
    rows.push(rowOf(accounts, { key, name, tally, connections }));
  }
  for (const kind of REMAINDERS) {
    const tally = ledger.remainders[kind];
    if (!tally.isOf(interval)) continue;
    rows.push(rowOf(accounts, { ...remainderLabel(kind), tally, connections: 0 }));
  }
  return rows.sort((a, b) => b.rxBytes + b.txBytes - (a.rxBytes + a.txBytes));
}

/** What crossed each interface in the last interval, by the flows that name it. */
export function interfaceActivity({ interfaces, interval }: Accounts): LiveInterface[] {
  return [...interfaces.byName()].flatMap(([name, entries]) => {
    let [rxBytes, txBytes] = [0, 0];
    for (const { tally } of entries) {
      const delta = tally.delta(interval);
      rxBytes += delta[BYTES] ?? 0;
      txBytes += delta[BYTES + 1] ?? 0;
    }
    const latest = entries.at(-1)?.reading;
    const isActive = entries.some(({ tally }) => tally.isOf(interval));
    if (latest === undefined || (!latest.present && !isActive)) return [];
    return [{ name, kind: latest.kind, rxBytes, txBytes }];
  });
}

/** A row's bytes by interface since the start. */
export function interfaceTotals(accounts: Accounts, tally: Tally): InterfaceBytes[] {
  return rowsOf(cellsOf(accounts, tally)?.total);
}

interface Draft {
  readonly key: string;
  readonly name: string;
  readonly tally: Tally;
  readonly connections: number;
}

function rowOf(accounts: Accounts, { key, name, tally, connections }: Draft): ActivityRow {
  return {
    key,
    name,
    ...ownedBytes(tally.delta(accounts.interval)),
    total: ownedBytes(tally.total),
    connections,
    interfaces: rowsOn(accounts, tally),
  };
}

/** As a row of the live stream has them. */
export function ownedBytes(sums: Float64Array): OwnedBytes {
  return {
    rxBytes: sums[BYTES] ?? 0,
    txBytes: sums[BYTES + 1] ?? 0,
    rxLoopbackBytes: sums[LOOPBACK] ?? 0,
    txLoopbackBytes: sums[LOOPBACK + 1] ?? 0,
  };
}

/** A row's bytes by interface in the interval. */
export function rowsOn(accounts: Accounts, tally: Tally): InterfaceBytes[] {
  return rowsOf(cellsOf(accounts, tally)?.delta);
}

function cellsOf({ interfaces, interval }: Accounts, { cells }: Tally) {
  return cells?.byName((id) => interfaces.name(id), interval);
}

function rowsOf(sums: InterfaceSums | undefined): InterfaceBytes[] {
  return [...(sums ?? [])].map(([name, { rxBytes, txBytes }]) => ({ name, rxBytes, txBytes }));
}
