/** A netlink socket: sends a request to the kernel and returns the whole answer. Linux only. */

import { type ErrorCode, MonitauriError } from "../model/error.ts";
import { errorText, lastError } from "./libc.ts";
import { netlinkCalls } from "./netlink-calls.ts";
import { eachMessage, FLAG_DUMP_INTERRUPTED, FLAG_MULTI, HEADER_BYTES } from "./netlink-message.ts";

// linux/netlink.h
export const NETLINK_ROUTE = 0;
export const NETLINK_SOCK_DIAG = 4;
const NLMSG_ERROR = 2;
const NLMSG_DONE = 3;

// x86-64 and arm64 agree on all of these (asm-generic/socket.h, fcntl.h, poll.h, errno-base.h)
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const MSG_TRUNC = 0x20;
const MSG_DONTWAIT = 0x40;
const POLLIN = 1;
const EPERM = 1;
const ENOENT = 2;
const EINTR = 4;
const EAGAIN = 11;
const EACCES = 13;
const EPROTONOSUPPORT = 93;
const EAFNOSUPPORT = 97;
const ENOBUFS = 105;

/** Room that every recv gets; the kernel's parts of a dump have 32 KiB at most (netlink_recvmsg). */
const PART_BYTES = 65_536;
/** The first block is enough for an interface list; further ones come with big answers. */
const FIRST_BLOCK_BYTES = 2 * PART_BYTES;
const BLOCK_BYTES = 1_048_576;
/** An answer beyond this is refused: some 500,000 sockets. */
const MAX_ANSWER_BYTES = 256 * 1_048_576;
/** What the kernel queues for a listener before it drops messages. */
const QUEUE_BYTES = 4_194_304;
const MAX_RESTARTS = 3;
/** The kernel fills an answer while it is asked for, so this is a guard and not a wait. */
const ANSWER_TIMEOUT_MS = 200;

export interface Netlink {
  /** Sends one complete message (its sequence number is filled in here) and returns the answer as the parts that the
   * kernel sent, for `eachMessage`.
   * @throws MonitauriError when the kernel refuses or does not answer. */
  request(message: Buffer): Buffer[];
  /** Multicast messages that have arrived since the last call. `lost`: the queue was full and some are missing. */
  drain(): { parts: Buffer[]; lost: boolean };
  /** Dumps that were repeated because their subject changed meanwhile (NLM_F_DUMP_INTR). */
  readonly interruptedDumps: number;
  /** A second call does nothing. */
  close(): void;
  [Symbol.dispose](): void;
}

/** `groups` is a bit mask of multicast groups to listen to; a listener does not send requests.
 * @throws MonitauriError when this machine has no such netlink family or forbids it. */
export function openNetlink(protocol: number, groups = 0): Netlink {
  return new NetlinkSocket(protocol, groups);
}

class NetlinkSocket implements Netlink {
  interruptedDumps = 0;
  readonly #protocol: number;
  readonly #groups: number;
  #fd: number;
  #sequence = 0;
  #closed = false;

  constructor(protocol: number, groups: number) {
    this.#protocol = protocol;
    this.#groups = groups;
    this.#fd = openSocket(protocol, groups);
  }

  request(message: Buffer): Buffer[] {
    for (let attempt = 0; ; attempt++) {
      const answer = this.#exchange(message);
      // After the last attempt a list that is slightly out of step is better than none.
      if (!answer.interrupted || attempt === MAX_RESTARTS) return answer.parts;
      this.interruptedDumps++;
    }
  }

