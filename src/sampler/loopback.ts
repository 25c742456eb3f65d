/** Tells from addresses alone whether traffic stays on this machine, where no interface says so. */

import { addressScope } from "../model/address.ts";

/** `addresses` has the local address at `offset`, the remote one sixteen bytes on. Traffic to one's own address takes
 * the loopback interface whatever the address is. */
export function isLoopback(addresses: Uint8Array, offset: number): boolean {
  if (addressScope(addresses, offset) === "loopback") return true;
  if (addressScope(addresses, offset + 16) === "loopback") return true;
  for (let i = 0; i < 16; i++) {
    if (addresses[offset + i] !== addresses[offset + 16 + i]) return false;
  }
  return addressScope(addresses, offset) !== "unspecified";
}
