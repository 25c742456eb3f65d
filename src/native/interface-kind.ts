/** What an interface is and how its driver counts, from its link type, its driver family and /sys/class/net. */

import { readlinkSync } from "node:fs";
import type { InterfaceReading } from "../model/snapshot.ts";
import type { NetworkInterface } from "./interfaces.ts";

export interface InterfaceFacts
  extends Pick<InterfaceReading, "kind" | "linkHeaderBytes" | "countsSegments"> {
  /** Bytes of link header per packet that the kernel leaves out in one direction only; to be added. */
  readonly rxLeftOutBytes: number;
  readonly txLeftOutBytes: number;
}

/** `driver` is the name of the device's driver, "" for hardware without a name, undefined where there is no device. */
export function interfaceFacts(
  found: NetworkInterface,
  driver: string | undefined,
): InterfaceFacts {
  const kind = kindOf(found, driver !== undefined);
  const hasHeader = found.linkType === ARPHRD_ETHER && !COUNTS_INNER_PACKETS.has(found.linkKind);
  const header = hasHeader ? ETHERNET_HEADER_BYTES : 0;
  return {
    kind,
    linkHeaderBytes: header,
    countsSegments:
      kind === "physical" && driver !== "" && !COUNTS_OFFLOADED_ONCE.has(driver ?? ""),
    rxLeftOutBytes: COUNTS_HEADERS_SENT.has(found.linkKind) ? header : 0,
    txLeftOutBytes: COUNTS_HEADERS_RECEIVED.has(found.linkKind) ? header : 0,
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

/** vxlan (measured) and geneve take the length of received packets after eth_type_trans(), and iptunnel_xmit() that of
 * sent ones from the inner network header on. */
const COUNTS_INNER_PACKETS = new Set(["vxlan", "geneve"]);
/** br_pass_frame_up() (measured: 1,000 bytes received, 1,014 sent) and vlan_do_receive() come after the header was
 * pulled, sending comes before. */
const COUNTS_HEADERS_SENT = new Set(["bridge", "vlan"]);
/** ip_tunnel_rcv() and __ip6_tnl_rcv() count before they pull the header, iptunnel_xmit() leaves it out. */
const COUNTS_HEADERS_RECEIVED = new Set(["gretap", "erspan", "ip6gretap", "ip6erspan"]);

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
