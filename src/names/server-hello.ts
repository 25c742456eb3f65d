/** Reads the body of a TLS Server Hello: what was chosen. */

import type { ByteReader } from "./byte-reader.ts";
import {
  ALPN,
  readExtensions,
  readProtocols,
  SUPPORTED_VERSIONS,
  type TlsVersion,
  tlsVersion,
} from "./tls-extensions.ts";

export interface ServerHello {
  readonly version: TlsVersion;
  /** The application protocol chosen; undefined: none, or encrypted as always in TLS 1.3. */
  readonly alpn: string | undefined;
}

const RANDOM_BYTES = 32;

/** Undefined where it is cut or of no known version. */
export function readServerHello(reader: ByteReader): ServerHello | undefined {
  let version = tlsVersion(reader.u16());
  let alpn: string | undefined;
  reader.take(RANDOM_BYTES);
  reader.take(reader.u8()); // session
  reader.take(3); // cipher suite, compression
  if (reader.isShort) return undefined;
  // Without extensions until TLS 1.2.
  if (reader.hasMore)
    readExtensions(reader, (type, content) => {
      if (type === SUPPORTED_VERSIONS) version = tlsVersion(content.u16());
      else if (type === ALPN) alpn = readProtocols(content)[0];
    });
  return version === undefined || reader.isShort ? undefined : { version, alpn };
}
