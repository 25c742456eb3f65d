/** Reads from an ECHConfigList (RFC 9849 section 4) the names that a client shows instead of the one it wants. */

import type { ByteReader } from "./byte-reader.ts";
import { hostNameOfBytes } from "./host-name.ts";

const VERSION = 0xfe0d;
const CONFIG_LIMIT = 8;

/** The public names in it; a configuration of another version or without a proper name is left out. */
export function coverNames(list: ByteReader): string[] {
  const names: string[] = [];
  const configs = list.within(list.u16());
  for (let i = 0; i < CONFIG_LIMIT && configs.hasMore; i++) {
    const version = configs.u16();
    const config = configs.within(configs.u16());
    const name = version === VERSION ? publicName(config) : undefined;
    if (name !== undefined && !names.includes(name)) names.push(name);
  }
  return names;
}

function publicName(config: ByteReader): string | undefined {
  config.take(3); // identifier, key encapsulation
  config.take(config.u16()); // public key
  config.take(config.u16()); // cipher suites
  config.u8(); // longest name
  const name = config.take(config.u8());
  return config.isShort ? undefined : hostNameOfBytes(name);
}
