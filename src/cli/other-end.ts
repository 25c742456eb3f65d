/** What is known of a connection's other end, in the words of the command line. */

import type { PsRow, RemoteEnd } from "../model/monitauri.ts";
import type { NetworkOf } from "../model/naming.ts";
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

/** "example.org NO": where most of a program's bytes go, and how many other ends are known; "-" without a connection. */
export function mostlyWith({ ends }: Pick<PsRow, "ends">): string {
  const [first, ...others] = ends;
  if (first === undefined) return "-";
  const place = placeText(first);
  const more = others.length > 0 ? ` +${others.length}` : "";
  return `${endName(first)}${place === "-" ? "" : ` ${place}`}${more}`;
}

function endName({ host, address }: RemoteEnd): string {
  return host === undefined ? address : `${host.mayBeCover ? "~" : ""}${safe(host.name)}`;
}

/** "NO", "private"; "-" where it is not known. */
export function placeText({ network }: { network?: NetworkOf | undefined }): string {
  if (network === undefined) return "-";
  return safe(network.country ?? (network.kind === "public" ? "-" : network.kind));
}
