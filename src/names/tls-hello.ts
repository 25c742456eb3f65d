/** Reads the hellos that open a TLS connection: RFC 8446 section 4.1, 6066 (server name), 7301 (ALPN). */

import { ByteReader } from "./byte-reader.ts";
import { type ClientHello, readClientHello } from "./client-hello.ts";
import { readServerHello, type ServerHello } from "./server-hello.ts";

/** Bytes of a handshake message that are gathered. Hellos with post-quantum keys have 2,000 or 3,000. */
export const HANDSHAKE_LIMIT = 16_384;
const RECORD_LIMIT = 64;
const RECORD_HEADER_BYTES = 5;
const HANDSHAKE_RECORD = 22;
const CLIENT_HELLO = 1;
const SERVER_HELLO = 2;

/** The Client Hello at the start of what a client sent, as much of it as is here; undefined where there is none. */
export function parseClientHello(stream: Uint8Array): ClientHello | undefined {
  const message = handshake(stream);
  return message === undefined ? undefined : parseHandshakeHello(message);
}

/** The same without the record layer, as QUIC carries it. */
export function parseHandshakeHello(message: Uint8Array): ClientHello | undefined {
  const reader = new ByteReader(message);
  if (reader.left > 0 && reader.u8() !== CLIENT_HELLO) return undefined;
  return readClientHello(reader.within(reader.u24()), () => reader.isShort);
}

/** The Server Hello at the start of what a server sent; undefined where there is none or it is cut. */
export function parseServerHello(stream: Uint8Array): ServerHello | undefined {
  const message = handshake(stream);
  if (message === undefined) return undefined;
  const reader = new ByteReader(message);
  if (reader.u8() !== SERVER_HELLO) return undefined;
  return readServerHello(reader.within(reader.u24()));
}

/** The handshake bytes in the records at the start: RFC 8446 section 5.1 lets a message span several. */
function handshake(stream: Uint8Array): Uint8Array | undefined {
  if (!isHandshakeRecord(stream, 0)) return undefined;
  const pieces: Uint8Array[] = [];
  let length = 0;
  for (let at = 0, i = 0; i < RECORD_LIMIT && isHandshakeRecord(stream, at); i++) {
    const size = (stream[at + 3] ?? 0) * 0x100 + (stream[at + 4] ?? 0);
    const start = at + RECORD_HEADER_BYTES;
    const piece = stream.subarray(start, start + size);
    pieces.push(piece);
    length += piece.length;
    at = start + size;
    if (length >= HANDSHAKE_LIMIT || isWhole(pieces[0], length)) break;
  }
  return pieces.length === 1 ? pieces[0] : joined(pieces, length);
}

/** True where the first message ends within `length`: what follows is not wanted. */
function isWhole(first: Uint8Array | undefined, length: number): boolean {
  if (first === undefined || first.length < 4) return false;
  return length >= 4 + new ByteReader(first, 1).u24();
}

/** Three bytes are enough to say so: type 22 and a version of 3.0 to 3.4. */
function isHandshakeRecord(stream: Uint8Array, at: number): boolean {
  return stream[at] === HANDSHAKE_RECORD && stream[at + 1] === 3 && (stream[at + 2] ?? 5) <= 4;
}

function joined(pieces: readonly Uint8Array[], length: number): Uint8Array {
  const all = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}
