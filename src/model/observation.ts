/** What a collector copied of a flow's first packets: enough to recognise its protocol and to read the names in it. */

import type { Process } from "./process.ts";

/** Why the bytes were copied. */
export type ObservationKind =
  | "first-sent" // the first payload that the socket sent to this peer, and what directly follows where it is cut
  | "first-received" // the first payload that it received from this peer
  | "dns"; // a DNS or multicast DNS message over UDP, received

export interface Observation {
  readonly kind: ObservationKind;
  /** The flow it belongs to: FlowTable.index and serial. */
  readonly index: number;
  readonly serial: number;
  /** Process.id, 0: none. */
  readonly process: Process["id"];
  /** IANA protocol number: 6 TCP, 17 UDP, 132 SCTP. */
  readonly protocol: number;
  /** Sixteen bytes each; IPv4 as ::ffff:a.b.c.d. */
  readonly localAddress: Uint8Array;
  readonly remoteAddress: Uint8Array;
  readonly localPort: number;
  readonly remotePort: number;
  /** Wall clock, milliseconds since the epoch. */
  readonly atMs: number;
  /** Payload behind the TCP or UDP header, cut at 2,048 bytes. Hostile: whatever a network or a program sends. */
  readonly bytes: Uint8Array;
  /** Length of the payload before it was cut. */
  readonly payloadBytes: number;
}
