/** The C library calls for a netlink socket, which Node does not offer. Linux only. */

import koffi from "koffi";

/** Loaded on first use, so that importing this file costs and needs nothing. */
export function netlinkCalls(): NetlinkCalls {
  loaded ??= load();
  return loaded;
}

export type NetlinkCalls = ReturnType<typeof load>;
let loaded: NetlinkCalls | undefined;

function load() {
  const library = koffi.load("libc.so.6");
  return {
    socket: library.func("int socket(int domain, int type, int protocol)") as (
      domain: number,
      type: number,
      protocol: number,
    ) => number,
    setsockopt: library.func(
      "int setsockopt(int fd, int level, int name, const void *value, uint32_t length)",
    ) as (fd: number, level: number, name: number, value: Buffer, length: number) => number,
    bind: library.func("int bind(int fd, const void *address, uint32_t length)") as (
      fd: number,
      address: Buffer,
      length: number,
    ) => number,
    sendto: library.func(
      "long sendto(int fd, const void *data, size_t length, int flags, const void *to, uint32_t size)",
    ) as (
      fd: number,
      data: Buffer,
      length: number,
      flags: number,
      to: Buffer,
      size: number,
    ) => number,
    recv: library.func("long recv(int fd, void *data, size_t length, int flags)") as (
      fd: number,
      data: Buffer,
      length: number,
      flags: number,
    ) => number,
    poll: library.func("int poll(void *entries, unsigned long count, int timeout)") as (
      entries: Buffer,
      count: number,
      timeoutMs: number,
    ) => number,
    close: library.func("int close(int fd)") as (fd: number) => number,
  };
}
