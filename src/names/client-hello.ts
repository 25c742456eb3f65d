/** Reads the body of a TLS Client Hello: the name of the site and what the client offers. */

import type { ByteReader } from "./byte-reader.ts";
import { hostNameOfBytes } from "./host-name.ts";
import {
  ALPN,
  ENCRYPTED_CLIENT_HELLO,
  readExtensions,
  readProtocols,
  SERVER_NAME,
  SUPPORTED_VERSIONS,
  type TlsVersion,
  tlsVersion,
} from "./tls-extensions.ts";

export interface ClientHello {
  /** Undefined: none was sent, it is no host name, or it is behind the cut. */
  readonly serverName: string | undefined;
  /** Application protocols offered, the preferred one first. Which one is taken is encrypted in TLS 1.3. */
  readonly alpn: readonly string[];
  /** Versions offered, without unknown ones. */
  readonly versions: readonly TlsVersion[];
  /** It has an extension of Encrypted Client Hello, so the name may be a cover for another one. Nothing in the hello can
   * tell: browsers send the same extension with random content to every site (RFC 9849 section 6.2). */
  readonly mayBeCover: boolean;
  /** False: cut short, so what is missing may only not be here. */
  readonly isComplete: boolean;
}

const RANDOM_BYTES = 32;
const HOST_NAME = 0;
const NAME_LIMIT = 4;

/** `isCut` says after reading whether the message itself was longer than what is here. */
export function readClientHello(reader: ByteReader, isCut: () => boolean): ClientHello | undefined {
  const legacyVersion = reader.u16();
  if (!reader.isShort && legacyVersion >> 8 !== 3) return undefined;
  reader.take(RANDOM_BYTES);
  reader.take(reader.u8()); // session
  reader.take(reader.u16()); // cipher suites
  reader.take(reader.u8()); // compression
  let serverName: string | undefined;
  let alpn: string[] = [];
  let versions: TlsVersion[] | undefined;
  let mayBeCover = false;
  if (reader.hasMore)
    readExtensions(reader, (type, content) => {
      if (type === SERVER_NAME) serverName = readServerName(content);
      else if (type === ALPN) alpn = readProtocols(content);
      else if (type === SUPPORTED_VERSIONS) versions = readVersions(content);
      else if (type === ENCRYPTED_CLIENT_HELLO) mayBeCover = true;
    });
  const isComplete = !reader.isShort && !isCut();
  const legacy = isComplete ? tlsVersion(legacyVersion) : undefined;
  versions ??= legacy === undefined ? [] : [legacy];
  return { serverName, alpn, versions, mayBeCover, isComplete };
}

function readServerName(content: ByteReader): string | undefined {
  const list = content.within(content.u16());
  for (let i = 0; i < NAME_LIMIT && list.hasMore; i++) {
    const type = list.u8();
    const name = list.take(list.u16());
    if (type === HOST_NAME) return list.isShort ? undefined : hostNameOfBytes(name);
  }
  return undefined;
}

function readVersions(content: ByteReader): TlsVersion[] {
  const found = new Set<TlsVersion>();
  const list = content.within(content.u8());
  while (list.hasMore) {
    const version = tlsVersion(list.u16());
    if (version !== undefined && !list.isShort) found.add(version);
  }
  return [...found];
}
