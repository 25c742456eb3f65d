/** Connections as people see them: the rows of one socket as one, with names and addresses as text. */

import { addressText } from "../model/address.ts";
import { connectionFacts, parseFilter } from "../model/filter.ts";
import type { ConnectionList, ConnectionsQuery } from "../model/monitauri.ts";
import type { FlowFacts } from "../model/naming.ts";
import { MPTCP, protocolName, TCP } from "../model/protocol.ts";
import type { Connection } from "../model/sample.ts";
import type { Accounts } from "./accounts.ts";
import { busiest, busyness } from "./busiest.ts";
import { connectionOrder } from "./connection-order.ts";
import { addressesOf, type FlowColumns, hasPeer } from "./flow-columns.ts";
import { LIVE } from "./flow-memory.ts";
import { bytesPerSecond } from "./rates.ts";
import { remainderLabel } from "./remainders.ts";
import type { LookUps } from "./sampler.ts";
import { addNumbers, BYTES, TRAFFIC_WIDTH, trafficOf } from "./traffic.ts";

/** Most connections of one answer where no limit is given. */
export const CONNECTIONS_SHOWN = 10_000;

/** Sockets that live, and those that ended a moment ago with the state "CLOSED".
 * @throws MonitauriError "invalid" where the filter is none. */
export function connectionList(
  accounts: Accounts,
  query: ConnectionsQuery = {},
  { networkOf, hostOf }: LookUps = {},
): ConnectionList {
  const placed = (connection: Connection): Connection => {
    const { remoteAddress } = connection;
    const network = remoteAddress === undefined ? undefined : networkOf?.(remoteAddress);
    return network === undefined ? connection : { ...connection, network };
  };
  const named = (connection: Connection): Connection => {
    const { remoteAddress, host } = connection;
    if (host !== undefined || remoteAddress === undefined) return connection;
    const found = hostOf?.(remoteAddress);
    return found === undefined ? connection : { ...connection, host: found };
  };
  const { limit = CONNECTIONS_SHOWN, offset = 0, sort = "rate", reverse = false, filter } = query;
  const sockets = [...liveSockets(accounts), ...endedSockets(accounts)];
  const total = sockets.length;
  const simple = sort === "rate" && !reverse && (filter ?? "").trim() === "";
  if (simple) {
    // The usual question: text is only made of the rows that are shown.
    const scores = Float64Array.from(sockets, (socket) => score(accounts, socket));
    const connections = busiest(scores, offset + limit)
      .slice(offset)
      .flatMap((i) => sockets[i] ?? [])
      .map((socket) => placed(named(connectionOf(accounts, socket))));
    return { connections, count: total, total };
  }
  const fits = parseFilter(filter ?? "");
  const fitting = sockets
    .map((socket) => named(connectionOf(accounts, socket)))
    .filter((connection) => fits(connectionFacts(connection, networkOf)))
    .sort(connectionOrder(sort, reverse));
  const connections = fitting.slice(offset, offset + limit).map(placed);
  return { connections, count: fitting.length, total };
}

/** The rows of one socket. */
interface Socket {
  readonly columns: FlowColumns;
  readonly facts: readonly (FlowFacts | undefined)[];
  readonly rows: number[];
  readonly closed: boolean;
}

const SOCKET = 0;

function liveSockets({ memory }: Accounts): Socket[] {
  const { columns, facts } = memory;
  const sockets = new Map<number, Socket>();
  for (let flow = 0; flow < memory.end; flow++) {
    if (columns.status[flow] !== LIVE || columns.kind[flow] !== SOCKET) continue;
    const first = memory.representative(flow);
    const known = sockets.get(first);
    if (known === undefined) sockets.set(first, { columns, facts, rows: [flow], closed: false });
    else known.rows.push(flow);
  }
  return [...sockets.values()];
}

function endedSockets({ ended, nowMonotonicMs }: Accounts): Socket[] {
  const { columns, facts } = ended;
  const sockets = new Map<string, Socket>();
  for (const row of ended.rows(nowMonotonicMs)) {
    if (columns.kind[row] !== SOCKET) continue;
    const key = [
      addressesOf(columns, row).join("."),
      columns.localPort[row],
      columns.remotePort[row],
      columns.process[row],
      columns.protocol[row],
    ].join(" ");
    const known = sockets.get(key);
    if (known === undefined) sockets.set(key, { columns, facts, rows: [row], closed: true });
    else known.rows.push(row);
  }
  return [...sockets.values()];
}

function score({ memory }: Accounts, { columns, rows }: Socket): number {
  let delta = 0;
  let total = 0;
  for (const row of rows) {
    const at = row * TRAFFIC_WIDTH + BYTES;
    total += (columns.total[at] ?? 0) + (columns.total[at + 1] ?? 0);
    const deltaAt = memory.deltaAt(columns, row);
    if (deltaAt < 0) continue;
    delta += (memory.deltas[deltaAt + BYTES] ?? 0) + (memory.deltas[deltaAt + BYTES + 1] ?? 0);
  }
  return busyness(delta, total);
}

