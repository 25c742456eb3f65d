/** Finds the QUIC packets in a datagram: RFC 8999 (what all versions have), RFC 9000 section 17.2, RFC 9369. */

import { ByteReader } from "./byte-reader.ts";

export type QuicVersion = 1 | 2;

export type QuicPacketKind =
  | "initial"
  | "zero-rtt"
  | "handshake"
  | "retry"
  | "versions" // a server names the versions that it speaks
  | "unknown"; // of a version that is not known here

export interface QuicPacket {
  readonly kind: QuicPacketKind;
  /** Undefined: another one, or none as in "versions". */
  readonly version: QuicVersion | undefined;
  /** Connection that it is addressed to. */
  readonly destination: Uint8Array;
  /** Where it begins in the datagram, where its packet number is, where it ends. */
  readonly start: number;
  readonly numberAt: number;
  readonly end: number;
}

const VERSIONS: ReadonlyMap<number, QuicVersion> = new Map([
  [0x00000001, 1],
  [0x6b3343cf, 2],
]);
const KINDS = ["initial", "zero-rtt", "handshake", "retry"] as const;
/** Packets looked at in one datagram. */
const PACKET_LIMIT = 8;
const CONNECTION_ID_LIMIT = 20;
const LONG_HEADER = 0x80;
const FIXED_BIT = 0x40;

/** The packets with long headers at the start of a datagram, whole ones only; none: this is not how QUIC begins. */
export function readQuicPackets(datagram: Uint8Array): QuicPacket[] {
  const packets: QuicPacket[] = [];
  for (let at = 0; at < datagram.length && packets.length < PACKET_LIMIT; ) {
    const packet = readLongHeader(datagram, at);
    if (packet === undefined) break;
    packets.push(packet);
    at = packet.end;
  }
  return packets;
}

function readLongHeader(datagram: Uint8Array, start: number): QuicPacket | undefined {
  const reader = new ByteReader(datagram, start);
  const first = reader.u8();
  if ((first & LONG_HEADER) === 0) return undefined;
  const number = reader.u32();
  const destinationBytes = reader.u8();
  const destination = reader.take(destinationBytes);
  const sourceBytes = reader.u8();
  reader.take(sourceBytes);
  if (reader.isShort || Math.max(destinationBytes, sourceBytes) > CONNECTION_ID_LIMIT)
    return undefined;
  const version = VERSIONS.get(number);
  const rest = { destination, start, numberAt: reader.at, end: datagram.length };
  if (number === 0) return { kind: "versions", version, ...rest };
  if (version === undefined)
    return isReserved(number) ? { kind: "unknown", version, ...rest } : undefined;
  if ((first & FIXED_BIT) === 0) return undefined;
  const kind = kindOf(first, version);
  if (kind === "retry") return { kind, version, ...rest };
  if (kind === "initial") reader.take(reader.varint()); // token
  const length = reader.varint();
  if (reader.isShort || length > reader.left) return undefined;
  return { kind, version, ...rest, numberAt: reader.at, end: reader.at + length };
}

/** RFC 9369 section 3.2 counts the types from one further on. */
function kindOf(first: number, version: QuicVersion): (typeof KINDS)[number] {
  const type = (first >> 4) & 3;
  return KINDS[version === 2 ? (type + 3) & 3 : type] ?? "initial";
}

/** Versions that clients send to see whether servers stand unknown ones (RFC 9000 section 15). Any other number may be
 * no QUIC at all. */
function isReserved(number: number): boolean {
  return (number & 0x0f0f0f0f) === 0x0a0a0a0a;
}
