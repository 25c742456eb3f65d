/** Which interface a connection uses, from its two addresses. */

import type { InterfaceAddress } from "../../native/interface-addresses.ts";

export interface LocalAddresses {
  /** ifindex for the 32 bytes of a flow's addresses, 0: not known, or no single one (listening on all). */
  ifindexOf(addresses: Uint8Array): number;
}

/** The interface that has the local address: what routing does unless a rule says otherwise. A connection to one of the
 * machine's own addresses is loopback traffic whichever address it is (ip_route_output_key_hash_rcu()). */
export function createLocalAddresses(
  list: readonly InterfaceAddress[],
  loopback: number,
): LocalAddresses {
  const byAddress = new Map(list.map((one) => [keyOf(one.address, 0), one.ifindex]));
  return {
    ifindexOf(addresses) {
      const isLocal = (at: number) =>
        isLoopback(addresses, at) || byAddress.has(keyOf(addresses, at));
      if (isLoopback(addresses, 0)) return loopback;
      if (isLocal(16)) return loopback;
      return byAddress.get(keyOf(addresses, 0)) ?? 0;
    },
  };
}

function keyOf(addresses: Uint8Array, at: number): string {
  return Buffer.from(addresses.buffer, addresses.byteOffset + at, 16).toString("latin1");
}

/** 127.0.0.0/8 and ::1. */
function isLoopback(addresses: Uint8Array, at: number): boolean {
  if (addresses[at + 10] === 255 && addresses[at + 11] === 255) {
    return addresses[at] === 0 && addresses[at + 12] === 127;
  }
  for (let i = 0; i < 15; i++) if (addresses[at + i] !== 0) return false;
  return addresses[at + 15] === 1;
}
