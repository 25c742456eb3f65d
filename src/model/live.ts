/** The live stream: one small object per sample, enough to draw everything that moves. */

import type { Gap } from "./sample.ts";
import type { InterfaceKind } from "./snapshot.ts";

/** Wire bytes on one interface in one interval. */
export interface InterfaceBytes {
  /** "" for traffic on no interface of this machine: containers, payload of unconnected sockets. */
  readonly name: string;
  readonly rxBytes: number;
  readonly txBytes: number;
}

/** Wire bytes with the part of them that never left this machine. */
export interface OwnedBytes {
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxLoopbackBytes: number;
  readonly txLoopbackBytes: number;
}

/** What an application, or traffic without a process, did in one interval: the bytes are the interval's. */
export interface ActivityRow extends OwnedBytes {
  /** Application.key, or "remainder:" and a RemainderKind. */
  readonly key: string;
  readonly name: string;
  /** Since the daemon started. */
  readonly total: OwnedBytes;
  /** Live connections. */
  readonly connections: number;
  readonly interfaces: readonly InterfaceBytes[];
}

export interface LiveInterface extends InterfaceBytes {
  readonly kind: InterfaceKind;
}

/** Applications of one live sample; what the others did is in `others`. */
export const LIVE_APPLICATIONS = 2_000;

export interface LiveSample {
  /** Grows by one with each sample; a reader that was away goes on behind the last one it saw. A daemon that was
   * started again begins far above the last one's numbers. */
  readonly id: number;
  /** Wall clock at the end of the interval, milliseconds since the epoch. */
  readonly atMs: number;
  /** Length of the interval; 0: unknown, there are no rates. */
  readonly intervalMs: number;
  readonly gap: Gap["reason"] | null;
  /** The machine's, in the interval: no loopback, no second copies, a byte through a tunnel once. */
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxLoopbackBytes: number;
  readonly txLoopbackBytes: number;
  /** The machine's, since the daemon started. */
  readonly rxTotalBytes: number;
  readonly txTotalBytes: number;
  readonly rxTotalLoopbackBytes: number;
  readonly txTotalLoopbackBytes: number;
  readonly interfaces: readonly LiveInterface[];
  /** With traffic in the interval, the busiest first, LIVE_APPLICATIONS at most; a sample of the past has fewer. */
  readonly applications: readonly ActivityRow[];
  readonly others: { readonly count: number } & OwnedBytes;
  /** Share of the interfaces' own counts since the start that has an owner, 0..1; null while nothing was counted. */
  readonly attributedShare: number | null;
  /** "eBPF, send and receive tracepoints": how bytes are counted now. */
  readonly counting: string;
}

export interface LiveQuery {
  /** Begin behind this sample, as far as the daemon remembers; 0: with all that it remembers. Where not given: with the
   * latest. */
  readonly after?: number;
}
