/** All sums of the sampler, and the one pass over a snapshot's flows that fills them.
 *
 * What the machine's total holds: every byte that crossed a network and that this machine's programs or kernel sent or
 * received, once.
 * - Sockets of this machine and of its containers (other network namespaces), on whatever interface.
 * - What the kernel itself sent and what found no room in the kernel's tables.
 * Not in it:
 * - Loopback, which has sums of its own. Where a flow names no interface of this machine, its addresses decide.
 * - Forwarded packets. A container's reach the network as such and are in already, from the container's socket; a
 *   router's are not this machine's. They stay a row of their own.
 * - What a limit dropped: nobody of this machine received it.
 * - Carried packets, second copies of one packet, and a tunnel's outer packets (traffic of the process that carries it,
 *   outside tunnels): a byte that crosses a VPN counts inside it, once. */

import type { LearnedFacts } from "../model/naming.ts";
import type { RemainderKind } from "../model/sample.ts";
import { FLOW_KINDS, type FlowTable, type Snapshot } from "../model/snapshot.ts";
import { ENDED_FLOWS_KEPT, EndedFlows } from "./ended-flows.ts";
import { type FlowKeeper, FlowMemory, FREE } from "./flow-memory.ts";
import { InterfaceBook, type InterfaceEntry } from "./interface-book.ts";
import { Ledger } from "./ledger.ts";
import { isLoopback } from "./loopback.ts";
import { REMAINDER_OF_KIND } from "./remainders.ts";
import { RemoteHistory } from "./remote-history.ts";
import { SpokenTotals } from "./spoken-totals.ts";
import { type Interval, Tally } from "./tally.ts";
import { BYTES, DEVICE, DIFFERENCE_WIDTH, leaveOutCopies } from "./traffic.ts";

const FORWARDED = FLOW_KINDS.indexOf("forwarded");
const CARRIED = FLOW_KINDS.indexOf("carried");
const LIMITED = FLOW_KINDS.indexOf("limited");

export class Accounts {
  readonly ledger = new Ledger();
  readonly interfaces = new InterfaceBook();
  /** By protocol number; only traffic of sockets. */
  readonly protocols = new Map<number, Tally>();
  /** By what is spoken; only traffic of sockets. */
  readonly spoken = new SpokenTotals();
  readonly remotes = new RemoteHistory();
  readonly ended = new EndedFlows();
  /** The machine's total. */
  readonly network = new Tally();
  readonly loopback = new Tally();
  readonly memory: FlowMemory;
  interval: Interval = { number: 0, atMs: 0 };
  /** For rates; 0: unknown. */
  intervalMs = 0;
  nowMonotonicMs = 0;
  #overflowRxBytes = 0;
  #overflowTxBytes = 0;

  constructor() {
    const keeper: FlowKeeper = {
      connections: (process, change) => this.ledger.connections(process, change),
      ended: (columns, flow) => {
        if (REMAINDER_OF_KIND[columns.kind[flow] ?? 0] !== undefined) return;
        this.ended.add(this.memory, flow, this.nowMonotonicMs);
      },
      retired: (columns, flow) => {
        if (REMAINDER_OF_KIND[columns.kind[flow] ?? 0] !== undefined) return;
        this.remotes.add(columns, flow);
      },
    };
    this.memory = new FlowMemory(keeper);
  }

  /** Takes a snapshot in; `intervalMs` is its distance to the one before, `learned` what its first packets told. */
  take(snapshot: Snapshot, intervalMs: number, learned: readonly LearnedFacts[] = []): void {
    this.interval = { number: this.interval.number + 1, atMs: snapshot.atMs };
    this.intervalMs = intervalMs;
    this.nowMonotonicMs = snapshot.monotonicMs;
    this.ledger.begin(this.interval);
    for (const process of snapshot.processes) this.ledger.announce(process);
    this.interfaces.begin(this.interval, snapshot.interfaces);
    this.ledger.setCarriers(snapshot.interfaces);
    this.memory.begin(this.interval, snapshot.flows.length);
    for (let row = 0; row < snapshot.flows.length; row++) {
      if (this.memory.read(snapshot.flows, row)) this.#account(snapshot.flows, row);
    }
    for (const one of learned) this.#learn(one);
    this.memory.finish(ENDED_FLOWS_KEPT);
    this.#accountOverflow(snapshot);
    for (const id of snapshot.exited) this.ledger.exit(id);
    this.ledger.finish();
    this.interfaces.finish();
  }

