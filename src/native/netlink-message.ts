/** The common form of netlink messages (netlink(7), rtnetlink(3)): building requests, walking answers. Pure.
 * Numbers are in the byte order of the machine, little endian on every CPU that is supported. */

/** struct nlmsghdr: u32 length, u16 type, u16 flags, u32 sequence, u32 port. */
export const HEADER_BYTES = 16;
export const FLAG_REQUEST = 1;
export const FLAG_MULTI = 2;
export const FLAG_DUMP_INTERRUPTED = 0x10;
export const FLAG_DUMP = 0x300;
export const FLAG_ACK = 4;
export const FLAG_EXCLUSIVE = 0x200;
export const FLAG_CREATE = 0x400;

/** A request for a whole list: `body` behind the header. */
export function dumpRequest(type: number, body: Uint8Array): Buffer {
  return request(type, FLAG_DUMP, body);
}

/** A request with other flags than those of a list. */
export function request(type: number, flags: number, body: Uint8Array): Buffer {
  const message = Buffer.alloc(HEADER_BYTES + body.length);
  message.writeUInt32LE(message.length, 0);
  message.writeUInt16LE(type, 4);
  message.writeUInt16LE(FLAG_REQUEST | flags, 6);
  message.set(body, HEADER_BYTES);
  return message;
}

/** One attribute with its value, or with attributes inside. */
export function attribute(type: number, value: Uint8Array | readonly Uint8Array[]): Buffer {
  const inside = value instanceof Uint8Array ? value : Buffer.concat(value);
  const whole = Buffer.alloc(aligned(4 + inside.length));
  whole.writeUInt16LE(4 + inside.length, 0);
  whole.writeUInt16LE(type, 2);
  whole.set(inside, 4);
  return whole;
}

/** Calls `visit` for each message of one received part; `at` is where its header starts, `end` where its data ends. */
export function eachMessage(
  part: Buffer,
  visit: (type: number, flags: number, at: number, end: number) => void,
): void {
  let at = 0;
  while (at + HEADER_BYTES <= part.length) {
    const length = part.readUInt32LE(at);
    if (length < HEADER_BYTES || at + length > part.length) return; // no kernel sends this
    visit(part.readUInt16LE(at + 4), part.readUInt16LE(at + 6), at, at + length);
    at += aligned(length);
  }
}

/** Calls `visit` for each attribute (struct rtattr: u16 length, u16 type) between two positions. */
export function eachAttribute(
  part: Buffer,
  start: number,
  end: number,
  visit: (type: number, at: number, end: number) => void,
): void {
  let at = start;
  while (at + 4 <= end) {
    const length = part.readUInt16LE(at);
    if (length < 4 || at + length > end) return;
    visit(part.readUInt16LE(at + 2) & NLA_TYPE_MASK, at + 4, at + length);
    at += aligned(length);
  }
}

/** A u64 counter as a number; exact up to 2^53, eight petabytes. */
export function readUInt64(part: Buffer, at: number): number {
  return part.readUInt32LE(at + 4) * 4_294_967_296 + part.readUInt32LE(at);
}

/** Text of an attribute without its closing zero. */
export function readText(part: Buffer, at: number, end: number): string {
  const zero = part.indexOf(0, at);
  return part.toString("utf8", at, zero === -1 || zero > end ? end : zero);
}

const NLA_TYPE_MASK = 0x3fff; // without NLA_F_NESTED and NLA_F_NET_BYTEORDER

function aligned(length: number): number {
  return (length + 3) & ~3;
}
