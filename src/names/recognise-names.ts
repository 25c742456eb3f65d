/** DNS and what shares its message form (multicast DNS, LLMNR, NetBIOS names), RFC 1035 section 4. */

import { eitherWay, type FirstBytes, type FirstPayload, u8, u16, usesPort } from "./first-bytes.ts";
import type { Recogniser } from "./recogniser.ts";

const HEADER_BYTES = 12;
const MAX_NAME_BYTES = 255;
const MAX_RECORDS = 128;

export const NAME_SERVICES: readonly Recogniser[] = [
  { name: "mdns", over: "udp", test: (flow) => usesPort(flow, 5353) && eitherWay(flow, isMessage) },
  {
    name: "llmnr",
    over: "udp",
    test: (flow) => usesPort(flow, 5355) && eitherWay(flow, isMessage),
  },
  { name: "netbios-ns", over: "udp", test: netbios },
  { name: "dns", over: "udp", test: (flow) => eitherWay(flow, isMessage) },
  { name: "dns", over: "tcp", test: (flow) => eitherWay(flow, isFramed) },
];

// RFC 1002 section 4.2: the same header, and a name of 32 letters, two for each byte.
function netbios(flow: FirstBytes): boolean {
  if (!usesPort(flow, 137)) return false;
  return eitherWay(flow, (one) => isNetbiosMessage(one.bytes) || isMessage(one));
}

function isNetbiosMessage(bytes: Uint8Array): boolean {
  if (bytes.length < 50 || u8(bytes, HEADER_BYTES) !== 32) return false;
  for (let i = 0; i < 32; i++) {
    const letter = u8(bytes, HEADER_BYTES + 1 + i);
    if (letter < 0x41 || letter > 0x50) return false;
  }
  return true;
}

function isMessage({ bytes, payloadBytes }: FirstPayload): boolean {
  return isDnsMessage(bytes, payloadBytes);
}

// RFC 1035 section 4.2.2: two bytes of length in front. A server may send several at once.
function isFramed({ bytes, payloadBytes }: FirstPayload): boolean {
  const length = u16(bytes, 0);
  if (length < HEADER_BYTES + 5 || length > payloadBytes - 2) return false;
  return isDnsMessage(bytes.subarray(2, 2 + length), length);
}

/** Header, one whole question, and the head of the first record behind it have to fit; a bare header is not enough. */
function isDnsMessage(bytes: Uint8Array, payloadBytes: number): boolean {
  if (bytes.length < HEADER_BYTES + 5) return false;
  const flags = u16(bytes, 2);
  const opcode = (flags >> 11) & 0xf;
  if ((flags & 0x0040) !== 0 || ![0, 4, 5].includes(opcode)) return false; // Z is zero; query, notify, update
  const questions = u16(bytes, 4);
  const answers = u16(bytes, 6) + u16(bytes, 8) + u16(bytes, 10);
  const isAnswer = (flags & 0x8000) !== 0;
  if (!isAnswer && (flags & 0x000f) !== 0) return false; // a question has no result
  if (questions > 16 || answers > MAX_RECORDS || questions + answers === 0) return false;
  if (questions === 0 && !isAnswer) return false;
  let at = HEADER_BYTES;
  for (let i = 0; i < questions; i++) {
    at = behindQuestion(bytes, at);
    if (at < 0) return false;
  }
  if (answers > 0) return isRecordHead(bytes, at);
  return at === payloadBytes || (isPadded(bytes, at) && payloadBytes === bytes.length);
}

function isPadded(bytes: Uint8Array, at: number): boolean {
  for (let i = at; i < bytes.length; i++) if (bytes[i] !== 0) return false;
  return true;
}

function behindQuestion(bytes: Uint8Array, from: number): number {
  const at = behindName(bytes, from);
  if (at < 0 || !isType(u16(bytes, at)) || !isClass(u16(bytes, at + 2))) return -1;
  return at + 4;
}

function isRecordHead(bytes: Uint8Array, from: number): boolean {
  const at = behindName(bytes, from);
  if (at < 0) return false;
  const type = u16(bytes, at);
  if (type === 41) return u16(bytes, at + 2) >= 0; // EDNS0 keeps a size where the class was, RFC 6891
  return isType(type) && isClass(u16(bytes, at + 2)) && u16(bytes, at + 8) >= 0;
}

function behindName(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at - from <= MAX_NAME_BYTES) {
    const length = u8(bytes, at);
    if (length === 0) return at + 1;
    if (length >= 0xc0) return u16(bytes, at) - 0xc000 < from ? at + 2 : -1;
    if (length < 0 || length > 63) return -1;
    at += 1 + length;
  }
  return -1;
}

// The registry has types below 270, the two of DNSSEC look-aside and ANY.
function isType(type: number): boolean {
  return (type > 0 && type < 270) || type === 32_768 || type === 32_769;
}

// IN, CH, HS, NONE and ANY; multicast DNS uses the highest bit (RFC 6762 sections 5.4 and 10.2).
function isClass(value: number): boolean {
  const bare = value & 0x7fff;
  return value >= 0 && (bare === 1 || bare === 3 || bare === 4 || bare === 254 || bare === 255);
}
