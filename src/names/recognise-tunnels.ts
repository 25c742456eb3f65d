/** Virtual private networks: WireGuard, OpenVPN and IKE. Tor means to look like TLS, and does. */

import {
  bothWays,
  eitherWay,
  type FirstBytes,
  type FirstPayload,
  has,
  hasZeros,
  sameBytes,
  u8,
  u16,
  u32,
  usesPort,
} from "./first-bytes.ts";
import type { Recogniser } from "./recogniser.ts";

const NAT_TRAVERSAL_PORT = 4500;
const RESET_CLIENT = [0x38, 0x50]; // opcode 7 and 10 with key 0
const RESET_SERVER = 0x40;
/** Where the packet number stands behind no, an MD5, SHA-1, SHA-256 or SHA-512 digest. */
const NUMBER_AT = [9, 25, 29, 41, 73];
const FIRST_NUMBERS = [1, 0x0f00_0001]; // the second asks for a cookie exchange (OpenVPN 2.6)
const SECONDS_2010 = 1_262_304_000;
const SECONDS_2100 = 4_102_444_800;

export const TUNNELS: readonly Recogniser[] = [
  { name: "wireguard", over: "udp", test: wireguard },
  { name: "openvpn", over: "both", test: openvpn },
  { name: "ike", over: "udp", test: ike },
];

/** The WireGuard paper, section 5.4: a type with three zero bytes, and the exact size of each message. */
function wireguard(flow: FirstBytes): boolean {
  if (eitherWay(flow, ({ bytes, payloadBytes }) => isData(bytes, payloadBytes))) return true;
  if (eitherWay(flow, isQuietInitiation)) return true;
  return bothWays(flow, isInitiation, isResponse) && namesSender(flow);
}

function isInitiation({ bytes, payloadBytes }: FirstPayload): boolean {
  return payloadBytes === 148 && has(bytes, 0, [1, 0, 0, 0]);
}

function isResponse({ bytes, payloadBytes }: FirstPayload): boolean {
  return payloadBytes === 92 && has(bytes, 0, [2, 0, 0, 0]);
}

// The second message authentication code is zero but under load (section 5.4.4).
function isQuietInitiation(one: FirstPayload): boolean {
  return isInitiation(one) && one.bytes.length === 148 && hasZeros(one.bytes, 132, 16);
}

// Padded to 16 bytes; the counter starts at 0 with each session and ends far below 2^40.
function isData(bytes: Uint8Array, payloadBytes: number): boolean {
  if (!has(bytes, 0, [4, 0, 0, 0]) || payloadBytes < 32 || payloadBytes % 16 !== 0) return false;
  return hasZeros(bytes, 13, 3);
}

function namesSender({ sent, received }: FirstBytes): boolean {
  if (sent === undefined || received === undefined) return false;
  return u8(sent.bytes, 0) === 1
    ? sameBytes([sent.bytes, 4], [received.bytes, 8], 4)
    : sameBytes([received.bytes, 4], [sent.bytes, 8], 4);
}

/** OpenVPN's doc/doxygen/doc_protocol_overview.h: a hard reset of the client, and one of the server that answers it. */
function openvpn(flow: FirstBytes): boolean {
  const packet = (one: FirstPayload | undefined) => openvpnPacket(flow.isUdp, one);
  const [sent, received] = [packet(flow.sent), packet(flow.received)];
  if (isPlainReset(sent) || isPlainReset(received)) return true;
  if (sent === undefined || received === undefined) return false;
  return isAnswered(sent, received) || isAnswered(received, sent);
}

// Over TCP two bytes of length go in front.
function openvpnPacket(isUdp: boolean, one: FirstPayload | undefined): Uint8Array | undefined {
  if (one === undefined || isUdp) return one?.bytes;
  const length = u16(one.bytes, 0);
  return length >= 14 && length <= one.payloadBytes - 2
    ? one.bytes.subarray(2, 2 + length)
    : undefined;
}

// Without further keys: opcode, session, no acknowledgements, packet 0.
function isPlainReset(bytes: Uint8Array | undefined): boolean {
  if (bytes === undefined || bytes.length !== 14) return false;
  return RESET_CLIENT.includes(u8(bytes, 0)) && hasZeros(bytes, 9, 5) && !hasZeros(bytes, 1, 8);
}

function isAnswered(request: Uint8Array, answer: Uint8Array): boolean {
  if (!RESET_CLIENT.includes(u8(request, 0)) || u8(answer, 0) !== RESET_SERVER) return false;
  return holds(answer, request.subarray(1, 9)) || (isDated(request) && isDated(answer));
}

// The server repeats the client's session in its acknowledgement.
function holds(answer: Uint8Array, session: Uint8Array): boolean {
  for (let at = 9; at + 8 <= Math.min(answer.length, 120); at++) {
    if (sameBytes([answer, at], [session, 0], 8)) return true;
  }
  return false;
}

// With tls-crypt the acknowledgement is hidden, but packet number and time are not.
function isDated(bytes: Uint8Array): boolean {
  return NUMBER_AT.some((at) => {
    const seconds = u32(bytes, at + 4);
    return (
      FIRST_NUMBERS.includes(u32(bytes, at)) && seconds > SECONDS_2010 && seconds < SECONDS_2100
    );
  });
}

// RFC 3948 section 2.2: on port 4500 four zero bytes mark what is no ESP.
function ike(flow: FirstBytes): boolean {
  return eitherWay(flow, ({ bytes, payloadBytes }) => {
    if (usesPort(flow, NAT_TRAVERSAL_PORT) && hasZeros(bytes, 0, 4))
      return isIke(bytes.subarray(4), payloadBytes - 4);
    return isIke(bytes, payloadBytes);
  });
}

/** RFC 7296 section 3.1 and RFC 2408 section 3.1: the header with the whole length, of an exchange that opens. */
function isIke(bytes: Uint8Array, payloadBytes: number): boolean {
  if (u32(bytes, 24) !== payloadBytes || hasZeros(bytes, 0, 8)) return false;
  const version = u8(bytes, 17);
  const exchange = u8(bytes, 18);
  const flags = u8(bytes, 19);
  if (version === 0x20) {
    const isFlagged = (flags & ~0x38) === 0;
    return exchange >= 34 && exchange <= 37 && isFlagged && u32(bytes, 20) < 0x1_0000;
  }
  // Main, aggressive, informational and quick mode.
  return version === 0x10 && [2, 4, 5, 32].includes(exchange) && flags <= 7 && u8(bytes, 16) <= 21;
}