  #account(table: FlowTable, row: number): void {
    const { difference } = this.memory;
    const kind = table.kind[row] as number;
    const process = table.process[row] as number;
    const on = this.interfaces.get(table.interface[row] as number);
    const loopback = this.#isLoopback(table.index[row] as number, on);
    const owner = this.ledger.row(kind, process);
    owner.add(difference, this.interval);
    owner.addOn(on === undefined ? 0 : on.reading.id, difference, this.interval);
    if (loopback) owner.addLoopback(difference, this.interval);
    (on?.tally ?? this.interfaces.elsewhere).add(difference, this.interval);
    if (REMAINDER_OF_KIND[kind] === undefined) {
      const protocol = table.protocol[row] as number;
      this.#protocol(protocol).add(difference, this.interval);
      const facts = this.memory.facts[table.index[row] as number];
      this.spoken.tally(facts?.spoken, protocol).add(difference, this.interval);
    }
    leaveOutCopies(difference);
    if (on !== undefined) this.interfaces.cover(on, kind, difference);
    if (kind === FORWARDED || kind === CARRIED || kind === LIMITED) return;
    if (loopback) this.loopback.add(difference, this.interval);
    else if (!this.#isOuter(process, on)) this.network.add(difference, this.interval);
  }

  /** What a flow has counted so far moves to what it speaks. */
  #learn({ index: flow, serial, facts }: LearnedFacts): void {
    const { memory, spoken, interval } = this;
    const { columns } = memory;
    if (columns.status[flow] === FREE || columns.serial[flow] !== serial) return;
    const protocol = columns.protocol[flow] as number;
    const from = spoken.tally(memory.facts[flow]?.spoken, protocol);
    const to = spoken.tally(facts.spoken, protocol);
    memory.facts[flow] = facts;
    if (from === to || REMAINDER_OF_KIND[columns.kind[flow] ?? 0] !== undefined) return;
    const sums = memory.sumsOf(flow);
    from.shift(sums, -1, interval);
    to.shift(sums, 1, interval);
  }

  #isLoopback(flow: number, on: InterfaceEntry | undefined): boolean {
    if (on !== undefined) return on.reading.kind === "loopback";
    return isLoopback(this.memory.addressBytes, flow * 32);
  }

  #isOuter(process: number, on: InterfaceEntry | undefined): boolean {
    return this.ledger.carriers.has(process) && on?.reading.kind !== "tunnel";
  }

  #protocol(protocol: number): Tally {
    const known = this.protocols.get(protocol);
    if (known !== undefined) return known;
    const tally = new Tally();
    this.protocols.set(protocol, tally);
    return tally;
  }

  /** Which process and which interface is not known. A smaller count means that the collector started anew. */
  #accountOverflow({ health }: Snapshot): void {
    const { overflowRxBytes: rx, overflowTxBytes: tx } = health;
    const rxBytes = rx >= this.#overflowRxBytes ? rx - this.#overflowRxBytes : rx;
    const txBytes = tx >= this.#overflowTxBytes ? tx - this.#overflowTxBytes : tx;
    this.#overflowRxBytes = rx;
    this.#overflowTxBytes = tx;
    if (rxBytes === 0 && txBytes === 0) return;
    const difference = new Float64Array(DIFFERENCE_WIDTH);
    difference.set([rxBytes, txBytes], BYTES);
    difference.set([rxBytes, txBytes], DEVICE);
    const kind: RemainderKind = "overflow";
    this.ledger.remainders[kind].add(difference, this.interval);
    this.ledger.remainders[kind].addOn(0, difference, this.interval);
    this.network.add(difference, this.interval);
  }
}
