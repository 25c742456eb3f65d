/** The rows of a view: what fits the filter and the scope, in the chosen order. */

import { connectionFacts, type Filterable, parseFilter, psFacts } from "../../model/filter.ts";
import type { PsRow } from "../../model/monitauri.ts";
import type { Connection } from "../../model/sample.ts";
import { endpoint } from "../endpoint.ts";
import { mostlyWith, otherEnd, placeText, spokenText } from "../other-end.ts";
import { programSeries, type Rates, ratesNow } from "./history.ts";
import { bytesIn, connectionFits, networkBytes, type Scope } from "./scope.ts";
import {
  type Known,
  processId,
  type SortKey,
  shownData,
  type TopState,
  type View,
} from "./state.ts";
import { trailOf } from "./trails.ts";

export interface TopRow extends Rates {
  readonly id: string;
  readonly name: string;
  readonly totalBytes: number;
  readonly connections: number | undefined;
  /** Processes of an application, or the pid of a process or of a connection's owner. */
  readonly pid: string;
  readonly user: string;
  /** Unit or container; of a connection its state. */
  readonly place: string;
  /** Of a connection: its peer. Of a program: who it mostly talks to. */
  readonly remote: string;
  /** Country or kind of network of a connection's peer. */
  readonly country: string;
  readonly protocol: string;
  readonly roundTripMs: number | undefined;
  /** No process of it runs any more, or it never had one. */
  readonly pale: boolean;
  /** The last `count` rates, the newest at the end. */
  series(count: number): readonly Rates[];
}

export interface TopRows {
  readonly rows: readonly TopRow[];
  /** How many there are without the filter. */
  readonly count: number;
}

/** What `view` shows; with `key` only rows of that application, whatever the filter says. */
export function rowsOf(state: TopState, view: View, key?: string): TopRows {
  const filter = key === undefined ? state.filter : "";
  const all = ROWS[view](state).filter((each) => key === undefined || each.facts.key === key);
  const fits = parseFilter(filter);
  const rows = all
    .filter(({ row, facts }) => fits({ ...facts, ...ratesOf(row), totalBytes: row.totalBytes }))
    .map(({ row }) => row);
  return { rows: sorted(rows, state), count: all.length };
}

interface Candidate {
  readonly row: TopRow;
  readonly facts: Filterable;
}

const ROWS: Readonly<Record<View, (state: TopState) => readonly Candidate[]>> = {
  applications(state) {
    return [...shownData(state).known.values()]
      .map((known) => applicationRow(known, state))
      .filter(({ row }) => row.totalBytes > 0 || row.rxBytesPerSecond + row.txBytesPerSecond > 0);
  },
  processes(state) {
    return shownData(state)
      .processes.filter((row) => inScope(row, state.scope))
      .map((row) => processRow(row, state))
      .filter(({ row }) => !row.pale || row.rxBytesPerSecond + row.txBytesPerSecond > 0);
  },
  connections(state) {
    const { connections, moments } = shownData(state);
    const interfaces = moments.at(-1)?.sample.interfaces ?? [];
    const loopbacks = new Set(
      interfaces.filter(({ kind }) => kind === "loopback").map(({ name }) => name),
    );
    return connections
      .filter((each) => connectionFits(each.interface, state.scope, loopbacks))
      .map((each) => connectionRow(each, state));
  },
};

function applicationRow(known: Known, state: TopState): Candidate {
  const { key, name, total, connections, row: ps } = known;
  const { moments } = shownData(state);
  const { scope } = state;
  const rates = ratesNow(moments, key, scope);
  const bytes = bytesIn({ ...total, interfaces: ps?.interfaces ?? [] }, scope);
  const remainder = key.startsWith("remainder:");
  const row: TopRow = {
    id: key,
    name,
    ...rates,
    totalBytes: bytes.rxBytes + bytes.txBytes,
    connections,
    pid: remainder || ps === undefined ? "-" : String(ps.pids.length),
    user: ps?.user ?? "-",
    place: placeOf(ps),
    remote: ps === undefined ? "-" : mostlyWith(ps),
    country: "",
    protocol: "",
    roundTripMs: undefined,
    pale: remainder || ps?.running === false,
    series: (count) => programSeries(moments, { key, scope, count }),
  };
  const facts =
    ps === undefined
      ? { application: name, key, pids: [], interfaces: [], ...rates, totalBytes: row.totalBytes }
      : psFacts(ps);
  return { row, facts };
}

