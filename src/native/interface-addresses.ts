/** The addresses of the own network namespace and the interfaces that have them. Linux only. */

import { NETLINK_ROUTE, openNetlink } from "./netlink.ts";
import { dumpRequest, eachAttribute, eachMessage, HEADER_BYTES } from "./netlink-message.ts";

export interface InterfaceAddress {
  readonly ifindex: number;
  /** 16 bytes, IPv4 as ::ffff:a.b.c.d. */
  readonly address: Buffer;
}

/** @throws MonitauriError when netlink is refused. */
export function readAddresses(): InterfaceAddress[] {
  using netlink = openNetlink(NETLINK_ROUTE);
  return parseAddresses(netlink.request(dumpRequest(RTM_GETADDR, Buffer.alloc(ADDRESS_BYTES))));
}

/** The addresses in an answer to RTM_GETADDR. Pure. */
export function parseAddresses(parts: readonly Buffer[]): InterfaceAddress[] {
  const addresses: InterfaceAddress[] = [];
  for (const part of parts) {
    eachMessage(part, (type, _flags, at, end) => {
      if (type !== RTM_NEWADDR) return;
      const start = at + HEADER_BYTES;
      let found: Buffer | undefined;
      eachAttribute(part, start + ADDRESS_BYTES, end, (attribute, from, to) => {
        // IFA_ADDRESS is the peer's on a point-to-point link that has IFA_LOCAL too (linux/if_addr.h).
        if (attribute === IFA_LOCAL || (attribute === IFA_ADDRESS && !found)) {
          found = mapped(part.subarray(from, to));
        }
      });
      if (found) addresses.push({ ifindex: part.readUInt32LE(start + 4), address: found });
    });
  }
  return addresses;
}

// linux/rtnetlink.h, linux/if_addr.h
const RTM_NEWADDR = 20;
const RTM_GETADDR = 22;
const IFA_ADDRESS = 1;
const IFA_LOCAL = 2;
/** struct ifaddrmsg: u8 family, u8 prefix length, u8 flags, u8 scope, u32 index. */
const ADDRESS_BYTES = 8;

function mapped(address: Buffer): Buffer {
  if (address.length === 16) return Buffer.from(address);
  return Buffer.concat([Buffer.alloc(10), Buffer.from([255, 255]), address]);
}
