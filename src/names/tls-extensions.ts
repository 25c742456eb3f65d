/** What Client and Server Hello have in common: versions, application protocols, the list of extensions. */

import { type ByteReader, latin1Text } from "./byte-reader.ts";

export type TlsVersion = "SSL 3.0" | "1.0" | "1.1" | "1.2" | "1.3";

export const SERVER_NAME = 0;
export const ALPN = 16;
export const SUPPORTED_VERSIONS = 43;
export const ENCRYPTED_CLIENT_HELLO = 0xfe0d;

/** Extensions looked at; real hellos have 20 at most. */
const EXTENSION_LIMIT = 64;
const PROTOCOL_LIMIT = 8;
const PROTOCOL_NAME = /^[\x21-\x7e]{1,32}$/;

const VERSIONS: ReadonlyMap<number, TlsVersion> = new Map([
  [0x0300, "SSL 3.0"],
  [0x0301, "1.0"],
  [0x0302, "1.1"],
  [0x0303, "1.2"],
  [0x0304, "1.3"],
]);

/** Undefined: a draft, or one of the values that keep servers used to unknown ones (GREASE, RFC 8701). */
export function tlsVersion(number: number): TlsVersion | undefined {
  return VERSIONS.get(number);
}

/** Calls `each` for every extension that is here as a whole. */
export function readExtensions(
  reader: ByteReader,
  each: (type: number, content: ByteReader) => void,
): void {
  const list = reader.within(reader.u16());
  for (let i = 0; i < EXTENSION_LIMIT && list.hasMore; i++) {
    const type = list.u16();
    const content = list.within(list.u16());
    if (!list.isShort) each(type, content);
  }
}

/** The names of the list of ALPN, without those that no protocol has (GREASE) and those that cannot be shown. */
export function readProtocols(content: ByteReader): string[] {
  const names: string[] = [];
  const list = content.within(content.u16());
  while (list.hasMore && names.length < PROTOCOL_LIMIT) {
    const name = latin1Text(list.take(list.u8()));
    if (!list.isShort && PROTOCOL_NAME.test(name)) names.push(name);
  }
  return names;
}
