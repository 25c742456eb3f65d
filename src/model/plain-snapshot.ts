/** Snapshots from plain objects, for tests and demonstrations: only what matters is named, the rest has defaults. */

import type { Observation } from "./observation.ts";
import type { Process } from "./process.ts";
import {
  COUNTER_NAMES,
  COUNTERS_PER_FLOW,
  type CollectorHealth,
  type CounterName,
  FLOW_KINDS,
  type FlowKind,
  type FlowTable,
  type InterfaceReading,
  type Snapshot,
} from "./snapshot.ts";

/** One row of a flow table. Counters are cumulative and zero where not given. */
export interface PlainFlow extends Partial<Record<CounterName, number>> {
  readonly index: number;
  readonly serial?: number;
  readonly process?: number;
  readonly interface?: number;
  readonly kind?: FlowKind;
  readonly protocol?: number;
  readonly state?: number;
  /** Sixteen bytes, or the four of an IPv4 address; none: all zero. */
  readonly local?: readonly number[];
  readonly remote?: readonly number[];
  readonly localPort?: number;
  readonly remotePort?: number;
  readonly rttUs?: number;
  readonly retransmits?: number;
  readonly openedAtMs?: number;
  readonly namespace?: number;
  readonly closed?: boolean;
}

export interface PlainSnapshot {
  readonly atMs: number;
  /** As atMs where not given. */
  readonly monotonicMs?: number;
  /** As monotonicMs where not given. */
  readonly bootMs?: number;
  readonly flows?: readonly PlainFlow[];
  readonly observations?: readonly Observation[];
  readonly processes?: readonly Process[];
  readonly exited?: readonly number[];
  readonly interfaces?: readonly InterfaceReading[];
  readonly health?: Partial<CollectorHealth>;
}

export function snapshotOf(plain: PlainSnapshot): Snapshot {
  const monotonicMs = plain.monotonicMs ?? plain.atMs;
  return {
    atMs: plain.atMs,
    monotonicMs,
    bootMs: plain.bootMs ?? monotonicMs,
    flows: flowTableOf(plain.flows ?? []),
    observations: plain.observations ?? [],
    processes: plain.processes ?? [],
    exited: plain.exited ?? [],
    interfaces: plain.interfaces ?? [],
    health: { ...HEALTHY, ...plain.health },
  };
}

/** A process with the given id; its pid is 1000 + id, its application "path:/usr/bin/<name>". */
export function processOf(id: number, known: Partial<Process> = {}): Process {
  const name = known.name ?? `program${id}`;
  const path = `/usr/bin/${name}`;
  return {
    id,
    pid: 1000 + id,
    startedAtMs: 0,
    name,
    path,
    pathVerified: true,
    arguments: [],
    uid: 1000,
    user: "user",
    parentPid: 1,
    kernelThread: false,
    container: undefined,
    unit: undefined,
    application: { key: `path:${path}`, name, path },
    ...known,
  };
}

/** An interface that is up and has counted nothing; "physical" where no kind is given. */
export function interfaceOf(id: number, known: Partial<InterfaceReading> = {}): InterfaceReading {
  return {
    id,
    name: `eth${id}`,
    ifindex: id,
    kind: "physical",
    up: true,
    present: true,
    linkHeaderBytes: 14,
    countsSegments: false,
    rxBytes: 0,
    txBytes: 0,
    rxPackets: 0,
    txPackets: 0,
    carrierPids: [],
    ...known,
  };
}

const HEALTHY: CollectorHealth = {
  source: "scripted",
  level: "as written",
  missing: [],
  bounds: [],
  overflowRxBytes: 0,
  overflowTxBytes: 0,
  overflowPayloadBytes: 0,
  processOverflow: 0,
  socketOverflow: 0,
  missedRuns: 0,
  lostObservations: 0,
  lostNames: 0,
  kernelBytes: 0,
};

function flowTableOf(flows: readonly PlainFlow[]): FlowTable {
  const length = flows.length;
  const counters = new Float64Array(length * COUNTERS_PER_FLOW);
  const addresses = new Uint8Array(length * 32);
  for (const [row, flow] of flows.entries()) {
    counters.set(
      COUNTER_NAMES.map((name) => flow[name] ?? 0),
      row * COUNTERS_PER_FLOW,
    );
    addresses.set(addressBytes(flow.local), row * 32);
    addresses.set(addressBytes(flow.remote), row * 32 + 16);
  }
  const column = (value: (flow: PlainFlow) => number) => flows.map(value);
  return {
    length,
    index: Uint32Array.from(column((flow) => flow.index)),
    serial: Uint32Array.from(column((flow) => flow.serial ?? 1)),
    counters,
    process: Uint32Array.from(column((flow) => flow.process ?? 0)),
    interface: Uint32Array.from(column((flow) => flow.interface ?? 0)),
    kind: Uint8Array.from(column((flow) => FLOW_KINDS.indexOf(flow.kind ?? "socket"))),
    protocol: Uint16Array.from(column((flow) => flow.protocol ?? 6)),
    state: Uint8Array.from(column((flow) => flow.state ?? 1)),
    addresses,
    localPort: Uint16Array.from(column((flow) => flow.localPort ?? 0)),
    remotePort: Uint16Array.from(column((flow) => flow.remotePort ?? 0)),
    rttUs: Uint32Array.from(column((flow) => flow.rttUs ?? 0)),
    retransmits: Uint32Array.from(column((flow) => flow.retransmits ?? 0)),
    openedAtMs: Float64Array.from(column((flow) => flow.openedAtMs ?? 0)),
    namespace: Uint32Array.from(column((flow) => flow.namespace ?? 0)),
    closed: Uint8Array.from(column((flow) => (flow.closed ? 1 : 0))),
  };
}

function addressBytes(address: readonly number[] | undefined): readonly number[] {
  if (address === undefined) return [];
  return address.length === 4 ? [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, ...address] : address;
}
