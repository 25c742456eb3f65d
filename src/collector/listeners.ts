/** Sockets that wait for others, as `ss -lntup` lists them, with the programs that hold them. Linux only. */

import { statSync } from "node:fs";
import { addressText } from "../model/address.ts";
import { MonitauriError } from "../model/error.ts";
import type { Listener } from "../model/monitauri.ts";
import { NETLINK_SOCK_DIAG, openNetlink } from "../native/netlink.ts";
import { openContainerNames } from "./linux/container-names.ts";
import { createDescribeContext, processFromProc } from "./linux/describe-process.ts";
import { openProcfs, type Procfs } from "./linux/procfs.ts";
import {
  AF_INET,
  AF_INET6,
  type DiagSocket,
  eachSocket,
  IPPROTO_TCP,
  IPPROTO_UDP,
  LISTENING,
  STATE,
  socketRequest,
} from "./sockdiag/inet-diag.ts";
import type { Describe } from "./sockdiag/process-ids.ts";
import { createSocketOwners } from "./sockdiag/socket-owners.ts";

/** Most rows of an answer; of more, those with the highest ports are left out. */
export const MAX_LISTENERS = 4_096;
/** However many ask, the kernel is asked once in this time. */
export const FRESH_MS = 2_000;
/** Each search for owners has a time limit; what these leave open is found by the next scan. */
const SEARCHES = 4;

/** Sockets of this network namespace. The first call loads what it needs. */
export function createListenerScan({ clock = () => performance.now() } = {}): () => Listener[] {
  let scan: (() => Listener[]) | undefined;
  let last: { readonly rows: Listener[]; readonly untilMs: number } | undefined;
  return () => {
    if (last !== undefined && clock() < last.untilMs) return last.rows;
    scan ??= createScan(clock);
    last = { rows: scan(), untilMs: clock() + FRESH_MS };
    return last.rows;
  };
}

function createScan(clock: () => number): () => Listener[] {
  const procfs = openProcfs();
  const context = createDescribeContext({ procfs, containers: openContainerNames() });
  const describe: Describe = (pid) => processFromProc(pid, context);
  /** Owners by inode, as long as socket and process are there. */
  let owners = new Map<number, number>();
  const search = createSocketOwners({ likely: () => new Set(owners.values()), clock });

  function findOwners(inodes: ReadonlySet<number>): void {
    owners = new Map([...owners].filter(([inode, pid]) => inodes.has(inode) && isRunning(pid)));
    for (let round = 0; round < SEARCHES; round += 1) {
      const open = new Set([...inodes].filter((inode) => !owners.has(inode)));
      if (open.size === 0) return;
      search.search(open, (inode, pid) => void owners.set(inode, pid));
    }
  }

  return () => {
    const waiting = readWaiting();
    findOwners(new Set(waiting.map(({ inode }) => inode).filter((inode) => inode !== 0)));
    return rowsOf(waiting, { owners, describe, procfs });
  };
}

interface Waiting extends Pick<Listener, "protocol" | "localAddress" | "localPort"> {
  readonly inode: number;
  readonly uid: number;
}

/** An unconnected UDP socket has the state CLOSE (udp_init_sock() in net/ipv4/udp.c). */
const LISTS = [
  ["tcp", IPPROTO_TCP, LISTENING],
  ["udp", IPPROTO_UDP, 1 << STATE.close],
] as const;

function readWaiting(): Waiting[] {
  const found: Waiting[] = [];
  using netlink = openNetlink(NETLINK_SOCK_DIAG);
  for (const [name, protocol, states] of LISTS) {
    for (const family of [AF_INET, AF_INET6]) {
      try {
        const request = socketRequest({ protocol, family, states, withInfo: false });
        eachSocket(netlink.request(request), (socket) => {
          if (socket.localPort !== 0) found.push(waitingOf(name, socket));
        });
      } catch (error) {
        // Without udp_diag or IPv6 the rest still works.
        if (!(error instanceof MonitauriError) || error.code !== "unsupported") throw error;
      }
    }
  }
  return found.sort((a, b) => a.localPort - b.localPort).slice(0, MAX_LISTENERS);
}

function waitingOf(protocol: string, socket: DiagSocket): Waiting {
  const { family, addresses, localPort, inode, uid } = socket;
  const isAny = addresses.subarray(0, 16).every((byte) => byte === 0);
  const localAddress = isAny && family === AF_INET ? "0.0.0.0" : addressText(addresses);
  return { protocol, localAddress, localPort, inode, uid };
}

interface Known {
  readonly owners: ReadonlyMap<number, number>;
  readonly describe: Describe;
  readonly procfs: Procfs;
}

/** Several sockets of one program at one address, as SO_REUSEPORT allows, are one row. */
function rowsOf(waiting: readonly Waiting[], { owners, describe, procfs }: Known): Listener[] {
  const described = new Map<number, ReturnType<Describe>>();
  const rows = new Map<string, Listener>();
  for (const { inode, uid, ...where } of waiting) {
    const pid = owners.get(inode);
    if (pid !== undefined && !described.has(pid)) described.set(pid, describe(pid));
    const program = pid === undefined ? undefined : described.get(pid);
    const row: Listener = {
      ...where,
      pid: program?.pid ?? null,
      key: program?.application.key ?? null,
      application: program?.application.name ?? "unknown",
      path: program?.path ?? null,
      user: program?.user ?? procfs.userName(uid),
      container: program?.container?.name ?? program?.container?.id ?? null,
    };
    rows.set(`${row.protocol} ${row.localAddress} ${row.localPort} ${row.pid}`, row);
  }
  return [...rows.values()];
}

function isRunning(pid: number): boolean {
  return statSync(`/proc/${pid}`, { throwIfNoEntry: false }) !== undefined;
}
