/** Who can reach a listening socket, in plain words (pure). */

import type { Listener } from "../../../model/monitauri.ts";
import { isLoopbackAddress } from "../../look/loopback-address.ts";

export function reachText(localAddress: string): string {
  if (isLoopbackAddress(localAddress)) return "this computer only";
  if (localAddress === "0.0.0.0" || localAddress === "::") return "every network";
  return localAddress.startsWith("fe80:") ? "the local link" : "networks of this address";
}

/** By port, then by program: the same one's IPv4 and IPv6 sockets stand together. */
export function sortListeners(listeners: readonly Listener[]): Listener[] {
  return [...listeners].sort(
    (a, b) =>
      a.localPort - b.localPort ||
      compare(a.protocol, b.protocol) ||
      compare(a.application, b.application) ||
      compare(a.localAddress, b.localAddress),
  );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
