/** What an interface is and how its driver counts, from its link type, its driver family and /sys/class/net. */

import { readlinkSync } from "node:fs";
import type { InterfaceReading } from "../model/snapshot.ts";
import type { NetworkInterface } from "../native/interfaces.ts";

export type InterfaceFacts = Pick<InterfaceReading, "kind" | "linkHeaderBytes" | "countsSegments">;

/** `driver` is the name of the device's driver, "" for hardware without a name, undefined where there is no device. */
export function interfaceFacts(
  found: NetworkInterface,
  driver: string | undefined,
): InterfaceFacts {
  const kind = kindOf(found, driver !== undefined);
  return {
    kind,
    linkHeaderBytes: found.linkType === ARPHRD_ETHER ? ETHERNET_HEADER_BYTES : 0,
    countsSegments:
      kind === "physical" && driver !== "" && !COUNTS_OFFLOADED_ONCE.has(driver ?? ""),
  };
}

/** The driver of the device behind an interface, undefined where there is none. */
export function readDriver(name: string): string | undefined {
  if (linkName(`/sys/class/net/${name}/device`) === undefined) return undefined;
  return linkName(`/sys/class/net/${name}/device/driver`) ?? "";
}

// linux/if_arp.h
const ARPHRD_ETHER = 1;
const ARPHRD_LOOPBACK = 772;
/** PPP, IP in IP, IPv6 tunnel, sit, GRE, IPv6 GRE. */
const TUNNEL_LINK_TYPES = new Set([512, 768, 769, 776, 778, 823]);

/** Loopback counts IP packets only: loopback_xmit() takes the length after eth_type_trans() has pulled the header
 * (drivers/net/loopback.c; measured: ten packets of 1,000 bytes count 10,000). */
const ETHERNET_HEADER_BYTES = 14;

/** rtnl_link_ops.kind of drivers whose packets travel inside others. A tap in a bridge is a virtual machine's port. */
const TUNNEL_KINDS = new Set([
  ...["tun", "wireguard", "amneziawg", "ovpn", "ovpn-dco", "ppp", "xfrm", "vti", "vti6"],
  ...["gre", "gretap", "ip6gre", "ip6gretap", "erspan", "ip6erspan", "ipip", "ip6tnl", "sit"],
  ...["vxlan", "geneve", "gtp", "bareudp", "amt", "l2tpeth"],
]);

/** Paravirtual drivers add a packet to their counters before the host splits it (virtio_net.c, xen-netfront.c whose
 * driver is called vif). */
const COUNTS_OFFLOADED_ONCE = new Set(["virtio_net", "vif", "xen_netfront"]);

function kindOf(found: NetworkInterface, hasDevice: boolean): InterfaceFacts["kind"] {
  if (found.linkType === ARPHRD_LOOPBACK) return "loopback";
  if (found.linkKind === "tun" && found.master !== 0) return "virtual";
  if (TUNNEL_KINDS.has(found.linkKind)) return "tunnel";
  if (TUNNEL_LINK_TYPES.has(found.linkType) && !hasDevice) return "tunnel";
  // A namespace may see the host's /sys: a name there proves nothing for a device that has a driver family.
  const mayBeHardware = found.linkKind === "" || found.linkKind === "wwan";
  return hasDevice && mayBeHardware ? "physical" : "virtual";
}

function linkName(path: string): string | undefined {
  try {
    const target = readlinkSync(path);
    return target.slice(target.lastIndexOf("/") + 1);
  } catch {
    return undefined;
  }
}
