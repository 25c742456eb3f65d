/** The wire format of sock_diag (sock_diag(7), linux/inet_diag.h): asking for sockets, reading the answer. Pure. */

import {
  dumpRequest,
  eachAttribute,
  eachMessage,
  HEADER_BYTES,
  readUInt64,
} from "../../native/netlink-message.ts";
import { readTcpInfo, type TcpInfo } from "./tcp-info.ts";

export const AF_INET = 2;
export const AF_INET6 = 10;
export const IPPROTO_TCP = 6;
export const IPPROTO_UDP = 17;

/** Linux TCP state numbers (net/tcp_states.h). */
export const STATE = { timeWait: 6, close: 7, closeWait: 8, lastAck: 9, listen: 10, closing: 11 };
export const LISTENING = 1 << STATE.listen;
/** All but listening, TIME-WAIT (6) and half-open ones (3, 12), which have neither a process nor counters. */
export const CONNECTED = 0xfff & ~LISTENING & ~(1 << STATE.timeWait) & ~(1 << 3);
export const ANY_STATE = 0xffffffff;

export interface DiagRequest {
  readonly family: number;
  readonly protocol: number;
  /** Bit mask of states. */
  readonly states: number;
  /** Ask for struct tcp_info as well. */
  readonly withInfo: boolean;
}

/** One socket of an answer. */
export interface DiagSocket {
  readonly family: number;
  readonly state: number;
  readonly localPort: number;
  readonly remotePort: number;
  /** 32 bytes: local, then remote address; IPv4 as ::ffff:a.b.c.d; all zero: any. */
  readonly addresses: Uint8Array;
  /** Interface that the socket is bound to, 0: none. */
  readonly ifindex: number;
  /** Unique for the time since boot (sock_gen_cookie() hands out numbers from 1, so a double holds them). */
  readonly cookie: number;
  readonly uid: number;
  /** 0: no file belongs to it any more. */
  readonly inode: number;
  readonly info: TcpInfo | undefined;
}

/** A request for all sockets of a family and protocol that are in one of the states. */
export function socketRequest(request: DiagRequest): Buffer {
  const body = Buffer.alloc(REQUEST_BYTES);
  body.writeUInt8(request.family, 0);
  body.writeUInt8(request.protocol, 1);
  body.writeUInt8(request.withInfo ? 1 << (INET_DIAG_INFO - 1) : 0, 2);
  body.writeUInt32LE(request.states >>> 0, 4);
  return dumpRequest(SOCK_DIAG_BY_FAMILY, body);
}

/** Calls `visit` for every socket in an answer. The object is the same each time and filled anew, since 65,000
 * sockets a second are no reason to make 65,000 objects: copy what is kept. */
export function eachSocket(parts: readonly Buffer[], visit: (socket: DiagSocket) => void): void {
  const socket = emptySocket();
  for (const part of parts) {
    eachMessage(part, (type, _flags, at, end) => {
      if (type !== SOCK_DIAG_BY_FAMILY || end - at < HEADER_BYTES + MESSAGE_BYTES) return;
      fill(socket, part, at + HEADER_BYTES, end);
      visit(socket);
    });
  }
}

const SOCK_DIAG_BY_FAMILY = 20;
const INET_DIAG_INFO = 2;
/** struct inet_diag_req_v2: u8 family, u8 protocol, u8 extensions, u8, u32 states, struct inet_diag_sockid. */
const REQUEST_BYTES = 56;
/** struct inet_diag_msg. */
const MESSAGE_BYTES = 72;

type Filled = { -readonly [Name in keyof DiagSocket]: DiagSocket[Name] };

function emptySocket(): Filled {
  return {
    family: 0,
    state: 0,
    localPort: 0,
    remotePort: 0,
    addresses: new Uint8Array(32),
    ifindex: 0,
    cookie: 0,
    uid: 0,
    inode: 0,
    info: undefined,
  };
}

/** struct inet_diag_msg: u8 family, state, timer, retrans; at 4 be16 source and destination port, at 8 and 24 the
 * addresses, at 40 u32 interface, u32 cookie[2]; at 52 u32 expires, rqueue, wqueue, uid, inode. */
function fill(socket: Filled, part: Buffer, at: number, end: number): void {
  socket.family = part.readUInt8(at);
  socket.state = part.readUInt8(at + 1);
  socket.localPort = part.readUInt16BE(at + 4);
  socket.remotePort = part.readUInt16BE(at + 6);
  fillAddress(socket, 0, part, at + 8);
  fillAddress(socket, 16, part, at + 24);
  socket.ifindex = part.readUInt32LE(at + 40);
  socket.cookie = readUInt64(part, at + 44);
  socket.uid = part.readUInt32LE(at + 64);
  socket.inode = part.readUInt32LE(at + 68);
  socket.info = undefined;
  eachAttribute(part, at + MESSAGE_BYTES, end, (type, from, to) => {
    if (type === INET_DIAG_INFO) socket.info = readTcpInfo(part, from, to);
  });
}

/** IPv4 has the first four of the sixteen bytes; "any" stays all zero in both families. */
function fillAddress(socket: Filled, to: number, part: Buffer, at: number): void {
  const { addresses } = socket;
  if (socket.family === AF_INET6) {
    for (let i = 0; i < 16; i++) addresses[to + i] = part[at + i] ?? 0;
    return;
  }
  addresses.fill(0, to, to + 16);
  if (part.readUInt32LE(at) === 0) return;
  addresses.fill(255, to + 10, to + 12);
  for (let i = 0; i < 4; i++) addresses[to + 12 + i] = part[at + i] ?? 0;
}