function connectionOf(accounts: Accounts, socket: Socket): Connection {
  const { columns, rows, facts } = socket;
  const { memory, interfaces, intervalMs } = accounts;
  const total = new Float64Array(TRAFFIC_WIDTH);
  const delta = new Float64Array(TRAFFIC_WIDTH);
  for (const row of rows) {
    addNumbers(total, 0, columns.total, row * TRAFFIC_WIDTH);
    const deltaAt = memory.deltaAt(columns, row);
    if (deltaAt >= 0) addNumbers(delta, 0, memory.deltas, deltaAt);
  }
  const oldest = extreme(rows, (row) => -(columns.openedAtMs[row] ?? 0));
  const latest = extreme(rows, (row) => columns.lastActiveAtMs[row] ?? 0);
  const on = rows.map((row) => interfaces.name(columns.interface[row] ?? 0));
  const { rxBytes, txBytes } = trafficOf(delta);
  return {
    id: `${columns.index[oldest]}-${columns.serial[oldest]}`,
    ...endpoints(columns, latest),
    ...ownerOf(accounts, columns.process[latest] ?? 0),
    ...tcpState(columns, latest),
    ...(socket.closed ? { state: "CLOSED" } : {}),
    interface: on[rows.indexOf(latest)] ?? on.find((name) => name !== undefined),
    ...knownOf(rows.map((row) => facts[row])),
    openedAtMs: columns.openedAtMs[oldest] ?? 0,
    lastActiveAtMs: columns.lastActiveAtMs[latest] ?? 0,
    total: trafficOf(total),
    rxBytesPerSecond: bytesPerSecond(rxBytes, intervalMs),
    txBytesPerSecond: bytesPerSecond(txBytes, intervalMs),
  };
}

type Endpoints = "protocol" | "localAddress" | "localPort" | "remoteAddress" | "remotePort";

function endpoints(columns: FlowColumns, row: number): Pick<Connection, Endpoints> {
  const addresses = addressesOf(columns, row);
  const peer = hasPeer(columns, row);
  return {
    protocol: protocolName(columns.protocol[row] ?? 0),
    localAddress: addressText(addresses),
    localPort: columns.localPort[row] ?? 0,
    remoteAddress: peer ? addressText(addresses, 16) : undefined,
    remotePort: peer ? columns.remotePort[row] : undefined,
  };
}

/** A socket has a row for each owner and interface; the first of them saw the first packets. */
function knownOf(facts: readonly (FlowFacts | undefined)[]): Pick<Connection, "host" | "spoken"> {
  return {
    host: facts.find((one) => one?.host !== undefined)?.host,
    spoken: facts.find((one) => one?.spoken !== undefined)?.spoken,
  };
}

type Owner = "processId" | "pid" | "application" | "applicationKey" | "user" | "container" | "unit";

function ownerOf({ ledger }: Accounts, processId: number): Pick<Connection, Owner> {
  const process = ledger.processes.get(processId)?.process;
  return {
    processId,
    pid: process?.pid || undefined,
    application: process?.application.name ?? remainderLabel("unknown").name,
    applicationKey: process?.application.key ?? remainderLabel("unknown").key,
    user: process?.user,
    container: process?.container?.name ?? process?.container?.id,
    unit: process?.unit,
  };
}

/** include/net/tcp_states.h, from 1 on. Other protocols use the field for their own purposes. */
const TCP_STATES = [
  "ESTABLISHED",
  "SYN_SENT",
  "SYN_RECV",
  "FIN_WAIT1",
  "FIN_WAIT2",
  "TIME_WAIT",
  "CLOSE",
  "CLOSE_WAIT",
  "LAST_ACK",
  "LISTEN",
  "CLOSING",
  "NEW_SYN_RECV",
];

function tcpState(
  columns: FlowColumns,
  row: number,
): Pick<Connection, "state" | "rttMs" | "retransmits"> {
  const protocol = columns.protocol[row];
  if (protocol !== TCP && protocol !== MPTCP) {
    return { state: undefined, rttMs: undefined, retransmits: undefined };
  }
  const rttUs = columns.rttUs[row] ?? 0;
  return {
    state: TCP_STATES[(columns.state[row] ?? 0) - 1],
    rttMs: rttUs > 0 ? rttUs / 1000 : undefined,
    retransmits: hasPeer(columns, row) ? columns.retransmits[row] : undefined,
  };
}

function extreme(rows: readonly number[], value: (row: number) => number): number {
  return rows.reduce((best, row) => (value(row) > value(best) ? row : best));
}
