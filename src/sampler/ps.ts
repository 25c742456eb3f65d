/** The rows of `ps`: applications or processes with their totals since the start and their rates now. */

import { parseFilter, psFacts } from "../model/filter.ts";
import { MAX_ENDS, type PsQuery, type PsRow, type RemoteEnd } from "../model/monitauri.ts";
import type { Process } from "../model/process.ts";
import type { Accounts } from "./accounts.ts";
import { interfaceTotals } from "./activity.ts";
import { busyness } from "./busiest.ts";
import { type Ends, endsOf } from "./ends.ts";
import { isEmpty } from "./ledger.ts";
import type { ApplicationEntry, ProcessEntry } from "./ledger-entries.ts";
import { bytesPerSecond } from "./rates.ts";
import { REMAINDERS, remainderLabel } from "./remainders.ts";
import type { LookUps } from "./sampler.ts";
import { LOOPBACK, type Tally } from "./tally.ts";
import { trafficOf } from "./traffic.ts";

/** Process ids named in one row; a longer list helps nobody. */
const PIDS_SHOWN = 1_000;

/** The busiest first; rows that stand for no process have a `remainder`.
 * @throws MonitauriError "invalid" where the filter is none. */
export function psRows(
  accounts: Accounts,
  { by = "application", filter = "" }: PsQuery = {},
  { networkOf, hostOf }: LookUps = {},
): PsRow[] {
  const fits = parseFilter(filter);
  const placed = (end: RemoteEnd) => ({ ...end, network: networkOf?.(end.address) });
  const named = (end: RemoteEnd) => ({ ...end, host: end.host ?? hostOf?.(end.address) });
  const rows = allRows(accounts, by);
  return (hostOf === undefined ? rows : rows.map((row) => ({ ...row, ends: row.ends.map(named) })))
    .filter((row) => fits(psFacts(row, networkOf)))
    .map((row) => ({ ...row, ends: row.ends.slice(0, MAX_ENDS).map(placed) }));
}

function allRows(accounts: Accounts, by: "application" | "process"): PsRow[] {
  const { ledger } = accounts;
  const ends = endsOf(accounts, by);
  const rows =
    by === "application"
      ? [...ledger.applications.values()].map((entry) => applicationRow(accounts, entry, ends))
      : [...ledger.processes.values()].map((entry) => processRow(accounts, entry, ends));
  const earlier = by === "application" ? ledger.earlierApplications : ledger.earlierProcesses;
  if (!isEmpty(earlier)) {
    rows.push({
      ...sumsOf(accounts, earlier),
      ...NOBODY,
      key: EARLIER,
      application: `earlier ${plural(by)}`,
    });
  }
  for (const kind of REMAINDERS) {
    const tally = ledger.remainders[kind];
    if (isEmpty(tally)) continue;
    const { key, name } = remainderLabel(kind);
    rows.push({ ...sumsOf(accounts, tally), ...NOBODY, key, application: name, remainder: kind });
  }
  return rows.sort((a, b) => score(b) - score(a));
}

type Sums = Pick<
  PsRow,
  | "rxBytes"
  | "txBytes"
  | "rxPackets"
  | "txPackets"
  | "rxPayloadBytes"
  | "txPayloadBytes"
  | "rxBytesPerSecond"
  | "txBytesPerSecond"
  | "rxLoopbackBytes"
  | "txLoopbackBytes"
  | "rxLoopbackBytesPerSecond"
  | "txLoopbackBytesPerSecond"
  | "interfaces"
  | "lastActiveAtMs"
>;

/** The row of those that are no longer told apart. */
const EARLIER = "earlier";

const NOBODY: Omit<PsRow, keyof Sums | "key" | "application"> = {
  path: null,
  pid: null,
  pids: [],
  arguments: [],
  user: null,
  container: null,
  unit: null,
  ends: [],
  connections: 0,
  startedAtMs: null,
  running: false,
  remainder: null,
  carries: null,
};

function applicationRow(accounts: Accounts, entry: ApplicationEntry, ends: Ends): PsRow {
  const processes = [...entry.processes];
  const running = processes.filter((process) => process.running);
  const shown = running.length > 0 ? running : processes;
  const pids = shown.slice(0, PIDS_SHOWN).map(({ process }) => process.pid);
  const carried = processes.flatMap(({ carries }) => carries ?? []);
  return {
    ...sumsOf(accounts, entry.tally),
    key: entry.application.key,
    application: entry.application.name,
    path: entry.application.path ?? null,
    pid: (shown.length === 1 ? pids[0] : undefined) || null,
    pids: pids.filter((pid) => pid !== 0),
    arguments: [],
    user: entry.user ?? null,
    container: entry.container ?? null,
    unit: entry.unit ?? null,
    ends: ends.get(entry.application.key) ?? [],
    connections: entry.connections,
    startedAtMs: earliest(shown.map(({ process }) => process)),
    running: entry.running > 0,
    remainder: null,
    carries: carried.length > 0 ? [...new Set(carried)].join(", ") : null,
  };
}

function processRow(accounts: Accounts, entry: ProcessEntry, ends: Ends): PsRow {
  const { process } = entry;
  return {
    ...sumsOf(accounts, entry.tally),
    key: process.application.key,
    application: process.application.name,
    path: process.path ?? null,
    pid: process.pid || null,
    pids: process.pid === 0 ? [] : [process.pid],
    arguments: process.arguments,
    user: process.user ?? null,
    container: process.container ?? null,
    unit: process.unit ?? null,
    ends: ends.get(process.id) ?? [],
    connections: entry.connections,
    startedAtMs: earliest([process]),
    running: entry.running,
    remainder: null,
    carries: entry.carries ?? null,
  };
}

function sumsOf(accounts: Accounts, tally: Tally): Sums {
  const { interval, intervalMs } = accounts;
  const last = tally.delta(interval);
  const total = trafficOf(tally.total);
  const delta = trafficOf(last);
  return {
    rxBytes: total.rxBytes,
    txBytes: total.txBytes,
    rxPackets: total.rxPackets,
    txPackets: total.txPackets,
    rxPayloadBytes: total.rxPayloadBytes,
    txPayloadBytes: total.txPayloadBytes,
    rxBytesPerSecond: bytesPerSecond(delta.rxBytes, intervalMs),
    txBytesPerSecond: bytesPerSecond(delta.txBytes, intervalMs),
    rxLoopbackBytes: tally.total[LOOPBACK] ?? 0,
    txLoopbackBytes: tally.total[LOOPBACK + 1] ?? 0,
    rxLoopbackBytesPerSecond: bytesPerSecond(last[LOOPBACK] ?? 0, intervalMs),
    txLoopbackBytesPerSecond: bytesPerSecond(last[LOOPBACK + 1] ?? 0, intervalMs),
    interfaces: interfaceTotals(accounts, tally),
    lastActiveAtMs: tally.lastActiveAtMs,
  };
}

/** null: no process is known, or none has a known start. */
function earliest(processes: readonly Process[]): number | null {
  let startedAtMs = Number.POSITIVE_INFINITY;
  for (const process of processes) {
    if (process.pid !== 0) startedAtMs = Math.min(startedAtMs, process.startedAtMs);
  }
  return Number.isFinite(startedAtMs) ? startedAtMs : null;
}

function score(row: PsRow): number {
  return busyness(row.rxBytesPerSecond + row.txBytesPerSecond, row.rxBytes + row.txBytes);
}

function plural(by: "application" | "process"): string {
  return by === "application" ? "applications" : "processes";
}
