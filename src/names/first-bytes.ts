/** What a flow said first, in both directions, and small readers over it that never run past the end. */

/** Enough for a request line with its headers, or a certificate-free greeting; more is not looked at as text. */
const MAX_TEXT_BYTES = 2048;

/** The first payload of one direction. Hostile: whatever a network or a program sends. */
export interface FirstPayload {
  readonly bytes: Uint8Array;
  /** Length before it was cut; lengths in headers are held against it. */
  readonly payloadBytes: number;
  /** Its start, one character for each byte; "" where the first byte is no text. */
  readonly text: string;
}

export interface FirstBytes {
  readonly isUdp: boolean;
  readonly localPort: number;
  readonly remotePort: number;
  readonly sent: FirstPayload | undefined;
  readonly received: FirstPayload | undefined;
}

/** undefined where nothing was seen in this direction. */
export function firstPayload(
  bytes: Uint8Array | undefined,
  payloadBytes?: number,
): FirstPayload | undefined {
  if (bytes === undefined || bytes.length === 0) return undefined;
  const length = Math.max(payloadBytes ?? 0, bytes.length);
  return {
    bytes,
    payloadBytes: length,
    text: startsAsText(bytes) ? latin1(bytes, MAX_TEXT_BYTES) : "",
  };
}

/** Whether one of both directions passes; the other, which may be missing, comes as second argument. */
export function eitherWay(
  flow: FirstBytes,
  test: (one: FirstPayload, other: FirstPayload | undefined) => boolean,
): boolean {
  const { sent, received } = flow;
  if (sent !== undefined && test(sent, received)) return true;
  return received !== undefined && test(received, sent);
}

/** Whether one of both directions passes the first test and the other one the second. */
export function bothWays(
  flow: FirstBytes,
  request: (one: FirstPayload) => boolean,
  answer: (one: FirstPayload) => boolean,
): boolean {
  const { sent, received } = flow;
  if (sent === undefined || received === undefined) return false;
  return (request(sent) && answer(received)) || (request(received) && answer(sent));
}

export function usesPort(flow: FirstBytes, ...ports: readonly number[]): boolean {
  return ports.includes(flow.localPort) || ports.includes(flow.remotePort);
}

/** -1 behind the end, which no protocol has. */
export function u8(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? -1;
}

/** Big endian; -1 where it runs past the end. */
export function u16(bytes: Uint8Array, at: number): number {
  if (at + 2 > bytes.length) return -1;
  return (u8(bytes, at) << 8) | u8(bytes, at + 1);
}

/** Big endian; -1 where it runs past the end. */
export function u24(bytes: Uint8Array, at: number): number {
  if (at + 3 > bytes.length) return -1;
  return (u16(bytes, at) << 8) | u8(bytes, at + 2);
}

/** Little endian; -1 where it runs past the end. */
export function u24le(bytes: Uint8Array, at: number): number {
  if (at + 3 > bytes.length) return -1;
  return u8(bytes, at) | (u8(bytes, at + 1) << 8) | (u8(bytes, at + 2) << 16);
}

/** Big endian; -1 where it runs past the end. */
export function u32(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) return -1;
  return u16(bytes, at) * 0x1_0000 + u16(bytes, at + 2);
}

/** Little endian; -1 where it runs past the end. */
export function u32le(bytes: Uint8Array, at: number): number {
  if (at + 4 > bytes.length) return -1;
  const low = u8(bytes, at) | (u8(bytes, at + 1) << 8) | (u8(bytes, at + 2) << 16);
  return low + u8(bytes, at + 3) * 0x100_0000;
}

/** Whether these bytes stand there. */
export function has(bytes: Uint8Array, at: number, wanted: readonly number[]): boolean {
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}

/** Whether `count` zero bytes stand there. */
export function hasZeros(bytes: Uint8Array, at: number, count: number): boolean {
  for (let i = at; i < at + count; i++) if (bytes[i] !== 0) return false;
  return true;
}

/** Whether `count` bytes of one stand in the other. */
export function sameBytes(
  [a, atA]: readonly [Uint8Array, number],
  [b, atB]: readonly [Uint8Array, number],
  count: number,
): boolean {
  if (atA + count > a.length || atB + count > b.length) return false;
  for (let i = 0; i < count; i++) if (a[atA + i] !== b[atB + i]) return false;
  return true;
}

/** The first bytes, one character for each. */
export function latin1(bytes: Uint8Array, limit: number): string {
  const length = Math.min(bytes.length, limit);
  return Buffer.from(bytes.buffer, bytes.byteOffset, length).toString("latin1");
}

function startsAsText(bytes: Uint8Array): boolean {
  for (let i = 0; i < Math.min(4, bytes.length); i++) {
    const byte = u8(bytes, i);
    if ((byte < 0x20 && byte !== 0x0d && byte !== 0x0a) || byte > 0x7e) return false;
  }
  return true;
}
