/** The sockets that are known now, as flows: who got which row, what each has counted, what changed since last time. */

import { COUNTERS_PER_FLOW, type FlowTable } from "../../model/snapshot.ts";
import {
  addDifference,
  type ByteCounts,
  byteCounts,
  hadPeerFinished,
  hasPeerFinished,
  NO_BYTES,
} from "./byte-counts.ts";
import { buildFlowTable, type RowContext } from "./flow-rows.ts";
import { type DiagSocket, IPPROTO_TCP, STATE } from "./inet-diag.ts";

/** Some 25 MiB when full. */
export const SOCKET_LIMIT = 65_536;
/** The oldest are forgotten beyond this. */
const UNCONFIRMED_LIMIT = 4096;

export interface Flow {
  readonly index: number;
  readonly serial: number;
  readonly cookie: number;
  readonly protocol: number;
  readonly localPort: number;
  readonly openedAtMs: number;
  addresses: Uint8Array;
  remotePort: number;
  /** Interface it is bound to or was found to use, 0: not known. */
  ifindex: number;
  state: number;
  inode: number;
  uid: number;
  /** Process.id, 0: none. */
  process: number;
  rttUs: number;
  retransmits: number;
  counts: ByteCounts;
  /** Number of the reading that saw it last. */
  seen: number;
  changed: boolean;
  closed: boolean;
}

export interface SocketTable {
  readonly flows: ReadonlyMap<number, Flow>;
  /** Most sockets that one reading had to leave out. What they carry is counted if they get a row later on. */
  readonly overflow: number;
  /** Starts a reading. */
  begin(atMs: number): void;
  /** A socket that a dump lists. */
  see(protocol: number, socket: DiagSocket): void;
  /** A socket that the kernel says it has just destroyed, with its last counters. */
  end(socket: DiagSocket): void;
  /** Closes what was not seen. `patient`: TCP sockets get one more reading, for the kernel's word on their end. */
  sweep(patient: boolean): void;
  /** All rows that changed; ends the reading and frees the rows of what is closed. */
  take(context: RowContext, waits?: (flow: Flow) => boolean): FlowTable;
}

