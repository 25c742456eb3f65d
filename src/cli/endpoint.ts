/** One end of a connection as people write it. */

import { safe } from "./terminal.ts";

/** "192.0.2.1:443", "[2001:db8::1]:443", "*" where there is no single one. */
export function endpoint(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return "*";
  const host = address.includes(":") ? `[${safe(address)}]` : safe(address);
  return port ? `${host}:${port}` : host;
}
