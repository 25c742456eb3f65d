/** Reads the TLS Client Hello from a client's first QUIC datagrams: RFC 9000, 9001, 9369 (version 2). */

import { ByteReader } from "./byte-reader.ts";
import type { ClientHello } from "./client-hello.ts";
import { CryptoStream } from "./crypto-stream.ts";
import { clientKeys, type InitialKeys, openInitial } from "./quic-keys.ts";
import { type QuicPacket, type QuicVersion, readQuicPackets } from "./quic-packet.ts";
import { parseHandshakeHello } from "./tls-hello.ts";

/** Initials that are opened for one connection, each at the cost of some 60 microseconds; hellos come in one to three. */
export const INITIAL_LIMIT = 12;
const FRAME_LIMIT = 512;

const PADDING = 0;
const PING = 1;
const ACK = 2;
const ACK_WITH_ECN = 3;
const CRYPTO = 6;

/** One connection's beginning, as far as its client sent it. */
export class QuicInitials {
  readonly #stream = new CryptoStream();
  #keys: InitialKeys | undefined;
  #keysOf = "";
  #opened = 0;
  #version: QuicVersion | undefined;
  #hello: ClientHello | undefined;

  /** The version of the client's Initials; undefined: none was seen that could be opened. */
  get version(): QuicVersion | undefined {
    return this.#version;
  }

  /** As much as could be read yet. */
  get hello(): ClientHello | undefined {
    return this.#hello;
  }

  /** True where further datagrams cannot bring more. */
  get isDone(): boolean {
    return this.#hello?.isComplete === true || this.#opened >= INITIAL_LIMIT;
  }

  /** Takes what the client sent in one datagram, in any order. */
  add(datagram: Uint8Array): void {
    for (const packet of readQuicPackets(datagram)) {
      if (packet.kind !== "initial" || packet.version === undefined || this.isDone) continue;
      this.#opened += 1;
      const frames = this.#open(datagram, packet, packet.version);
      if (frames === undefined) continue;
      this.#version = packet.version;
      readCryptoFrames(frames, this.#stream);
    }
    const start = this.#stream.start();
    if (start.length > 0) this.#hello = parseHandshakeHello(start);
  }

  // The keys stay those of the first Initial, though later ones go to the name that the server chose. After a Retry
  // they are made anew, and the hello is sent again (RFC 9001 section 5.2).
  #open(datagram: Uint8Array, packet: QuicPacket, version: QuicVersion): Uint8Array | undefined {
    const opened = this.#keys && openInitial(datagram, packet, this.#keys);
    const keysOf = `${version} ${Buffer.from(packet.destination).toString("hex")}`;
    if (opened !== undefined || keysOf === this.#keysOf) return opened;
    const keys = clientKeys(packet.destination, version);
    const anew = openInitial(datagram, packet, keys);
    if (anew === undefined) return undefined;
    this.#keys = keys;
    this.#keysOf = keysOf;
    return anew;
  }
}

/** The version and kind of the first packet of a datagram; undefined: it is no QUIC of a known version. */
export function quicStart(datagram: Uint8Array): Pick<QuicPacket, "kind" | "version"> | undefined {
  const [packet] = readQuicPackets(datagram);
  return packet && { kind: packet.kind, version: packet.version };
}

/** The frames that RFC 9000 section 17.2.2 allows in an Initial; anything else ends the reading. */
function readCryptoFrames(frames: Uint8Array, stream: CryptoStream): void {
  const reader = new ByteReader(frames);
  for (let i = 0; i < FRAME_LIMIT && reader.hasMore; i++) {
    const type = reader.u8();
    if (type === CRYPTO) {
      const offset = reader.varint();
      const content = reader.take(reader.varint());
      if (!reader.isShort) stream.add(offset, content);
    } else if (type === PADDING) skipPadding(reader);
    else if (type === ACK || type === ACK_WITH_ECN) skipAck(reader, type);
    else if (type !== PING) return;
  }
}

function skipPadding(reader: ByteReader): void {
  while (reader.hasMore && reader.bytes[reader.at] === PADDING) reader.at += 1;
}

function skipAck(reader: ByteReader, type: number): void {
  reader.varint(); // largest acknowledged
  reader.varint(); // delay
  const ranges = reader.varint();
  reader.varint(); // first range
  for (let i = 0; i < ranges && reader.hasMore; i++) {
    reader.varint();
    reader.varint();
  }
  for (let i = 0; i < 3 && type === ACK_WITH_ECN; i++) reader.varint();
}
