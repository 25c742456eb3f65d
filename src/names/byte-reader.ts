/** Reads numbers and pieces in network byte order. Never throws: reading beyond the end gives zeros and is remembered. */

const NOTHING = new Uint8Array(0);

/** Bytes as text, one character each, whatever they are: to be looked at, not to be shown. */
export function latin1Text(bytes: Uint8Array, length = bytes.length): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(length, bytes.length)).toString(
    "latin1",
  );
}

export class ByteReader {
  readonly bytes: Uint8Array;
  /** Position of the next byte. */
  at: number;
  readonly end: number;
  /** True once something was asked for that is not there. */
  isShort = false;

  constructor(bytes: Uint8Array, at = 0, end = bytes.length) {
    this.bytes = bytes;
    this.at = at;
    this.end = Math.min(end, bytes.length);
  }

  /** Bytes that are left. */
  get left(): number {
    return this.end - this.at;
  }

  /** True while a loop over what is here may go on. */
  get hasMore(): boolean {
    return !this.isShort && this.at < this.end;
  }

  u8(): number {
    if (this.at >= this.end) {
      this.isShort = true;
      return 0;
    }
    return this.bytes[this.at++] as number;
  }

  u16(): number {
    return this.u8() * 0x100 + this.u8();
  }

  u24(): number {
    return this.u16() * 0x100 + this.u8();
  }

  u32(): number {
    return this.u16() * 0x10000 + this.u16();
  }

  /** A variable-length integer of QUIC, RFC 9000 section 16. Values above 2^53 lose precision, but stay too large. */
  varint(): number {
    const first = this.u8();
    let value = first & 0x3f;
    for (let more = (1 << (first >> 6)) - 1; more > 0; more--) value = value * 0x100 + this.u8();
    return value;
  }

  /** The next `length` bytes, not copied; nothing where fewer are left. */
  take(length: number): Uint8Array {
    if (length > this.left) {
      this.isShort = true;
      this.at = this.end;
      return NOTHING;
    }
    this.at += length;
    return this.bytes.subarray(this.at - length, this.at);
  }

  /** A reader of the next `length` bytes, or of those that are here: then this one is short, and so is what it lacks. */
  within(length: number): ByteReader {
    const start = this.at;
    if (length > this.left) this.isShort = true;
    this.at = Math.min(start + length, this.end);
    return new ByteReader(this.bytes, start, this.at);
  }
}
