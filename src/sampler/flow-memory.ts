/** The flows that live now, by index: what they are, what they sum to, and what they did in the last interval. */

import type { FlowFacts } from "../model/naming.ts";
import type { FlowTable } from "../model/snapshot.ts";
import { createColumns, type FlowColumns, growColumns, hasPeer } from "./flow-columns.ts";
import { SocketIndex } from "./socket-index.ts";
import type { FlowSums, Interval } from "./tally.ts";
import { addNumbers, DIFFERENCE_WIDTH, isActive, sumCounters, TRAFFIC_WIDTH } from "./traffic.ts";

/** As many as the collector has slots. Beyond it there is a mistake, not a busy machine: RangeError. */
export const FLOW_LIMIT = 131_072;
const FIRST_CAPACITY = 1024;

export const FREE = 0;
export const LIVE = 1;
/** Closed in this interval: its last difference still counts, its row goes when the next interval begins. */
export const ENDED = 2;

const SOCKET = 0;
/** include/net/tcp_states.h */
const LISTEN = 10;

/** Who is told what becomes of flows. */
export interface FlowKeeper {
  /** A connection opened or ended: the first row of a socket with a peer came, the last one went. */
  connections(process: number, change: 1 | -1): void;
  /** The flow is over; called while its row is still complete. */
  ended(columns: FlowColumns, flow: number): void;
  /** The row is about to be given up: what it sums to must be kept elsewhere. */
  retired(columns: FlowColumns, flow: number): void;
}

export class FlowMemory {
  columns = createColumns(FIRST_CAPACITY);
  /** The addresses of `columns` as bytes. */
  addressBytes = new Uint8Array(this.columns.addresses.buffer);
  /** What the reading that was taken last added, and the flow it belongs to. */
  readonly difference = new Float64Array(DIFFERENCE_WIDTH);
  /** Eight sums per change of this interval. */
  deltas = new Float64Array(0);
  /** The flow of each change. */
  #changed = new Uint32Array(0);
  /** Local ports of TCP that something listens on, with how many flows say so. */
  readonly #listening = new Map<number, number>();
  /** What is known of each flow beside its columns. */
  readonly facts: (FlowFacts | undefined)[] = [];
  /** Indexes from here on were never used. */
  end = 0;
  /** Flows that live. */
  size = 0;
  readonly #sums = new Float64Array(DIFFERENCE_WIDTH);
  #capacity = FIRST_CAPACITY;
  #changes = 0;
  #interval: Interval = { number: 0, atMs: 0 };
  #endedNow: number[] = [];
  readonly #sockets = new SocketIndex(FIRST_CAPACITY);
  readonly #keeper: FlowKeeper;

  constructor(keeper: FlowKeeper) {
    this.#keeper = keeper;
  }