  drain(): { parts: Buffer[]; lost: boolean } {
    this.#mustBeOpen();
    const receive = this.#receiver();
    const parts: Buffer[] = [];
    let lost = false;
    for (;;) {
      const part = receive();
      if (typeof part !== "number") parts.push(part);
      else if (part === EAGAIN) return { parts, lost };
      else if (part === ENOBUFS) lost = true;
      else if (part !== EINTR) throw failure("read netlink messages", part);
    }
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    netlinkCalls().close(this.#fd);
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #exchange(message: Buffer): { parts: Buffer[]; interrupted: boolean } {
    this.#mustBeOpen();
    this.#sequence = (this.#sequence + 1) >>> 0;
    message.writeUInt32LE(this.#sequence, 8);
    try {
      const sent = netlinkCalls().sendto(
        this.#fd,
        message,
        message.length,
        0,
        kernelAddress(0),
        12,
      );
      if (sent < 0) throw failure("ask the kernel over netlink", lastError());
      return this.#answer();
    } catch (error) {
      // A half-read dump makes the socket refuse the next one (EBUSY): start afresh.
      netlinkCalls().close(this.#fd);
      this.#fd = openSocket(this.#protocol, this.#groups);
      throw error;
    }
  }

  #answer(): { parts: Buffer[]; interrupted: boolean } {
    const receive = this.#receiver();
    const parts: Buffer[] = [];
    let interrupted = false;
    let ended = false;
    let bytes = 0;
    while (!ended) {
      const part = receive();
      if (typeof part === "number") {
        if (part !== EINTR && (part !== EAGAIN || !waitForData(this.#fd))) {
          throw failure("read the kernel's netlink answer", part);
        }
        continue;
      }
      bytes += part.length;
      if (bytes > MAX_ANSWER_BYTES) throw failure("read the kernel's netlink answer", ENOBUFS);
      let wanted = false;
      eachMessage(part, (type, flags, at) => {
        if (part.readUInt32LE(at + 8) !== this.#sequence) return; // left over from an earlier request
        if ((flags & FLAG_DUMP_INTERRUPTED) !== 0) interrupted = true;
        if (type === NLMSG_ERROR || type === NLMSG_DONE) {
          ended = true;
          const number = part.length >= at + 20 ? -part.readInt32LE(at + HEADER_BYTES) : 0;
          if (number > 0) throw failure("get a netlink answer", number);
        } else {
          wanted = true;
          if ((flags & FLAG_MULTI) === 0) ended = true;
        }
      });
      if (wanted) parts.push(part);
    }
    return { parts, interrupted };
  }

  /** A function that receives one part behind the other into big blocks; an errno value where it cannot. */
  #receiver(): () => Buffer | number {
    let block = Buffer.allocUnsafeSlow(FIRST_BLOCK_BYTES);
    let used = 0;
    return () => {
      if (block.length - used < PART_BYTES) {
        block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
        used = 0;
      }
      const room = block.subarray(used, used + PART_BYTES);
      const length = netlinkCalls().recv(this.#fd, room, PART_BYTES, MSG_DONTWAIT | MSG_TRUNC);
      if (length < 0) return lastError();
      if (length > PART_BYTES) return ENOBUFS;
      used += (length + 7) & ~7;
      return room.subarray(0, length);
    };
  }

  #mustBeOpen(): void {
    if (this.#closed) throw new MonitauriError("failed", "Cannot use netlink: it is closed");
  }
}

function openSocket(protocol: number, groups: number): number {
  const fd = netlinkCalls().socket(AF_NETLINK, SOCK_RAW_CLOEXEC, protocol);
  if (fd < 0) throw failure(`open a netlink socket (protocol ${protocol})`, lastError());
  const size = Buffer.alloc(4);
  size.writeUInt32LE(QUEUE_BYTES);
  if (netlinkCalls().setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, size, 4) < 0) {
    netlinkCalls().setsockopt(fd, SOL_SOCKET, SO_RCVBUF, size, 4); // is cut to net.core.rmem_max
  }
  if (netlinkCalls().bind(fd, kernelAddress(groups), 12) < 0) {
    const number = lastError();
    netlinkCalls().close(fd);
    throw failure(`bind a netlink socket (protocol ${protocol}, groups ${groups})`, number);
  }
  return fd;
}

/** struct sockaddr_nl: family, padding, port (0: the kernel, or chosen by it), groups. */
function kernelAddress(groups: number): Buffer {
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK, 0);
  address.writeUInt32LE(groups, 8);
  return address;
}

function waitForData(fd: number): boolean {
  const entry = Buffer.alloc(8); // struct pollfd
  entry.writeInt32LE(fd, 0);
  entry.writeInt16LE(POLLIN, 4);
  return netlinkCalls().poll(entry, 1, ANSWER_TIMEOUT_MS) > 0;
}

function failure(action: string, number: number): MonitauriError {
  const state = number === EAGAIN ? "the kernel does not answer" : errorText(number);
  const [code, remedy] = verdict(number);
  return new MonitauriError(code, `Cannot ${action}: ${state} (errno ${number}). ${remedy}`);
}

function verdict(number: number): [ErrorCode, string] {
  switch (number) {
    case EPERM:
    case EACCES:
      return ["forbidden", "Allow AF_NETLINK sockets in the sandbox, or run with sudo"];
    case ENOENT:
    case EPROTONOSUPPORT:
    case EAFNOSUPPORT:
      return [
        "unsupported",
        "Load the kernel modules: sudo modprobe -a inet_diag tcp_diag udp_diag",
      ];
    default:
      return ["failed", "Try again; if it stays, run `monitauri doctor`"];
  }
}
