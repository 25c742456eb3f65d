/** HTTP/1, HTTP/2, RTSP, SIP, SSDP, TLS, DTLS and QUIC by their first bytes. */

import {
  bothWays,
  eitherWay,
  type FirstBytes,
  type FirstPayload,
  has,
  u8,
  u16,
  u24,
  u32,
  usesPort,
} from "./first-bytes.ts";
import type { Recogniser } from "./recogniser.ts";

const HTTP_METHODS =
  "GET|HEAD|POST|PUT|DELETE|CONNECT|OPTIONS|TRACE|PATCH|PROPFIND|PROPPATCH|MKCOL|COPY|MOVE|LOCK|UNLOCK|REPORT|SEARCH|PRI";
// RFC 9112 section 3: method, target and version, and the end of the line. Attackers put spaces in targets.
const HTTP_REQUEST = new RegExp(`^(?:${HTTP_METHODS}) [\\x20-\\x7e]{1,2000} HTTP/1\\.[01]\\r?\\n`);
// RFC 9112 section 4.
const HTTP_ANSWER = /^HTTP\/1\.[01] [1-5]\d\d(?: [^\r\n]{0,200})?\r?\n/;
const HTTP_CUT = new RegExp(`^(?:${HTTP_METHODS}) (?:/|https?://)[\\x21-\\x7e]{1000,}$`);
const UPGRADE = /\r\nupgrade:[ \t]*websocket\b/i;
// RFC 9113 section 3.4: the connection preface.
const HTTP2_PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
// UPnP Device Architecture 2.0, section 1: HTTP-like messages over UDP.
const SSDP = /^(?:M-SEARCH \* HTTP\/1\.1|NOTIFY \* HTTP\/1\.1|HTTP\/1\.1 200 OK)\r\n/;
// RFC 3261 section 7, with the methods of its extensions.
const SIP_REQUEST =
  /^(?:INVITE|ACK|BYE|CANCEL|REGISTER|OPTIONS|PRACK|SUBSCRIBE|NOTIFY|PUBLISH|INFO|REFER|MESSAGE|UPDATE) (?:sips?|tel):[\x21-\x7e]{1,1000} SIP\/2\.0\r\n/;
const SIP_ANSWER = /^SIP\/2\.0 [1-6]\d\d [^\r\n]{0,200}\r\n/;
// RFC 2326 section 6 and RFC 7826 section 7.
const RTSP_REQUEST =
  /^(?:OPTIONS|DESCRIBE|ANNOUNCE|SETUP|PLAY|PAUSE|TEARDOWN|GET_PARAMETER|SET_PARAMETER|REDIRECT|RECORD) (?:\*|rtsps?:[\x21-\x7e]{1,1000}) RTSP\/[12]\.0\r?\n/;
const RTSP_ANSWER = /^RTSP\/[12]\.0 [1-5]\d\d [^\r\n]{0,200}\r?\n/;

const HANDSHAKE = 22;
const ALERT = 21;
const APPLICATION_DATA = 23;
const MAX_RECORD_BYTES = 0x4000 + 2048;
const KNOWN_QUIC_VERSIONS = new Set([1, 0x6b33_43cf]); // RFC 9000, RFC 9369
const QUIC_CLIENT_INITIAL_BYTES = 1200; // RFC 9000 section 14.1: smaller ones must be dropped

export const WEB: readonly Recogniser[] = [
  { name: "tls", over: "tcp", test: tls },
  { name: "http2", over: "tcp", test: (flow) => eitherWay(flow, isHttp2) },
  { name: "http", over: "tcp", test: http },
  { name: "sip", over: "both", test: (flow) => eitherWay(flow, isSip) },
  { name: "rtsp", over: "tcp", test: (flow) => eitherWay(flow, isRtsp) },
  { name: "ssdp", over: "udp", test: ssdp },
  { name: "dtls", over: "udp", test: (flow) => eitherWay(flow, isDtls) },
  { name: "quic", over: "udp", test: (flow) => eitherWay(flow, isQuic) },
];

function http(flow: FirstBytes): boolean | string {
  if (!eitherWay(flow, isHttp)) return false;
  return eitherWay(flow, ({ text }) => UPGRADE.test(text)) ? "websocket" : true;
}

