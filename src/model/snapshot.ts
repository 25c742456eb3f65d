/** What a collector reads at one moment: cumulative counters of everything that changed since it read last. */

import type { Observation } from "./observation.ts";
import type { Process } from "./process.ts";
import type { Unavailable } from "./unavailable.ts";

/** Counters of a flow in this order, first received, then sent. All cumulative.
 * wire bytes = deviceBytes + segmentBytes; wire packets = devicePackets + segmentPackets. */
export const COUNTER_NAMES = [
  "rxDeviceBytes",
  "rxDevicePackets",
  "rxSegmentBytes",
  "rxSegmentPackets",
  "rxPayloadBytes",
  "rxPayloadCalls",
  "rxCopyBytes",
  "rxCopyPackets",
  "txDeviceBytes",
  "txDevicePackets",
  "txSegmentBytes",
  "txSegmentPackets",
  "txPayloadBytes",
  "txPayloadCalls",
  "txCopyBytes",
  "txCopyPackets",
] as const;

export type CounterName = (typeof COUNTER_NAMES)[number];
export const COUNTERS_PER_FLOW = COUNTER_NAMES.length;

/** Position of the first sent counter in a flow's sixteen. */
export const TX = 8;
export const DEVICE_BYTES = 0;
export const DEVICE_PACKETS = 1;
export const SEGMENT_BYTES = 2;
export const SEGMENT_PACKETS = 3;
export const PAYLOAD_BYTES = 4;
export const PAYLOAD_CALLS = 5;
export const COPY_BYTES = 6;
export const COPY_PACKETS = 7;

/** What a row stands for. */
export const FLOW_KINDS = ["socket", "forwarded", "kernel", "carried", "link", "limited"] as const;
export type FlowKind = (typeof FLOW_KINDS)[number];

/** Flows that changed, as columns: row i of each array belongs together.
 *
 * `index` is a small integer that stands for the flow; when a flow has ended, its index may pass to another, which
 * shows as a new `serial`. The counters of an index go on, also across that change: the difference to the
 * last reading of the same index is always what happened since, and belongs to the flow that has it now. A first
 * reading starts from zero. A counter goes back only by what a limit dropped after it was counted. */
export interface FlowTable {
  readonly length: number;
  readonly index: Uint32Array;
  readonly serial: Uint32Array;
  /** COUNTERS_PER_FLOW values per row. */
  readonly counters: Float64Array;
  /** Process.id, 0: none. */
  readonly process: Uint32Array;
  /** InterfaceReading.id, 0: none (payload of an unconnected socket). */
  readonly interface: Uint32Array;
  /** Position in FLOW_KINDS. */
  readonly kind: Uint8Array;
  /** IANA protocol number; 262 is MPTCP, 0 a link-level sender. */
  readonly protocol: Uint16Array;
  /** Linux TCP state number (1 ESTABLISHED ... 10 LISTEN), for other protocols as the kernel sets it. */
  readonly state: Uint8Array;
  /** 32 bytes per row: local, then remote address; IPv4 as ::ffff:a.b.c.d; remote all zero: no single peer. */
  readonly addresses: Uint8Array;
  readonly localPort: Uint16Array;
  readonly remotePort: Uint16Array;
  /** TCP smoothed round-trip time in microseconds, 0: none. */
  readonly rttUs: Uint32Array;
  readonly retransmits: Uint32Array;
  /** Milliseconds since the epoch. */
  readonly openedAtMs: Float64Array;
  /** Inode number of the network namespace, 0: not known. */
  readonly namespace: Uint32Array;
  /** 1: the socket is gone; this is the last reading of the flow. */
  readonly closed: Uint8Array;
}

export type InterfaceKind = "loopback" | "physical" | "virtual" | "tunnel";

/** An interface of the host's own network namespace, with the kernel's own counters. */
export interface InterfaceReading {
  /** Small integer, unique while the daemon runs: an index or a name that is reused gets a new one. */
  readonly id: number;
  readonly name: string;
  readonly ifindex: number;
  readonly kind: InterfaceKind;
  readonly up: boolean;
  /** False in the last reading, after it vanished; its counters are then the last that were seen. */
  readonly present: boolean;
  /** Bytes of link header that its counters include per packet: 14 for Ethernet, 0 for tun. */
  readonly linkHeaderBytes: number;
  /** True: its hardware counts segments (wire bytes); false: it counts an offloaded packet once (device bytes). */
  readonly countsSegments: boolean;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
  /** Pids of the processes that carry this tunnel: they hold /dev/net/tun for it. */
  readonly carrierPids: readonly number[];
}

/** A table with a limit: how full it is. */
export interface Bound {
  readonly name: string;
  readonly used: number;
  readonly limit: number;
  /** What happens when it is full, as a sentence. */
  readonly whenFull: string;
}

/** How the collector counts now, and what it cannot see. */
export interface CollectorHealth {
  /** "eBPF", "sock_diag", "nettop", "scripted". */
  readonly source: string;
  /** Which hooks name the owner, as one line: "send and receive tracepoints". */
  readonly level: string;
  readonly missing: readonly Unavailable[];
  readonly bounds: readonly Bound[];
  /** Cumulative counts of what was lost or had to be folded; all zero when all is well. */
  readonly overflowRxBytes: number;
  readonly overflowTxBytes: number;
  readonly overflowPayloadBytes: number;
  readonly processOverflow: number;
  readonly socketOverflow: number;
  /** Runs of a kernel program that the kernel skipped because it was running already on that CPU. */
  readonly missedRuns: number;
  /** First packets of flows that found no room: their protocols are not known by their bytes. */
  readonly lostObservations: number;
  /** Those of them that would have named the other end. */
  readonly lostNames: number;
  /** Memory of kernel maps in bytes. */
  readonly kernelBytes: number;
}

export interface Snapshot {
  /** Wall clock, milliseconds since the epoch. */
  readonly atMs: number;
  /** Monotonic clock that stands still while the machine is suspended, milliseconds. */
  readonly monotonicMs: number;
  /** Clock that goes on while suspended, milliseconds since boot. */
  readonly bootMs: number;
  readonly flows: FlowTable;
  /** First packets of flows that are in this snapshot or in one before. */
  readonly observations: readonly Observation[];
  /** New processes and those of which more is known now. */
  readonly processes: readonly Process[];
  /** Process.ids that have exited and have no flow any more. */
  readonly exited: readonly number[];
  readonly interfaces: readonly InterfaceReading[];
  readonly health: CollectorHealth;
}

/** A source of snapshots. `read` returns what changed since the last call; it never waits. */
export interface Collector {
  read(): Snapshot;
  /** Detaches everything; a second call does nothing. */
  close(): void;
}
