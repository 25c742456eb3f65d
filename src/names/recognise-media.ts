/** Calls and streams: STUN, TURN, RTP and RTCP. */

import {
  bothWays,
  eitherWay,
  type FirstBytes,
  type FirstPayload,
  sameBytes,
  u8,
  u16,
  u32,
} from "./first-bytes.ts";
import type { Recogniser } from "./recogniser.ts";

const MAGIC_COOKIE = 0x2112_a442;
const TURN_METHODS = [3, 4, 6, 7, 8, 9]; // RFC 8656 section 17
const STUN_METHODS = [1, 0x80, ...TURN_METHODS]; // 0x80: Google's ping
const RTP_HEADER_BYTES = 12;
const TS_PACKET_BYTES = 188;
/** Payload types with samples of a fixed size: RFC 3551 table 4. Here the ones of eight kilobytes a second. */
const G711 = [0, 8, 9];

export const MEDIA: readonly Recogniser[] = [
  { name: "stun", over: "both", test: stun },
  { name: "rtcp", over: "udp", test: (flow) => eitherWay(flow, isRtcp) },
  { name: "rtp", over: "udp", test: rtp },
];

function stun(flow: FirstBytes): boolean | string {
  if (eitherWay(flow, (one) => TURN_METHODS.includes(stunMethod(one)))) return "turn";
  return eitherWay(flow, (one) => stunMethod(one) >= 0) || isClassicStun(flow);
}

// RFC 3489 section 11.1, without a cookie: a binding request and the answer with its 16 bytes of transaction.
function isClassicStun(flow: FirstBytes): boolean {
  const isOf = (type: number) => (one: FirstPayload) =>
    u16(one.bytes, 0) === type && u16(one.bytes, 2) + 20 === one.payloadBytes;
  if (!bothWays(flow, isOf(0x0001), isOf(0x0101))) return false;
  const { sent, received } = flow;
  if (sent === undefined || received === undefined) return false;
  return sameBytes([sent.bytes, 4], [received.bytes, 4], 16);
}

/** RFC 8489 section 5: zero bits, the magic cookie and a length that is the payload's; -1 where it is none. */
function stunMethod({ bytes, payloadBytes }: FirstPayload): number {
  const type = u16(bytes, 0);
  const length = u16(bytes, 2);
  if (type < 0 || type > 0x3fff || u32(bytes, 4) !== MAGIC_COOKIE) return -1;
  // Microsoft's do not pad; then nothing may follow.
  const isPadded = length % 4 === 0;
  if (isPadded ? length + 20 > payloadBytes : length + 20 !== payloadBytes) return -1;
  const method = (type & 0x000f) | ((type & 0x00e0) >> 1) | ((type & 0x3e00) >> 2);
  return STUN_METHODS.includes(method) ? method : -1;
}

/** RFC 3550 section 6.1: a compound packet begins with a report, whose length follows from its number of blocks. */
function isRtcp({ bytes, payloadBytes }: FirstPayload): boolean {
  const first = u8(bytes, 0);
  if (first >> 6 !== 2 || (first & 0x20) !== 0) return false;
  const type = u8(bytes, 1);
  if (type !== 200 && type !== 201) return false;
  const blocks = (first & 0x1f) * 24 + (type === 200 ? 28 : 8);
  const length = u16(bytes, 2) * 4 + 4;
  if (length < blocks || length > blocks + 64 || length > payloadBytes) return false;
  return length === payloadBytes || isRtcpFollower(bytes, length);
}

// What follows is another packet, or encrypted (RFC 3711 section 3.4: at least the index and the tag, 14 bytes).
function isRtcpFollower(bytes: Uint8Array, at: number): boolean {
  if (u8(bytes, at) >> 6 === 2 && u8(bytes, at + 1) >= 200 && u8(bytes, at + 1) <= 207) return true;
  return bytes.length - at === 14;
}

/**
 * RFC 3550 section 5.1. Its header has little that is fixed, so one packet only counts with a content that can be
 * checked; else both directions have to carry the same kind of stream.
 */
function rtp(flow: FirstBytes): boolean {
  if (eitherWay(flow, (one) => isRtp(one) && hasKnownContent(one, flow))) return true;
  return bothWays(flow, isRtp, isRtp) && isSameStream(flow);
}

function isRtp({ bytes, payloadBytes }: FirstPayload): boolean {
  const first = u8(bytes, 0);
  if ((first !== 0x80 && first !== 0x90) || payloadBytes <= RTP_HEADER_BYTES) return false;
  const type = u8(bytes, 1) & 0x7f;
  const isAssigned = type <= 18 || type === 25 || type === 26 || (type >= 28 && type <= 34);
  if (!isAssigned && type < 96) return false;
  // The profile of a header extension that is in use: RFC 8285 section 4.
  if (first === 0x90) return u16(bytes, 12) === 0xbede || u16(bytes, 12) === 0x1000;
  return u32(bytes, 8) > 0;
}

function hasKnownContent({ bytes, payloadBytes }: FirstPayload, flow: FirstBytes): boolean {
  const type = u8(bytes, 1) & 0x7f;
  const content = payloadBytes - RTP_HEADER_BYTES;
  if (type === 33) return content % TS_PACKET_BYTES === 0 && u8(bytes, RTP_HEADER_BYTES) === 0x47;
  return (
    G711.includes(type) &&
    u8(bytes, 0) === 0x80 &&
    content === 160 &&
    (isStart(bytes) || hasEvenPorts(flow))
  );
}

// A stream's first packet of speech is marked (RFC 3551 section 4.1).
function isStart(bytes: Uint8Array): boolean {
  return (u8(bytes, 1) & 0x80) !== 0;
}

// RFC 3550 section 11: RTP has the even port, RTCP the next one.
function hasEvenPorts({ localPort, remotePort }: FirstBytes): boolean {
  return localPort % 2 === 0 && remotePort % 2 === 0 && localPort >= 1024 && remotePort >= 1024;
}

function isSameStream({ sent, received }: FirstBytes): boolean {
  if (sent === undefined || received === undefined) return false;
  const sameType = ((u8(sent.bytes, 1) ^ u8(received.bytes, 1)) & 0x7f) === 0;
  return sameType && u32(sent.bytes, 8) !== u32(received.bytes, 8);
}