function isHttp({ text, bytes, payloadBytes }: FirstPayload): boolean {
  if (text === "" || text.startsWith("PRI *")) return false;
  if (HTTP_REQUEST.test(text) || HTTP_ANSWER.test(text)) return true;
  return payloadBytes > bytes.length && HTTP_CUT.test(text); // a target longer than what was copied
}

function isHttp2({ text }: FirstPayload): boolean {
  return text.startsWith(HTTP2_PREFACE);
}

function isSip({ text }: FirstPayload): boolean {
  return text !== "" && (SIP_REQUEST.test(text) || SIP_ANSWER.test(text));
}

function isRtsp({ text }: FirstPayload): boolean {
  return text !== "" && (RTSP_REQUEST.test(text) || RTSP_ANSWER.test(text));
}

// The answer to a search looks like HTTP; only the port or a service type tells it apart.
function ssdp(flow: FirstBytes): boolean {
  return eitherWay(flow, ({ text }) => {
    if (text === "" || !SSDP.test(text)) return false;
    return !text.startsWith("HTTP") || usesPort(flow, 1900) || /\r\nST:/i.test(text);
  });
}

// A connection older than the daemon shows its records only: whole ones up to the end, or one in each direction.
function tls(flow: FirstBytes): boolean {
  if (eitherWay(flow, isTls) || eitherWay(flow, areRecords)) return true;
  return bothWays(flow, opensWithData, opensWithData);
}

function opensWithData({ bytes }: FirstPayload): boolean {
  const length = u16(bytes, 3);
  return has(bytes, 0, [APPLICATION_DATA, 3, 3]) && length >= 17 && length <= MAX_RECORD_BYTES;
}

function areRecords(one: FirstPayload): boolean {
  if (!opensWithData(one)) return false;
  let at = 0;
  while (at < one.bytes.length && opensWithData({ ...one, bytes: one.bytes.subarray(at) }))
    at += 5 + u16(one.bytes, at + 3);
  return at === one.payloadBytes;
}

/** RFC 8446 sections 5.1 and 4: a handshake record that opens with a hello, or an alert. TLS 1.0 to 1.3, SSL 3. */
function isTls({ bytes }: FirstPayload): boolean {
  const type = u8(bytes, 0);
  if (u8(bytes, 1) !== 3 || u8(bytes, 2) > 4) return false;
  const length = u16(bytes, 3);
  if (type === ALERT) return isAlert(bytes, length);
  if (type !== HANDSHAKE || length < 40 || length > MAX_RECORD_BYTES) return false;
  return isHello(bytes, 5, u24(bytes, 6));
}

// Level warning or fatal, and a description of the registry, with nothing behind it.
function isAlert(bytes: Uint8Array, length: number): boolean {
  const level = u8(bytes, 5);
  const description = u8(bytes, 6);
  return bytes.length === 7 && length === 2 && (level === 1 || level === 2) && description <= 121;
}

// Client or server hello: version, 32 random bytes, and a session id of at most 32.
function isHello(bytes: Uint8Array, at: number, length: number): boolean {
  const type = u8(bytes, at);
  if (type !== 1 && type !== 2) return false;
  if (length < 38 || length > 0x1_0000) return false;
  if (u8(bytes, at + 4) !== 3 || u8(bytes, at + 5) > 4) return false;
  return u8(bytes, at + 38) <= 32;
}

/** RFC 6347 section 4.1: a handshake record of epoch 0 with a hello or a hello verify request. */
function isDtls({ bytes }: FirstPayload): boolean {
  if (u8(bytes, 0) !== HANDSHAKE || u8(bytes, 1) !== 0xfe) return false;
  const version = u8(bytes, 2);
  if (version !== 0xff && version !== 0xfd) return false; // 1.0; 1.2 and the record version of 1.3
  if (u16(bytes, 3) !== 0) return false;
  const type = u8(bytes, 13);
  if (type < 1 || type > 3) return false;
  const fragment = u24(bytes, 22);
  if (u24(bytes, 19) + fragment > u24(bytes, 14)) return false;
  return u16(bytes, 11) >= fragment + 12 && u16(bytes, 11) <= MAX_RECORD_BYTES;
}

