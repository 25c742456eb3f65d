/** Ends of veth pairs in the own network namespace whose other end is in another one. Linux only. */

import { MonitauriError } from "../model/error.ts";
import { NETLINK_ROUTE, type Netlink, openNetlink } from "./netlink.ts";
import {
  attribute,
  dumpRequest,
  eachAttribute,
  eachMessage,
  HEADER_BYTES,
  readText,
  request,
} from "./netlink-message.ts";

/** By pid, the indexes of the ends that lead to the network namespace of this process; processes without are left out.
 * Only the own kernel's knowledge of the own devices counts: inside of its namespace a container may call a device what
 * it likes, and give it the index of one of ours.
 * @throws MonitauriError where netlink is refused. */
export function readVethEnds(pids: readonly number[]): Map<number, readonly number[]> {
  const found = new Map<number, readonly number[]>();
  if (pids.length === 0) return found;
  using netlink = openNetlink(NETLINK_ROUTE);
  // First: for the answer the kernel gives a number to each namespace that a device leads to.
  const ends = endsByNamespace(netlink.request(dumpRequest(RTM_GETLINK, LINK_REQUEST)));
  for (const pid of pids) {
    const indexes = ends.get(numberOf(netlink, pid));
    if (indexes !== undefined) found.set(pid, indexes);
  }
  return found;
}

// linux/rtnetlink.h, linux/if_link.h, linux/net_namespace.h
const RTM_NEWLINK = 16;
const RTM_GETLINK = 18;
const RTM_NEWNSID = 88;
const RTM_GETNSID = 90;
const IFLA_LINKINFO = 18;
const IFLA_LINK_NETNSID = 37;
const IFLA_INFO_KIND = 1;
const NETNSA_NSID = 1;
const NETNSA_PID = 2;
/** A namespace without a number: nothing of ours leads there. */
const NO_NUMBER = -1;
/** struct ifinfomsg. */
const LINK_BYTES = 16;
const LINK_REQUEST = Buffer.alloc(LINK_BYTES);
/** struct rtgenmsg, with its padding. */
const GENERAL_BYTES = 4;

function endsByNamespace(parts: readonly Buffer[]): Map<number, number[]> {
  const found = new Map<number, number[]>();
  for (const part of parts) {
    eachMessage(part, (type, _flags, at, messageEnd) => {
      if (type !== RTM_NEWLINK) return;
      const start = at + HEADER_BYTES;
      let namespace = NO_NUMBER;
      let kind = "";
      eachAttribute(part, start + LINK_BYTES, messageEnd, (name, valueAt, end) => {
        if (name === IFLA_LINK_NETNSID) namespace = part.readInt32LE(valueAt);
        else if (name === IFLA_LINKINFO) {
          eachAttribute(part, valueAt, end, (inner, innerAt, innerEnd) => {
            if (inner === IFLA_INFO_KIND) kind = readText(part, innerAt, innerEnd);
          });
        }
      });
      // macvlan, ipvlan and tunnels have such a number too, of the namespace below them.
      if (kind !== "veth" || namespace === NO_NUMBER) return;
      found.set(namespace, [...(found.get(namespace) ?? []), part.readInt32LE(start + 4)]);
    });
  }
  return found;
}

/** What the own namespace calls that of a process; -1: it has no name for it, or the process has ended. */
function numberOf(netlink: Netlink, pid: number): number {
  const wanted = Buffer.alloc(4);
  wanted.writeUInt32LE(pid);
  const body = Buffer.concat([Buffer.alloc(GENERAL_BYTES), attribute(NETNSA_PID, wanted)]);
  let found = NO_NUMBER;
  try {
    for (const part of netlink.request(request(RTM_GETNSID, 0, body))) {
      eachMessage(part, (type, _flags, at, messageEnd) => {
        if (type !== RTM_NEWNSID) return;
        eachAttribute(part, at + HEADER_BYTES + GENERAL_BYTES, messageEnd, (name, valueAt) => {
          if (name === NETNSA_NSID) found = part.readInt32LE(valueAt);
        });
      });
    }
  } catch (error) {
    if (!(error instanceof MonitauriError)) throw error;
  }
  return found;
}
