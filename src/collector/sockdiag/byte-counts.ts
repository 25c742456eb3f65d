/** From the kernel's TCP counters to what crossed: payload, and wire bytes as far as they can be known. Pure. */

import { DEVICE_BYTES, DEVICE_PACKETS, PAYLOAD_BYTES, TX } from "../../model/snapshot.ts";
import { STATE } from "./inet-diag.ts";
import type { TcpInfo } from "./tcp-info.ts";

/** Counters of one socket since it opened. */
export interface ByteCounts {
  /** Bytes of the stream, each once. */
  readonly received: number;
  readonly sent: number;
  /** Sent, those sent again included. */
  readonly sentAltogether: number;
  /** 32 bits wide: they go round. */
  readonly segmentsIn: number;
  readonly segmentsOut: number;
  readonly headerBytes: number;
}

export const NO_BYTES: ByteCounts = {
  received: 0,
  sent: 0,
  sentAltogether: 0,
  segmentsIn: 0,
  segmentsOut: 0,
  headerBytes: 0,
};

/** `peerFinished`: the peer's FIN is in bytesReceived. */
export function byteCounts(info: TcpInfo, isIpv6: boolean, peerFinished: boolean): ByteCounts {
  const sent = bytesSentOnce(info);
  return {
    received: Math.max(0, info.bytesReceived - (peerFinished ? 1 : 0)),
    sent,
    sentAltogether: info.bytesSent ?? sent,
    segmentsIn: info.segsIn,
    segmentsOut: info.segsOut,
    headerBytes: (isIpv6 ? 40 : 20) + 20 + (info.timestamps ? 12 : 0),
  };
}

/** Adds what happened since `before` to the sixteen counters of a flow that start at `at`; false when nothing did.
 *
 * Wire bytes are a lower bound: the bytes of the stream (and those sent again) plus the kernel's segment counts times
 * the common header size. Options other than timestamps, data that arrived twice and the handshake of an accepted
 * connection are not in them. Segments are counted one by one, also where offload carries several at once, and go to
 * the device counters because it cannot be known how they were bundled. */
export function addDifference(
  counters: Float64Array,
  at: number,
  span: { readonly now: ByteCounts; readonly before: ByteCounts },
): boolean {
  const { now, before } = span;
  const received = Math.max(0, now.received - before.received);
  const sent = Math.max(0, now.sent - before.sent);
  const sentAltogether = Math.max(0, now.sentAltogether - before.sentAltogether);
  const segmentsIn = sinceOn32Bits(now.segmentsIn, before.segmentsIn);
  const segmentsOut = sinceOn32Bits(now.segmentsOut, before.segmentsOut);
  add(counters, at + PAYLOAD_BYTES, received);
  add(counters, at + DEVICE_BYTES, received + segmentsIn * now.headerBytes);
  add(counters, at + DEVICE_PACKETS, segmentsIn);
  add(counters, at + TX + PAYLOAD_BYTES, sent);
  add(counters, at + TX + DEVICE_BYTES, sentAltogether + segmentsOut * now.headerBytes);
  add(counters, at + TX + DEVICE_PACKETS, segmentsOut);
  return received + sentAltogether + segmentsIn + segmentsOut > 0;
}

/** tcp_fin() moves on to one of these states, and only it does. */
export function hasPeerFinished(state: number): boolean {
  return state === STATE.closeWait || state === STATE.lastAck || state === STATE.closing;
}

/** The same for a socket that is gone, whose state says nothing: it ended in order when its own FIN was acknowledged,
 * which shows as a byte beyond what was sent, on top of the SYN of the side that connected. Wrong by that one byte
 * where only one side had closed. */
export function hadPeerFinished(info: TcpInfo, accepted: boolean): boolean {
  return info.bytesAcked - bytesSentOnce(info) > (accepted ? 0 : 1);
}

function bytesSentOnce(info: TcpInfo): number {
  if (info.bytesSent === undefined || info.bytesRetrans === undefined) return info.bytesAcked;
  return Math.max(0, info.bytesSent - info.bytesRetrans);
}

/** Half the range and more is a counter that went back, not four billion segments. */
function sinceOn32Bits(now: number, before: number): number {
  const difference = (now - before) >>> 0;
  return difference < 0x80000000 ? difference : 0;
}

function add(counters: Float64Array, at: number, value: number): void {
  counters[at] = (counters[at] ?? 0) + value;
}