  /** Starts an interval of at most `rows` readings. Intervals are numbered from 1. */
  begin(interval: Interval, rows: number): void {
    for (const flow of this.#endedNow) {
      if (this.columns.status[flow] === ENDED) this.#retire(flow);
    }
    this.#endedNow = [];
    this.#interval = interval;
    this.#changes = 0;
    const needed = rows * TRAFFIC_WIDTH;
    if (this.deltas.length < needed) this.deltas = new Float64Array(powerOfTwo(needed));
    if (this.#changed.length < rows) this.#changed = new Uint32Array(powerOfTwo(rows));
  }

  /** Takes one reading in and returns the flow's index; `difference` then says what it added. False: nothing. */
  read(table: FlowTable, row: number): boolean {
    const flow = table.index[row] as number;
    if (flow >= this.#capacity) this.#grow(flow);
    if (!this.#isKnown(table, row, flow)) this.#adopt(table, row, flow);
    const { columns, difference } = this;
    columns.state[flow] = table.state[row] as number;
    columns.rttUs[flow] = table.rttUs[row] as number;
    columns.retransmits[flow] = table.retransmits[row] as number;
    sumCounters(table.counters, row, this.#sums);
    for (let i = 0, last = flow * DIFFERENCE_WIDTH; i < DIFFERENCE_WIDTH; i++, last++) {
      const sum = this.#sums[i] as number;
      const before = columns.last[last] as number;
      // Less than before: dropped after it was counted. What follows adds nothing until it has made up for that.
      difference[i] = Math.max(0, sum - before);
      columns.last[last] = Math.max(sum, before);
    }
    const active = isActive(difference);
    if (active) this.#add(flow);
    if (table.closed[row] === 1) this.#end(flow);
    return active;
  }

  /** After the interval's last reading: reports the flows that closed in it, at most the last `most`. */
  finish(most: number): void {
    for (const flow of this.#endedNow.slice(-most)) {
      if (this.columns.status[flow] === ENDED) this.#keeper.ended(this.columns, flow);
    }
  }

  /** Where `deltas` has what the flow did in this interval; -1: it did nothing. Also for rows copied from here. */
  deltaAt(columns: FlowColumns, row: number): number {
    return columns.deltaInterval[row] === this.#interval.number
      ? (columns.deltaAt[row] as number)
      : -1;
  }

  /** Flows with traffic in this interval; one whose index passed on in it is the one that has it now. */
  changedFlows(): number[] {
    return [...new Set(this.#changed.subarray(0, this.#changes))].filter(
      (flow) => this.columns.status[flow] !== FREE && this.deltaAt(this.columns, flow) >= 0,
    );
  }

  /** True where the flow's first reading was in this interval. */
  isNewIn(flow: number, interval: Interval): boolean {
    return this.columns.adoptedIn[flow] === interval.number;
  }

  /** Whether some TCP socket listens on the port, or did when a connection came to it. */
  listensOn(port: number): boolean {
    return this.#listening.has(port);
  }

  /** What a flow sums to: since it has its index, and in this interval. */
  sumsOf(flow: number): FlowSums {
    const at = flow * TRAFFIC_WIDTH;
    const deltaAt = this.deltaAt(this.columns, flow);
    return {
      total: this.columns.total.subarray(at, at + TRAFFIC_WIDTH),
      delta: deltaAt < 0 ? undefined : this.deltas.subarray(deltaAt, deltaAt + TRAFFIC_WIDTH),
    };
  }

  /** The same flow for all rows of one socket. Only for live flows that are sockets. */
  representative(flow: number): number {
    return this.#sockets.representative(this.columns, flow);
  }

  /** True for exactly one row of each live connection: a socket with a peer. */
  isConnection(flow: number): boolean {
    const { columns } = this;
    return (
      columns.status[flow] === LIVE &&
      columns.kind[flow] === SOCKET &&
      hasPeer(columns, flow) &&
      this.representative(flow) === flow
    );
  }

  #isKnown(table: FlowTable, row: number, flow: number): boolean {
    const { columns } = this;
    return (
      columns.status[flow] === LIVE &&
      columns.serial[flow] === table.serial[row] &&
      columns.process[flow] === table.process[row] &&
      columns.interface[flow] === table.interface[row] &&
      columns.kind[flow] === table.kind[row]
    );
  }

  /** Gives the index to the flow that has it now; what it summed to so far stays with the one before. */
  #adopt(table: FlowTable, row: number, flow: number): void {
    const { columns } = this;
    let facts: FlowFacts | undefined;
    if (columns.status[flow] === LIVE) {
      this.#leaveSocket(flow);
      if (isSameConnection(this, table, row)) facts = this.facts[flow];
      else this.#keeper.ended(columns, flow);
      this.size -= 1;
    }
    if (columns.status[flow] !== FREE) this.#retire(flow);
    this.facts[flow] = facts;
    columns.index[flow] = flow;
    columns.serial[flow] = table.serial[row] as number;
    columns.process[flow] = table.process[row] as number;
    columns.interface[flow] = table.interface[row] as number;
    columns.kind[flow] = table.kind[row] as number;
    columns.protocol[flow] = table.protocol[row] as number;
    columns.localPort[flow] = table.localPort[row] as number;
    columns.adoptedIn[flow] = this.#interval.number;
    columns.listens[flow] = table.state[row] === LISTEN ? 1 : 0;
    if (columns.listens[flow] === 1) this.#listen(columns.localPort[flow] as number, 1);
    columns.remotePort[flow] = table.remotePort[row] as number;
    columns.openedAtMs[flow] = table.openedAtMs[row] as number;
    columns.lastActiveAtMs[flow] = table.openedAtMs[row] as number;
    for (let i = 0; i < 32; i++) {
      this.addressBytes[flow * 32 + i] = table.addresses[row * 32 + i] as number;
    }
    columns.status[flow] = LIVE;
    this.size += 1;
    this.end = Math.max(this.end, flow + 1);
    this.#joinSocket(flow);
  }

  #add(flow: number): void {
    const { columns, difference } = this;
    if (this.deltaAt(columns, flow) < 0) {
      columns.deltaInterval[flow] = this.#interval.number;
      columns.deltaAt[flow] = this.#changes * TRAFFIC_WIDTH;
      this.deltas.fill(0, this.#changes * TRAFFIC_WIDTH, (this.#changes + 1) * TRAFFIC_WIDTH);
      this.#changed[this.#changes] = flow;
      this.#changes += 1;
    }
    addNumbers(this.deltas, columns.deltaAt[flow] as number, difference);
    addNumbers(columns.total, flow * TRAFFIC_WIDTH, difference);
    columns.lastActiveAtMs[flow] = this.#interval.atMs;
  }

  #end(flow: number): void {
    this.#leaveSocket(flow);
    this.columns.status[flow] = ENDED;
    this.#endedNow.push(flow);
    this.size -= 1;
  }

  #retire(flow: number): void {
    const { columns } = this;
    this.#keeper.retired(columns, flow);
    columns.status[flow] = FREE;
    if (columns.listens[flow] === 1) this.#listen(columns.localPort[flow] as number, -1);
    this.facts[flow] = undefined;
    columns.deltaInterval[flow] = 0;
    columns.total.fill(0, flow * TRAFFIC_WIDTH, (flow + 1) * TRAFFIC_WIDTH);
  }

  #listen(port: number, change: 1 | -1): void {
    const count = (this.#listening.get(port) ?? 0) + change;
    if (count > 0) this.#listening.set(port, count);
    else this.#listening.delete(port);
  }

  #joinSocket(flow: number): void {
    const { columns } = this;
    if (columns.kind[flow] !== SOCKET) return;
    const first = this.#sockets.add(columns, flow);
    if (first && hasPeer(columns, flow)) {
      this.#keeper.connections(columns.process[flow] as number, 1);
    }
  }

