/** Sockets of this network namespace over sock_diag(7), and ending them (SOCK_DESTROY). Linux only. */

import { NETLINK_SOCK_DIAG, openNetlink } from "./netlink.ts";
import { dumpRequest, eachMessage, FLAG_ACK, HEADER_BYTES, request } from "./netlink-message.ts";

export interface OpenSocket {
  readonly family: 2 | 10;
  readonly protocol: 6 | 17;
  /** Sixteen bytes, IPv4 as ::ffff:a.b.c.d. */
  readonly remoteAddress: Buffer;
  readonly remotePort: number;
  readonly localPort: number;
  readonly inode: number;
  /** struct inet_diag_sockid as the kernel gave it. */
  readonly id: Buffer;
}

// linux/sock_diag.h, linux/inet_diag.h, include/net/tcp_states.h
const SOCK_DIAG_BY_FAMILY = 20;
const SOCK_DESTROY = 21;
const REQUEST_BYTES = 56;
const ID_BYTES = 48;
/** The last of an id. */
const COOKIE_BYTES = 8;
const TCP_LISTEN = 10;
const TCP_TIME_WAIT = 6;
const LOCALHOST = Buffer.from([127, 0, 0, 1]);
/** "lo" is the first one of every namespace. */
const LOOPBACK_INTERFACE = 1;

/** A TCP connection within this machine, seen from the end that is looked for; both ends have one address. */
export interface LoopbackEnds {
  /** "127.0.0.1" or "::1" */
  readonly address: string;
  readonly port: number;
  readonly remotePort: number;
}

export interface SocketUser {
  /** 0, which says nothing, where `inode` is. */
  readonly uid: number;
  /** 0: no process holds it any more. */
  readonly inode: number;
}

/** A question or two to the kernel's hash table, however many sockets there are. undefined: there is no such socket. The other
 * end has to be there. @throws MonitauriError where the kernel cannot be asked. */
export function findTcpSocket(ends: LoopbackEnds): SocketUser | undefined {
  try {
    const found = askForTcpSocket(ends);
    hasAnswered = true;
    return found;
  } catch {
    // The same error where it cannot be asked: then it does not know the other end either. That end may be gone, too, and
    // whoever resets connections must not choose what it costs: it is only asked for until the kernel has answered once.
    if (hasAnswered) return undefined;
    askForTcpSocket({ ...ends, port: ends.remotePort, remotePort: ends.port });
    hasAnswered = true;
    return undefined;
  }
}

let hasAnswered = false;

function askForTcpSocket({ address, port, remotePort }: LoopbackEnds): SocketUser | undefined {
  const isIpv6 = address.includes(":");
  const bytes = isIpv6 ? Buffer.from("00000000000000000000000000000001", "hex") : LOCALHOST;
  const body = Buffer.alloc(REQUEST_BYTES, 0xff); // Whatever state, whatever cookie.
  body.writeUInt8(isIpv6 ? 10 : 2, 0);
  body.writeUInt8(6, 1);
  body.fill(0, 2, 4);
  const id = body.fill(0, 8, REQUEST_BYTES - COOKIE_BYTES).subarray(8);
  id.writeUInt16BE(port, 0);
  id.writeUInt16BE(remotePort, 2);
  id.set(bytes, 4);
  id.set(bytes, 20);
  id.writeUInt32LE(LOOPBACK_INTERFACE, 36);
  using netlink = openNetlink(NETLINK_SOCK_DIAG);
  let found: SocketUser | undefined;
  for (const part of netlink.request(request(SOCK_DIAG_BY_FAMILY, 0, body))) {
    eachMessage(part, (type, _flags, at, end) => {
      if (type !== SOCK_DIAG_BY_FAMILY || end - at < HEADER_BYTES + 72) return;
      const start = at + HEADER_BYTES;
      // Where there is no connection, a listener at that port is found.
      if (part.readUInt16BE(start + 6) !== remotePort) return;
      found = { uid: part.readUInt32LE(start + 64), inode: part.readUInt32LE(start + 68) };
    });
  }
  return found;
}

/** Connected sockets of TCP and UDP. */
export function readConnectedSockets(): OpenSocket[] {
  const found: OpenSocket[] = [];
  using netlink = openNetlink(NETLINK_SOCK_DIAG);
  for (const family of [2, 10] as const) {
    for (const protocol of [6, 17] as const) {
      const body = Buffer.alloc(REQUEST_BYTES);
      body[0] = family;
      body[1] = protocol;
      body.writeUInt32LE(0xffff_ffff & ~(1 << TCP_LISTEN) & ~(1 << TCP_TIME_WAIT) & 0x7fff_ffff, 4);
      for (const part of netlink.request(dumpRequest(SOCK_DIAG_BY_FAMILY, body))) {
        eachMessage(part, (type, _flags, at, end) => {
          if (type !== SOCK_DIAG_BY_FAMILY || end - at < HEADER_BYTES + 72) return;
          // struct inet_diag_msg: family, state, timer, retrans, id, expires, rqueue, wqueue, uid, inode
          const start = at + HEADER_BYTES;
          const id = Buffer.from(part.subarray(start + 4, start + 4 + ID_BYTES));
          const remotePort = id.readUInt16BE(2);
          if (remotePort === 0) return;
          found.push({
            family,
            protocol,
            remoteAddress: family === 2 ? mapped(id.subarray(20, 24)) : id.subarray(20, 36),
            remotePort,
            localPort: id.readUInt16BE(0),
            inode: part.readUInt32LE(start + 68),
            id,
          });
        });
      }
    }
  }
  return found;
}

/** Its next call fails with ECONNABORTED. False: it was gone already, or this kernel cannot (CONFIG_INET_DIAG_DESTROY). */
export function destroySocket({ family, protocol, id }: OpenSocket): boolean {
  const body = Buffer.alloc(REQUEST_BYTES);
  body[0] = family;
  body[1] = protocol;
  body.writeUInt32LE(0xffff_ffff, 4);
  body.set(id, 8);
  using netlink = openNetlink(NETLINK_SOCK_DIAG);
  try {
    netlink.request(request(SOCK_DESTROY, FLAG_ACK, body));
    return true;
  } catch {
    return false;
  }
}

function mapped(address: Buffer): Buffer {
  return Buffer.concat([Buffer.alloc(10), Buffer.from([0xff, 0xff]), address]);
}
