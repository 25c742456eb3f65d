/** The interfaces of the own network namespace with their 64-bit counters, in one netlink dump. Linux only. */

import { MonitauriError } from "../model/error.ts";
import { readInterfacesFromProc } from "./interfaces-proc.ts";
import { NETLINK_ROUTE, openNetlink } from "./netlink.ts";
import {
  dumpRequest,
  eachAttribute,
  eachMessage,
  HEADER_BYTES,
  readText,
  readUInt64,
} from "./netlink-message.ts";

export interface NetworkInterface {
  readonly name: string;
  readonly ifindex: number;
  /** Switched on and able to carry packets (operational state up, or unknown as for loopback). */
  readonly up: boolean;
  readonly mtu: number;
  /** ARPHRD_*: 1 Ethernet, 772 loopback, 65534 none. */
  readonly linkType: number;
  /** The kernel's driver family of a virtual interface ("veth", "tun", "wireguard"); "" where it has none. */
  readonly linkKind: string;
  /** ifindex of the bridge or bond it belongs to, 0: none. */
  readonly master: number;
  /** ifindex of the device of this namespace below it, which carries its frames (VLAN, macvlan); 0: none. */
  readonly lower: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
}

/** Falls back to /proc/net/dev where netlink is refused.
 * @throws MonitauriError when neither can be read. */
export function readInterfaces(): NetworkInterface[] {
  let parts: Buffer[];
  try {
    using netlink = openNetlink(NETLINK_ROUTE);
    parts = netlink.request(dumpRequest(RTM_GETLINK, LINK_REQUEST));
  } catch (error) {
    if (!(error instanceof MonitauriError)) throw error;
    return readInterfacesFromProc(error);
  }
  return parseLinks(parts);
}

/** The interfaces in an answer to RTM_GETLINK. Pure. */
export function parseLinks(parts: readonly Buffer[]): NetworkInterface[] {
  const interfaces: NetworkInterface[] = [];
  for (const part of parts) {
    eachMessage(part, (type, _flags, at, end) => {
      if (type === RTM_NEWLINK) interfaces.push(parseLink(part, at + HEADER_BYTES, end));
    });
  }
  return interfaces;
}

// linux/rtnetlink.h, linux/if_link.h, linux/if.h
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const IFLA_IFNAME = 3;
const IFLA_MTU = 4;
const IFLA_LINK = 5;
const IFLA_MASTER = 10;
const IFLA_LINKINFO = 18;
const IFLA_STATS64 = 23;
const IFLA_LINK_NETNSID = 37;
const IFLA_INFO_KIND = 1;
/** Of others the link is no carrier: of a veth device it is the other end. */
const CARRIED_KINDS = new Set(["vlan", "macvlan", "macvtap", "ipvlan", "ipvtap", "macsec"]);
const IFF_UP = 0x1;
/** Set by dev_get_flags() when the operational state is up or unknown. */
const IFF_RUNNING = 0x40;
/** struct ifinfomsg: u8 family, u8, u16 type, i32 index, u32 flags, u32 change. */
const LINK_BYTES = 16;
const LINK_REQUEST = Buffer.alloc(LINK_BYTES);

function parseLink(part: Buffer, start: number, messageEnd: number): NetworkInterface {
  const flags = part.readUInt32LE(start + 8);
  const wanted = IFF_UP | IFF_RUNNING;
  const found = { name: "", mtu: 0, linkKind: "", master: 0 };
  let link = 0;
  let isElsewhere = false;
  let stats = -1;
  eachAttribute(part, start + LINK_BYTES, messageEnd, (type, at, end) => {
    if (type === IFLA_IFNAME) found.name = readText(part, at, end);
    else if (type === IFLA_MTU) found.mtu = part.readUInt32LE(at);
    else if (type === IFLA_LINK) link = part.readUInt32LE(at);
    else if (type === IFLA_LINK_NETNSID) isElsewhere = true;
    else if (type === IFLA_MASTER) found.master = part.readUInt32LE(at);
    else if (type === IFLA_STATS64) stats = at;
    else if (type === IFLA_LINKINFO) {
      eachAttribute(part, at, end, (inner, innerAt, innerEnd) => {
        if (inner === IFLA_INFO_KIND) found.linkKind = readText(part, innerAt, innerEnd);
      });
    }
  });
  return {
    ...found,
    lower: CARRIED_KINDS.has(found.linkKind) && !isElsewhere ? link : 0,
    ifindex: part.readInt32LE(start + 4),
    up: (flags & wanted) === wanted,
    linkType: part.readUInt16LE(start + 2),
    // struct rtnl_link_stats64: rx_packets, tx_packets, rx_bytes, tx_bytes, ...
    rxPackets: stats < 0 ? 0 : readUInt64(part, stats),
    txPackets: stats < 0 ? 0 : readUInt64(part, stats + 8),
    rxBytes: stats < 0 ? 0 : readUInt64(part, stats + 16),
    txBytes: stats < 0 ? 0 : readUInt64(part, stats + 24),
  };
}
