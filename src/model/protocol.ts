/** Names of the protocols that packets carry. */

/** Linux's own number of Multipath TCP (include/uapi/linux/in.h); on the wire it is TCP. */
export const MPTCP = 262;
export const TCP = 6;

/** IANA protocol numbers that people know by name; 0 is a sender below IP (AF_PACKET). */
const NAMES: ReadonlyMap<number, string> = new Map([
  [0, "link"],
  [1, "icmp"],
  [2, "igmp"],
  [4, "ipip"],
  [TCP, "tcp"],
  [17, "udp"],
  [33, "dccp"],
  [41, "ipv6"],
  [47, "gre"],
  [50, "esp"],
  [51, "ah"],
  [58, "icmpv6"],
  [89, "ospf"],
  [103, "pim"],
  [112, "vrrp"],
  [132, "sctp"],
  [136, "udplite"],
  [MPTCP, "mptcp"],
]);

/** "tcp", "icmpv6"; "ip-253" for a number without a well-known name. */
export function protocolName(protocol: number): string {
  return NAMES.get(protocol) ?? `ip-${protocol}`;
}