export function createSocketTable(limit = SOCKET_LIMIT): SocketTable {
  const flows = new Map<number, Flow>();
  const free: number[] = [];
  let counters = new Float64Array(256 * COUNTERS_PER_FLOW);
  let indices = 0;
  let serials = 0;
  /** Listening sockets of this reading by port. */
  const listeners = new Map<number, Flow>();
  /** Cookies of sockets that were closed without the kernel's word, should it come late. */
  const unconfirmed = new Set<number>();
  let overflow = 0;
  let leftOut = 0;
  let reading = 0;
  let atMs = 0;

  function open(protocol: number, socket: DiagSocket): Flow | undefined {
    if (flows.size >= limit) {
      overflow = Math.max(overflow, ++leftOut);
      return undefined;
    }
    const flow: Flow = {
      index: free.pop() ?? indices++,
      serial: ++serials,
      cookie: socket.cookie,
      protocol,
      localPort: socket.localPort,
      openedAtMs: atMs, // the kernel does not tell; for sockets older than this program it is too late
      addresses: socket.addresses.slice(),
      remotePort: socket.remotePort,
      ifindex: socket.ifindex,
      state: socket.state,
      inode: socket.inode,
      uid: socket.uid,
      process: 0,
      rttUs: 0,
      retransmits: 0,
      counts: NO_BYTES,
      seen: reading,
      changed: true,
      closed: false,
    };
    const needed = (flow.index + 1) * COUNTERS_PER_FLOW;
    if (needed > counters.length) counters = enlarged(counters, needed);
    flows.set(flow.cookie, flow);
    return flow;
  }

  function see(protocol: number, socket: DiagSocket): void {
    let flow = flows.get(socket.cookie);
    if (!flow) {
      if (isRemnant(protocol, socket)) return;
      flow = open(protocol, socket);
      if (!flow) return;
      // What was there before the first reading has sent and received before anyone watched.
      if (reading === 1 && socket.info) flow.counts = countsOf(socket, socket.info.state);
    }
    flow.seen = reading;
    if (socket.state === STATE.listen) listeners.set(socket.localPort, flow);
    if (socket.inode !== 0) {
      flow.inode = socket.inode;
      flow.uid = socket.uid;
    }
    follow(flow, socket);
    if (socket.info) count(flow, socket, countsOf(socket, socket.info.state));
  }

  function end(socket: DiagSocket): void {
    const { info } = socket;
    if (!info || unconfirmed.delete(socket.cookie)) return;
    let flow = flows.get(socket.cookie);
    if (!flow) {
      // Never seen in a dump: it came and went between two readings, or before the first.
      if (reading === 1 || info.bytesReceived + (info.bytesSent ?? 0) === 0) return;
      flow = open(IPPROTO_TCP, socket);
      if (!flow) return;
    }
    const listener = listeners.get(flow.localPort);
    if (flow.process === 0) flow.process = listener?.process ?? 0; // who listens on the port has accepted it
    const finished = hasPeerFinished(flow.state) || hadPeerFinished(info, listener !== undefined);
    count(flow, socket, byteCounts(info, isIpv6(socket), finished));
    close(flow);
  }

  function count(flow: Flow, socket: DiagSocket, now: ByteCounts): void {
    const at = flow.index * COUNTERS_PER_FLOW;
    if (addDifference(counters, at, { now, before: flow.counts })) flow.changed = true;
    flow.counts = now;
    const { info } = socket;
    if (!info) return;
    if (flow.retransmits !== info.totalRetrans) flow.changed = true;
    flow.retransmits = info.totalRetrans;
    flow.rttUs = info.rttUs;
  }

  function sweep(patient: boolean): void {
    for (const flow of flows.values()) {
      const waits = patient && flow.protocol === IPPROTO_TCP && flow.state !== STATE.listen;
      if (flow.closed || flow.seen >= reading - (waits ? 1 : 0)) continue;
      close(flow);
      if (waits) unconfirmed.add(flow.cookie);
    }
    for (const cookie of unconfirmed) {
      if (unconfirmed.size <= UNCONFIRMED_LIMIT) break;
      unconfirmed.delete(cookie);
    }
  }

  function take(context: RowContext, waits?: (flow: Flow) => boolean): FlowTable {
    const changed = [...flows.values()].filter((flow) => flow.changed && !waits?.(flow));
    const table = buildFlowTable(changed, counters, context);
    for (const flow of changed) {
      flow.changed = false;
      if (!flow.closed) continue;
      flows.delete(flow.cookie);
      free.push(flow.index);
    }
    return table;
  }

  return {
    flows,
    get overflow() {
      return overflow;
    },
    begin(nowMs) {
      reading++;
      leftOut = 0;
      listeners.clear();
      atMs = nowMs;
    },
    see,
    end,
    sweep,
    take,
  };
}

/** A FIN-WAIT-2 socket that the kernel has reduced to a stub has no counters and was reported as destroyed. */
function isRemnant(protocol: number, socket: DiagSocket): boolean {
  return protocol === IPPROTO_TCP && socket.state !== STATE.listen && !socket.info;
}

/** Addresses change too: connect() of a UDP socket. */
function follow(flow: Flow, socket: DiagSocket): void {
  if (flow.state !== socket.state || flow.remotePort !== socket.remotePort) {
    flow.state = socket.state;
    flow.remotePort = socket.remotePort;
    flow.addresses = socket.addresses.slice();
    flow.changed = true;
  }
}

function close(flow: Flow): void {
  flow.closed = true;
  flow.changed = true;
  flow.state = STATE.close;
}

function countsOf(socket: DiagSocket, state: number): ByteCounts {
  return socket.info ? byteCounts(socket.info, isIpv6(socket), hasPeerFinished(state)) : NO_BYTES;
}

/** IPv4 addresses, also those of an IPv6 socket, have ffff before their last four bytes. */
function isIpv6(socket: DiagSocket): boolean {
  return socket.addresses[26] !== 255 || socket.addresses[27] !== 255 || socket.addresses[16] !== 0;
}

function enlarged(values: Float64Array<ArrayBuffer>, needed: number): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(Math.max(needed, values.length * 2));
  larger.set(values);
  return larger;
}
