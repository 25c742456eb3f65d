/** Puts the pieces of a QUIC CRYPTO stream in order; browsers cut and shuffle them on purpose. */

import { HANDSHAKE_LIMIT } from "./tls-hello.ts";

/** Pieces kept apart at a time. A real hello comes in a few dozen; what comes after the limit is left. */
export const PIECE_LIMIT = 256;

interface Piece {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

export class CryptoStream {
  #pieces: Piece[] = [];
  #start: Uint8Array = new Uint8Array(0);
  #bytes = 0;

  /** Takes a piece that belongs `offset` bytes from the start; copies it. */
  add(offset: number, bytes: Uint8Array): void {
    const isWanted = bytes.length > 0 && offset + bytes.length > this.#start.length;
    if (!isWanted || offset + bytes.length > HANDSHAKE_LIMIT) return;
    if (this.#pieces.length >= PIECE_LIMIT || this.#bytes + bytes.length > HANDSHAKE_LIMIT) return;
    this.#pieces.push({ offset, bytes: new Uint8Array(bytes) });
    this.#bytes += bytes.length;
  }

  /** What is here from the start without a gap. */
  start(): Uint8Array {
    if (this.#pieces.length === 0) return this.#start;
    this.#pieces.sort((a, b) => a.offset - b.offset);
    const gathered = new Uint8Array(HANDSHAKE_LIMIT);
    gathered.set(this.#start);
    let end = this.#start.length;
    let joined = 0;
    for (const { offset, bytes } of this.#pieces) {
      if (offset > end) break;
      const fresh = bytes.subarray(Math.min(bytes.length, end - offset));
      gathered.set(fresh, end);
      end += fresh.length;
      joined += 1;
    }
    for (const { bytes } of this.#pieces.splice(0, joined)) this.#bytes -= bytes.length;
    this.#start = gathered.slice(0, end);
    return this.#start;
  }
}
