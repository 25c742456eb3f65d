/** What happened between two snapshots, and the totals since the daemon started. */

import type { ActivityRow, LiveInterface } from "./live.ts";
import type { HostName, NetworkOf, SpokenProtocol } from "./naming.ts";
import type { CollectorHealth, InterfaceKind } from "./snapshot.ts";

/** Bytes and packets in both directions. Wire: IP packets with headers as on the wire, segments counted.
 * Payload: what processes passed to send or got from receive. Device: an offloaded packet once. */
export interface Traffic {
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxPayloadBytes: number;
  readonly txPayloadBytes: number;
  readonly rxDeviceBytes: number;
  readonly txDeviceBytes: number;
}

/** A name for traffic that has no process. */
export type RemainderKind =
  | "kernel" // sent by the kernel itself, or received for no socket: ARP, resets, TIME-WAIT, ICMP answers
  | "forwarded" // passed on for others, containers included
  | "carried" // counted at its socket on another interface: a tunnel's outer packets, a bridge's lower device
  | "limited" // received, and dropped by a limit before any socket
  | "overflow" // no room in the kernel's tables
  | "unknown"; // the interface counted it, nothing explains it

/** The groups that every sample is summed by. */
export const SAMPLED_GROUPINGS = [
  "application",
  "process",
  "remote",
  "protocol",
  "spoken",
  "interface",
  "user",
  "container",
  "unit",
] as const;
export type SampledGrouping = (typeof SAMPLED_GROUPINGS)[number];

/** All that can be asked for: by where a remote address is, too. */
export const GROUPINGS = [...SAMPLED_GROUPINGS, "country", "organisation"] as const;
export type Grouping = (typeof GROUPINGS)[number];

/** One row of a grouping. `key` is stable; `name` is what a person reads. */
export interface GroupRow {
  readonly key: string;
  readonly name: string;
  /** Since the daemon started. */
  readonly total: Traffic;
  /** In the last interval. */
  readonly delta: Traffic;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  readonly connections: number;
  readonly lastActiveAtMs: number;
}

/** Attributed bytes against the interface's own counters, like with like; never clamped. */
export interface InterfaceCoverage {
  readonly name: string;
  readonly kind: InterfaceKind;
  readonly present: boolean;
  /** What the interface counted since the daemon started watching it. */
  readonly rxBytes: number;
  readonly txBytes: number;
  /** The part of it that has a process or a kernel-side owner, link headers added. */
  readonly rxAttributedBytes: number;
  readonly txAttributedBytes: number;
  /** Named parts of what has no process; with the attributed part they make up the interface's count. */
  readonly remainders: Readonly<
    Partial<Record<RemainderKind, { rxBytes: number; txBytes: number }>>
  >;
  /** Attributed share of what limits did not drop, 0..1 and above 1 only by a fault; undefined while nothing was
   * counted. */
  readonly rxCoverage: number | undefined;
  readonly txCoverage: number | undefined;
}

/** Why an interval is missing or longer than asked. */
export interface Gap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: "suspended" | "clock-changed" | "sampler-restarted" | "late";
}

export interface Sample {
  /** Wall clock at the end of the interval, milliseconds since the epoch. */
  readonly atMs: number;
  /** Length of the interval by the monotonic clock: what rates are divided by. */
  readonly intervalMs: number;
  readonly gap: Gap | undefined;
  /** The machine's traffic in the interval: every byte that crossed a network once. No loopback, no carried packets,
   * no second copies. */
  readonly delta: Traffic;
  readonly total: Traffic;
  /** Loopback traffic, kept apart. */
  readonly loopbackDelta: Traffic;
  readonly loopbackTotal: Traffic;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  /** With traffic in the interval, and traffic without a process, the busiest first. */
  readonly applications: readonly ActivityRow[];
  readonly interfaces: readonly LiveInterface[];
  readonly coverage: readonly InterfaceCoverage[];
  readonly health: CollectorHealth;
  /** How long reading and summing took, milliseconds. */
  readonly tickMs: number;
}

export interface Connection {
  readonly id: string;
  readonly protocol: string;
  readonly localAddress: string;
  readonly localPort: number;
  /** undefined: no single peer (listening, unconnected). */
  readonly remoteAddress: string | undefined;
  readonly remotePort: number | undefined;
  readonly state: string | undefined;
  /** Process.id, 0: none. */
  readonly processId: number;
  readonly pid: number | undefined;
  readonly application: string;
  /** Application.key, or that of a row without a process. */
  readonly applicationKey: string;
  readonly user: string | undefined;
  readonly interface: string | undefined;
  readonly container: string | undefined;
  readonly unit: string | undefined;
  readonly openedAtMs: number;
  readonly lastActiveAtMs: number;
  readonly rttMs: number | undefined;
  readonly retransmits: number | undefined;
  readonly host?: HostName | undefined;
  readonly spoken?: SpokenProtocol | undefined;
  /** Of the remote address. */
  readonly network?: NetworkOf | undefined;
  readonly total: Traffic;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
}
