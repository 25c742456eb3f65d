/** Whose the other end of a connection on this machine is. */

import { readFileSync } from "node:fs";
import { findTcpSocket } from "./socket-diag.ts";

export interface Peer {
  /** As Node writes it: "127.0.0.1", "::1". */
  readonly address: string;
  readonly port: number;
}

/** Rows of the tables that are looked at; a machine with more has other worries. */
const MAX_ROWS = 200_000;

/**
 * User of the socket that a connection to our port `localPort` comes from. "nobody" where there is none or nobody holds it
 * any more, as for other addresses than 127.0.0.1 and ::1 (anybody may have 127.0.0.2); undefined where the system does not say.
 * The kernel is asked for this one socket; where it cannot be, its tables are read (proc_net_tcp), which any user can make long.
 */
export function userOfPeer(peer: Peer, localPort: number): number | "nobody" | undefined {
  if (LOOPBACK[peer.address] === undefined) return "nobody";
  try {
    const found = findTcpSocket({ ...peer, remotePort: localPort });
    return found === undefined || found.inode === 0 ? "nobody" : found.uid;
  } catch {
    return userInTables(peer, localPort);
  }
}

/** The same by the tables. */
export function userInTables(
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
      const [, local = "", remote = "", , , , , uid = "", , inode] = line.trim().split(/\s+/);
      const isIt = addresses.some((one) => local === one + from && remote === one + to);
      // A socket that was closed has no file and, as it says, root's number.
      if (isIt && inode === "0") return "nobody";
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
