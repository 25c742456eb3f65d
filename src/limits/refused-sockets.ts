/** Ends connections that a rule refuses. */

import { readdirSync, readlinkSync } from "node:fs";
import { addressScope, addressText } from "../model/address.ts";
import type { LimitRule } from "../model/limit.ts";
import { isLan, networkHas } from "../model/limit-match.ts";
import { readAddresses } from "../native/interface-addresses.ts";
import { destroySocket, type OpenSocket, readConnectedSockets } from "../native/socket-diag.ts";
import { isOwnerRule, type Places } from "./keys.ts";

export interface Refused {
  /** Processes under a rule that refuses, with all their rules. */
  readonly pids: ReadonlyMap<number, readonly LimitRule[]>;
  readonly places: Places;
  readonly rules: readonly LimitRule[];
}

/** How many were ended. Connections within this machine stay. */
export function endRefused({ pids, rules }: Refused): number {
  const owners = new Map<number, readonly LimitRule[]>();
  for (const [pid, list] of pids) for (const inode of socketsOf(pid)) owners.set(inode, list);
  // An interface's is left to its filter: the way of a socket is not known here.
  const ofPackets = rules.filter(
    (rule) => rule.block && !isOwnerRule(rule) && rule.target.kind !== "interface",
  );
  if (owners.size === 0 && ofPackets.length === 0) return 0;
  const own = new Set(readAddresses().map(({ address }) => address.toString("hex")));
  let ended = 0;
  for (const socket of readConnectedSockets()) {
    const isLocal =
      own.has(socket.remoteAddress.toString("hex")) ||
      addressScope(socket.remoteAddress) === "loopback";
    if (isLocal) continue;
    const fitting = [...(owners.get(socket.inode) ?? []), ...ofPackets];
    if (fitting.some((rule) => rule.block && refuses(rule, socket)) && destroySocket(socket))
      ended += 1;
  }
  return ended;
}

function refuses({ target, exceptLan }: LimitRule, socket: OpenSocket): boolean {
  const address = addressText(socket.remoteAddress);
  if (exceptLan && isLan(address)) return false;
  if (target.kind === "remote") return networkHas(target.network, address);
  if (target.kind !== "port") return true;
  const isProtocol =
    target.protocol === null || (target.protocol === "tcp" ? 6 : 17) === socket.protocol;
  return isProtocol && [socket.localPort, socket.remotePort].includes(target.port);
}

/** Inodes of the sockets that a process holds. */
function socketsOf(pid: number): number[] {
  const found: number[] = [];
  try {
    for (const fd of readdirSync(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(`/proc/${pid}/fd/${fd}`))?.[1];
      if (inode !== undefined) found.push(Number(inode));
    }
  } catch {
    // It has ended.
  }
  return found;
}

function linkOf(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return "";
  }
}
