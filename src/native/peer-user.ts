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
 * User of the socket that a connection to our port `localPort` comes from, by the kernel's tables (proc_net_tcp);
 * undefined where it is not found or the system has no such tables.
 */
export function userOfPeer(peer: Peer, localPort: number, read = readTable): number | undefined {
  const from = hexPort(peer.port);
  const to = hexPort(localPort);
  for (const table of peer.address.includes(":") ? ["tcp6"] : ["tcp", "tcp6"]) {
    for (const line of read(table).split("\n", MAX_ROWS)) {
      // sl local remote st tx:rx tr:when retrnsmt uid ...; seen from the other end, so its port is the local one.
      const [, local = "", remote = "", , , , , uid = ""] = line.trim().split(/\s+/);
      if (!local.endsWith(from) || !remote.endsWith(to)) continue;
      if (isLoopback(local) && isLoopback(remote) && /^\d+$/.test(uid)) return Number(uid);
    }
  }
  return undefined;
}

function hexPort(port: number): string {
  return `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
}

/** Addresses stand there as words in host order: 127.0.0.1, ::1, ::ffff:127.0.0.1 on little-endian machines. */
function isLoopback(end: string): boolean {
  const [address = ""] = end.split(":");
  return LOOPBACK.has(address);
}

const LOOPBACK = new Set([
  "0100007F",
  "00000000000000000000000001000000",
  "0000000000000000FFFF00000100007F",
]);

function readTable(name: string): string {
  try {
    return readFileSync(`/proc/net/${name}`, "latin1");
  } catch {
    return "";
  }
}
