/** Asks the kernel for all TCP and UDP sockets, and hears from it which TCP sockets have ended. */

import { MonitauriError } from "../../model/error.ts";
import { NETLINK_SOCK_DIAG, type Netlink, openNetlink } from "../../native/netlink.ts";
import {
  AF_INET,
  AF_INET6,
  ANY_STATE,
  CONNECTED,
  type DiagSocket,
  eachSocket,
  IPPROTO_TCP,
  IPPROTO_UDP,
  LISTENING,
  socketRequest,
} from "./inet-diag.ts";

export interface SocketDumps {
  /** Asks for everything.
   * @throws MonitauriError */
  read(): void;
  /** The sockets of the last `read`; listening ones come first. */
  each(visit: (protocol: number, socket: DiagSocket) => void): void;
  /** TCP sockets that were destroyed since the last call, with their last counters. */
  eachEnded(visit: (socket: DiagSocket) => void): void;
  readonly hearsEnds: boolean;
  readonly lostEnds: number;
  close(): void;
}

/** @throws MonitauriError when the kernel does not list TCP sockets. */
export function openSocketDumps(): SocketDumps {
  const netlink = openNetlink(NETLINK_SOCK_DIAG);
  const requests: Request[] = [];
  for (const [protocol, family, states] of LISTS) {
    const withInfo = states === CONNECTED;
    const message = socketRequest({ protocol, family, states, withInfo });
    try {
      netlink.request(message);
      requests.push({ protocol, message });
    } catch (error) {
      // Without udp_diag or IPv6 the rest still works; what fails later on is an error of that reading.
      if (!(error instanceof MonitauriError) || requests.length === 0) {
        netlink.close();
        throw error;
      }
    }
  }
  return createDumps(netlink, requests, openEnds());
}

interface Request {
  readonly protocol: number;
  readonly message: Buffer;
}

/** Listening sockets are a request of their own: they have no counters, and what they accept is known by their port. */
const LISTS = [
  [IPPROTO_TCP, AF_INET, LISTENING],
  [IPPROTO_TCP, AF_INET6, LISTENING],
  [IPPROTO_TCP, AF_INET, CONNECTED],
  [IPPROTO_TCP, AF_INET6, CONNECTED],
  [IPPROTO_UDP, AF_INET, ANY_STATE],
  [IPPROTO_UDP, AF_INET6, ANY_STATE],
] as const;

/** Multicast groups SKNLGRP_INET_TCP_DESTROY (1) and SKNLGRP_INET6_TCP_DESTROY (3) of linux/sock_diag.h. The kernel
 * lets every user listen (NL_CFG_F_NONROOT_RECV in net/core/sock_diag.c); `ss -E` does the same. */
const ENDS = (1 << 0) | (1 << 2);

/** undefined where the kernel does not tell. */
function openEnds(): Netlink | undefined {
  try {
    return openNetlink(NETLINK_SOCK_DIAG, ENDS);
  } catch (error) {
    if (error instanceof MonitauriError) return undefined;
    throw error;
  }
}

function createDumps(
  netlink: Netlink,
  requests: readonly Request[],
  ends: Netlink | undefined,
): SocketDumps {
  let answers: { protocol: number; parts: Buffer[] }[] = [];
  let lostEnds = 0;

  function eachEnded(visit: (socket: DiagSocket) => void): void {
    if (!ends) return;
    const { parts, lost } = ends.drain();
    if (lost) lostEnds++;
    eachSocket(parts, visit);
  }

  return {
    read() {
      answers = requests.map(({ protocol, message }) => ({
        protocol,
        parts: netlink.request(message),
      }));
    },
    each(visit) {
      for (const { protocol, parts } of answers) {
        eachSocket(parts, (socket) => visit(protocol, socket));
      }
      answers = [];
    },
    eachEnded,
    hearsEnds: ends !== undefined,
    get lostEnds() {
      return lostEnds;
    },
    close() {
      netlink.close();
      ends?.close();
    },
  };
}