/** RFC 9000 section 17.2: a long header of a known version with plausible identifiers, or Google's older one. */
function isQuic({ bytes, payloadBytes }: FirstPayload): boolean {
  const first = u8(bytes, 0);
  if (first < 0x80) return isGoogleQuic(bytes);
  const version = u32(bytes, 1);
  if (first >= 0xc0 && isGoogleVersion(bytes)) return payloadBytes >= 20;
  const destination = u8(bytes, 5);
  const source = u8(bytes, 6 + destination);
  if (destination < 0 || destination > 20 || source < 0 || source > 20) return false;
  const rest = 7 + destination + source;
  if (version === 0) return isVersionNegotiation(bytes, rest);
  if ((first & 0x40) === 0 || !(isQuicVersion(version) || isGreased(version, payloadBytes)))
    return false;
  if (destination + source < 8) return false;
  if (isRetry(first, version)) return payloadBytes >= rest + 16;
  const at = isInitial(first, version) ? behindToken(bytes, rest) : rest;
  const { value: length, next } = varint(bytes, at);
  return length >= 20 && next + length <= Math.max(payloadBytes, QUIC_CLIENT_INITIAL_BYTES);
}

// Version 2 turned the packet types (RFC 9369 section 3.2).
function isInitial(first: number, version: number): boolean {
  return ((first >> 4) & 3) === (version === 0x6b33_43cf ? 1 : 0);
}

function isRetry(first: number, version: number): boolean {
  return ((first >> 4) & 3) === (version === 0x6b33_43cf ? 0 : 3);
}

function behindToken(bytes: Uint8Array, at: number): number {
  const { value, next } = varint(bytes, at);
  return next + value;
}

function isQuicVersion(version: number): boolean {
  if (KNOWN_QUIC_VERSIONS.has(version)) return true;
  const prefix = Math.floor(version / 256);
  return prefix === 0xff_0000 || prefix === 0xff_0200 || prefix === 0xfa_ceb0; // drafts of the IETF (1 and 2) and of mvfst
}

// Section 15: versions that ask for a negotiation, in a whole first datagram.
function isGreased(version: number, payloadBytes: number): boolean {
  return (version & 0x0f0f_0f0f) === 0x0a0a_0a0a && payloadBytes >= QUIC_CLIENT_INITIAL_BYTES;
}

// "Q046", "Q050", "T051": Google's versions between its own header and the standard's.
function isGoogleVersion(bytes: Uint8Array): boolean {
  if (u8(bytes, 1) !== 0x51 && u8(bytes, 1) !== 0x54) return false;
  return u8(bytes, 2) === 0x30 && isDigit(u8(bytes, 3)) && isDigit(u8(bytes, 4));
}

// Section 17.2.1: whole version numbers up to the end, one of them known or one to exercise (section 15).
function isVersionNegotiation(bytes: Uint8Array, at: number): boolean {
  const rest = bytes.length - at;
  if (rest < 4 || rest % 4 !== 0 || rest > 128) return false;
  for (let i = at; i < bytes.length; i += 4) {
    if (isQuicVersion(u32(bytes, i)) || isGoogleVersion(bytes.subarray(i - 1))) return true;
  }
  return false;
}

// "QUIC Crypto" and its wire layout: flags with a version, eight bytes of identifier, "Q0" and two digits.
function isGoogleQuic(bytes: Uint8Array): boolean {
  const flags = u8(bytes, 0);
  if (flags !== 0x09 && flags !== 0x0d && flags !== 0x19) return false;
  if (u16(bytes, 9) !== 0x5130 || bytes.length < 20) return false;
  return isDigit(u8(bytes, 11)) && isDigit(u8(bytes, 12));
}

function isDigit(byte: number): boolean {
  return byte >= 0x30 && byte <= 0x39;
}

/** RFC 9000 section 16; a value behind the end counts as endless, so that no length fits it. */
function varint(bytes: Uint8Array, at: number): { value: number; next: number } {
  const first = u8(bytes, at);
  const length = 1 << (first >> 6);
  if (first < 0 || length > 4) return { value: Number.POSITIVE_INFINITY, next: at };
  let value = first & 0x3f;
  for (let i = 1; i < length; i++) value = value * 256 + u8(bytes, at + i);
  return { value, next: at + length };
}
