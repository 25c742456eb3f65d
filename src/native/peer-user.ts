/** Whose the other end of a connection on this machine is. */

import { readFileSync } from "node:fs";

export interface Peer {
  /** As Node writes it: "127.0.0.1", "::1". */
  readonly address: string;
  readonly port: number;
}

/** Rows of the tables that are looked at; a machine with more has other worries. */
const MAX_ROWS = 200_000;

/**
 * User of the socket that a connection to our port `localPort` comes from, by the kernel's tables (proc_net_tcp).
 * "nobody" where no row is found, as for other addresses than 127.0.0.1 and ::1 (anybody may have 127.0.0.2); undefined where
 * the system has no such tables.
 */
export function userOfPeer(
  peer: Peer,
  localPort: number,
  read = readTable,
): number | "nobody" | undefined {
  const from = hexPort(peer.port);
  const to = hexPort(localPort);
  const addresses = LOOPBACK[peer.address];
  if (addresses === undefined) return "nobody";
  let hasTables = false;
  for (const table of peer.address.includes(":") ? ["tcp6"] : ["tcp", "tcp6"]) {
    const text = read(table);
    hasTables ||= text !== "";
    for (const line of text.split("\n", MAX_ROWS)) {
      // sl local remote st tx:rx tr:when retrnsmt uid ...; seen from the other end, so its port is the local one.
      const [, local = "", remote = "", , , , , uid = ""] = line.trim().split(/\s+/);
      const isIt = addresses.some((one) => local === one + from && remote === one + to);
      if (isIt && /^\d+$/.test(uid)) return Number(uid);
    }
  }
  return hasTables ? "nobody" : undefined;
}

function hexPort(port: number): string {
  return `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** As the tables write them: words in host order, here of a little-endian machine. An IPv6 socket may speak IPv4. */
const LOOPBACK: Readonly<Record<string, readonly string[]>> = {
  "127.0.0.1": ["0100007F", "0000000000000000FFFF00000100007F"],
  "::1": ["00000000000000000000000001000000"],
};

function readTable(name: string): string {
  try {
    return readFileSync(`/proc/net/${name}`, "latin1");
  } catch {
    return "";
  }
}
