/** What is known of a connection's other end, in the words of the command line. */

import type { Connection } from "../model/sample.ts";
import { endpoint } from "./endpoint.ts";
import { safe } from "./terminal.ts";

/** "example.org:443" where a name is known, "~example.org:443" where it may only be a cover, else the address. */
export function otherEnd(connection: Connection, { numeric = false } = {}): string {
  const { host, remoteAddress, remotePort } = connection;
  if (host === undefined || numeric) return endpoint(remoteAddress, remotePort);
  const name = `${host.mayBeCover ? "~" : ""}${safe(host.name)}`;
  return remotePort ? `${name}:${remotePort}` : name;
}

/** "tls/h2"; "ssh?" where only the port says so; "udp" where nothing is known above it. */
export function spokenText({ spoken, protocol }: Connection): string {
  if (spoken === undefined) return safe(protocol);
  const inside = spoken.inside === undefined ? "" : `/${safe(spoken.inside)}`;
  return `${safe(spoken.name)}${inside}${spoken.source === "port" ? "?" : ""}`;
}

/** "NO", "private"; "-" where it is not known. */
export function placeText({ network }: Connection): string {
  if (network === undefined) return "-";
  return safe(network.country ?? (network.kind === "public" ? "-" : network.kind));
}