function processRow(ps: PsRow, state: TopState): Candidate {
  const { trails } = shownData(state);
  const { scope } = state;
  const bytes = bytesIn(ps, scope);
  const id = processId(ps);
  const row: TopRow = {
    id,
    name: commandLine(ps),
    ...processRates(ps, scope),
    totalBytes: bytes.rxBytes + bytes.txBytes,
    connections: ps.connections,
    pid: ps.pid === null ? "-" : String(ps.pid),
    user: ps.user ?? "-",
    place: placeOf(ps),
    remote: mostlyWith(ps),
    country: "",
    protocol: "",
    roundTripMs: undefined,
    pale: !ps.running,
    series: (count) => trailOf(trails, "process", id).slice(-count),
  };
  return { row, facts: psFacts(ps) };
}

/** As it was started, but without the folder of its program. */
function commandLine({ arguments: [program, ...rest], application }: PsRow): string {
  if (program === undefined) return application;
  return [program.slice(program.lastIndexOf("/") + 1) || program, ...rest].join(" ");
}

/** A process's rates are not known by interface: of one interface those of all networks are shown. */
function processRates(ps: PsRow, scope: Scope): Rates {
  if (scope.kind === "loopback") {
    return {
      rxBytesPerSecond: ps.rxLoopbackBytesPerSecond,
      txBytesPerSecond: ps.txLoopbackBytesPerSecond,
    };
  }
  return {
    rxBytesPerSecond: ps.rxBytesPerSecond - ps.rxLoopbackBytesPerSecond,
    txBytesPerSecond: ps.txBytesPerSecond - ps.txLoopbackBytesPerSecond,
  };
}

function connectionRow(connection: Connection, state: TopState): Candidate {
  const { id, application, pid, user, total, rttMs } = connection;
  const { trails } = shownData(state);
  const row: TopRow = {
    id,
    name: application,
    ...ratesOf(connection),
    totalBytes: total.rxBytes + total.txBytes,
    connections: undefined,
    pid: pid === undefined ? "-" : String(pid),
    user: user ?? "-",
    place: connection.state ?? "-",
    remote:
      connection.remoteAddress === undefined
        ? `on ${endpoint(connection.localAddress, connection.localPort)}`
        : otherEnd(connection),
    country: placeText(connection),
    protocol: spokenText(connection),
    roundTripMs: rttMs,
    pale: connection.state === "CLOSED",
    series: (count) => trailOf(trails, "connection", id).slice(-count),
  };
  return { row, facts: connectionFacts(connection) };
}

function inScope(ps: PsRow, scope: Scope): boolean {
  if (scope.kind === "interface") return ps.interfaces.some(({ name }) => name === scope.name);
  if (scope.kind === "loopback") return ps.rxLoopbackBytes + ps.txLoopbackBytes > 0;
  const { rxBytes, txBytes } = networkBytes(ps);
  return rxBytes + txBytes > 0 || ps.connections > 0;
}

function placeOf(ps: PsRow | undefined): string {
  if (ps === undefined) return "-";
  return ps.container === null
    ? (ps.unit ?? "-")
    : (ps.container.name ?? ps.container.id.slice(0, 12));
}

function ratesOf({ rxBytesPerSecond, txBytesPerSecond }: Rates): Rates {
  return { rxBytesPerSecond, txBytesPerSecond };
}

/** Numbers the largest first, names upwards; rows of the same rate keep their places by what they moved. */
function sorted(rows: readonly TopRow[], { sort, reverse }: Pick<TopState, "sort" | "reverse">) {
  const compare = (a: TopRow, b: TopRow) =>
    ORDERS[sort](a, b) ||
    b.totalBytes - a.totalBytes ||
    compareText(a.name, b.name) ||
    compareText(a.id, b.id);
  return rows.toSorted(reverse ? (a, b) => compare(b, a) : compare);
}

const ORDERS: Readonly<Record<SortKey, (a: TopRow, b: TopRow) => number>> = {
  rate: (a, b) =>
    b.rxBytesPerSecond + b.txBytesPerSecond - (a.rxBytesPerSecond + a.txBytesPerSecond),
  down: (a, b) => b.rxBytesPerSecond - a.rxBytesPerSecond,
  up: (a, b) => b.txBytesPerSecond - a.txBytesPerSecond,
  total: (a, b) => b.totalBytes - a.totalBytes,
  name: (a, b) => compareText(a.name.toLowerCase(), b.name.toLowerCase()),
};

// Far cheaper than localeCompare() with thousands of rows a second.
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