  #leaveSocket(flow: number): void {
    const { columns } = this;
    if (columns.kind[flow] !== SOCKET) return;
    const last = this.#sockets.remove(columns, flow);
    if (last && hasPeer(columns, flow)) {
      this.#keeper.connections(columns.process[flow] as number, -1);
    }
  }

  #grow(flow: number): void {
    if (flow >= FLOW_LIMIT) {
      throw new RangeError(`Cannot remember flow ${flow}: indexes end at ${FLOW_LIMIT - 1}.`);
    }
    this.#capacity = powerOfTwo(flow + 1);
    this.columns = growColumns(this.columns, this.#capacity);
    this.addressBytes = new Uint8Array(this.columns.addresses.buffer);
    const { status, kind } = this.columns;
    this.#sockets.grow(this.columns, this.#capacity, (other) => {
      return status[other] === LIVE && kind[other] === SOCKET;
    });
  }
}

/** A corrected owner: the same connection, not one that ended and another that took its place. */
function isSameConnection(memory: FlowMemory, table: FlowTable, row: number): boolean {
  const { columns, addressBytes } = memory;
  const flow = table.index[row] as number;
  for (let i = 0; i < 32; i++) {
    if (addressBytes[flow * 32 + i] !== table.addresses[row * 32 + i]) return false;
  }
  return (
    columns.protocol[flow] === table.protocol[row] &&
    columns.localPort[flow] === table.localPort[row] &&
    columns.remotePort[flow] === table.remotePort[row]
  );
}

function powerOfTwo(atLeast: number): number {
  return 2 ** Math.ceil(Math.log2(atLeast));
}
