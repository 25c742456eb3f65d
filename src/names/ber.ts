/** The head of one element in ASN.1's basic encoding (X.690 section 8.1), which SNMP, LDAP and Kerberos share. */

import { u8, u16, u24, u32 } from "./first-bytes.ts";

export interface BerElement {
  readonly tag: number;
  /** Where its content begins. */
  readonly start: number;
  /** Where it ends, by its length: maybe behind the end of the bytes. */
  readonly end: number;
}

/** undefined where there is none, or its length is endless or longer than four bytes. */
export function berElement(bytes: Uint8Array, at: number): BerElement | undefined {
  const tag = u8(bytes, at);
  const first = u8(bytes, at + 1);
  if (tag < 0 || first < 0) return undefined;
  if (first < 0x80) return { tag, start: at + 2, end: at + 2 + first };
  const size = first & 0x7f;
  const length = longLength(bytes, at + 2, size);
  if (length < 0) return undefined;
  const start = at + 2 + size;
  return { tag, start, end: start + length };
}

function longLength(bytes: Uint8Array, at: number, size: number): number {
  if (size === 1) return u8(bytes, at);
  if (size === 2) return u16(bytes, at);
  if (size === 3) return u24(bytes, at);
  return size === 4 ? u32(bytes, at) : -1;
}
