/** Databases and message brokers: PostgreSQL, MySQL, MongoDB, MQTT, AMQP. */

import {
  bothWays,
  eitherWay,
  type FirstBytes,
  type FirstPayload,
  has,
  latin1,
  u8,
  u16,
  u24le,
  u32,
  u32le,
} from "./first-bytes.ts";
import type { Recogniser } from "./recogniser.ts";

const NO_REQUEST = 0xffff_ffff; // drivers write it where a message answers none
const MAX_MONGO_BYTES = 48_000_000; // the server's own limit of a message

export const DATA: readonly Recogniser[] = [
  { name: "postgresql", over: "tcp", test: (flow) => eitherWay(flow, isPostgresql) },
  { name: "mysql", over: "tcp", test: (flow) => eitherWay(flow, isMysql) },
  { name: "mongodb", over: "tcp", test: (flow) => eitherWay(flow, isMongodb) },
  { name: "mqtt", over: "tcp", test: (flow) => eitherWay(flow, isMqtt) || isMqttPing(flow) },
  { name: "amqp", over: "tcp", test: (flow) => eitherWay(flow, isAmqp) },
];

/** PostgreSQL manual, "Message Formats": SSLRequest, GSSENCRequest, CancelRequest or StartupMessage, with its length. */
function isPostgresql({ bytes, payloadBytes }: FirstPayload): boolean {
  const length = u32(bytes, 0);
  const code = u32(bytes, 4);
  if (code === 0x04d2_162f || code === 0x04d2_1630) return length === 8 && payloadBytes >= 8;
  if (code === 0x04d2_162e) return length >= 16 && length <= 280 && length === payloadBytes;
  if (code !== 0x0003_0000 && code !== 0x0003_0002) return false;
  if (length !== payloadBytes || length > 10_000) return false;
  return latin1(bytes, length).includes("user\0");
}

/** MySQL manual, "Protocol::HandshakeV10": the server's greeting in the connection's first packet. */
function isMysql({ bytes, payloadBytes }: FirstPayload): boolean {
  if (u8(bytes, 3) !== 0 || u8(bytes, 4) !== 10) return false;
  if (u24le(bytes, 0) + 4 !== payloadBytes) return false;
  const end = bytes.indexOf(0, 5);
  if (end < 8 || end > 80) return false;
  for (let i = 5; i < end; i++) if (u8(bytes, i) < 0x20 || u8(bytes, i) > 0x7e) return false;
  // A version number, then four bytes of thread, eight of salt and a zero.
  return (
    /^\d{1,2}\.\d/.test(String.fromCharCode(...bytes.subarray(5, 9))) && u8(bytes, end + 13) === 0
  );
}

/** MongoDB manual, "Wire Protocol": a header that holds the length, and the head of OP_MSG or OP_QUERY. */
function isMongodb({ bytes, payloadBytes }: FirstPayload): boolean {
  const length = u32le(bytes, 0);
  if (length < 21 || length > MAX_MONGO_BYTES || length < payloadBytes) return false;
  const code = u32le(bytes, 12);
  if (code === 2013) return isOpMessage(bytes);
  if (code === 2004) return [0, NO_REQUEST].includes(u32le(bytes, 8)) && isCollection(bytes, 20);
  return code === 2012 && u32le(bytes, 16) === 2013 && length === payloadBytes; // OP_COMPRESSED
}

// Of the flags only three are defined; the body is a section of kind 0 with a document that fits.
function isOpMessage(bytes: Uint8Array): boolean {
  const flags = u32le(bytes, 16);
  if (flags < 0 || (flags & ~0x1_0003) !== 0 || u8(bytes, 20) !== 0) return false;
  const document = u32le(bytes, 21);
  return document >= 5 && document + 21 <= u32le(bytes, 0);
}

function isCollection(bytes: Uint8Array, at: number): boolean {
  const end = bytes.indexOf(0, at);
  if (end - at < 3 || end - at > 250) return false;
  const text = String.fromCharCode(...bytes.subarray(at, end));
  return /^[\x21-\x7e]+\.[\x21-\x7e]+$/.test(text);
}

/** MQTT 3.1 to 5.0, section 3.1: CONNECT with its remaining length, the protocol's name and its level. */
function isMqtt({ bytes, payloadBytes }: FirstPayload): boolean {
  if (u8(bytes, 0) !== 0x10) return false;
  let length = 0;
  let at = 1;
  for (let shift = 0; shift < 28; shift += 7) {
    const byte = u8(bytes, at++);
    if (byte < 0) return false;
    length |= (byte & 0x7f) << shift;
    if (byte < 0x80) break;
  }
  if (length < 12 || length > payloadBytes - at) return false;
  const level = (from: number) => u8(bytes, from) & 0x7f; // the highest bit marks a bridge
  if (has(bytes, at, [0, 4, 0x4d, 0x51, 0x54, 0x54])) return [4, 5].includes(level(at + 6));
  return has(bytes, at, [0, 6, 0x4d, 0x51, 0x49, 0x73, 0x64, 0x70]) && level(at + 8) === 3;
}

/** Sections 3.12 and 3.13: what an idle connection says when its first bytes were before our time. */
function isMqttPing(flow: FirstBytes): boolean {
  const isOnly = (first: number) => (one: FirstPayload) =>
    one.payloadBytes === 2 && has(one.bytes, 0, [first, 0]);
  return bothWays(flow, isOnly(0xc0), isOnly(0xd0));
}

/** AMQP 0-9-1 section 4.2.2 and AMQP 1.0 section 2.2: the protocol header of eight bytes, or a frame. */
function isAmqp({ bytes, payloadBytes }: FirstPayload): boolean {
  if (!has(bytes, 0, [0x41, 0x4d, 0x51, 0x50])) return isAmqpFrame(bytes, payloadBytes);
  const id = u8(bytes, 4);
  if (id === 0 && has(bytes, 5, [0, 9, 1])) return true;
  return [0, 2, 3].includes(id) && has(bytes, 5, [1, 0, 0]);
}

// AMQP 0-9-1 section 2.3.5: a method of a known class, and the end mark where the length says.
function isAmqpFrame(bytes: Uint8Array, payloadBytes: number): boolean {
  const length = u32(bytes, 3);
  if (u8(bytes, 0) !== 1 || length < 4 || length + 8 > payloadBytes) return false;
  const isKnown = [10, 20, 40, 50, 60, 85, 90].includes(u16(bytes, 7)) && u8(bytes, 9) === 0;
  return isKnown && u8(bytes, 7 + length) === 0xce;
}
