/** The few C library calls of Linux that Node does not offer: memory of kernel maps, raw system calls, error texts. */

import koffi from "koffi";

const libc = koffi.load("libc.so.6");

const mmap = libc.func(
  "void *mmap(uintptr_t addr, size_t length, int prot, int flags, int fd, int64_t offset)",
);
const munmap = libc.func("int munmap(void *addr, size_t length)");
const strerror = libc.func("const char *strerror(int number)");
const syscall = libc.func("long syscall(long number, long a, void *b, long c)");

const PROT_NONE = 0;
const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;

/** Memory shared with the kernel. After close() the buffer is detached: reading it throws instead of crashing. */
export interface SharedMemory {
  /** Spans the whole; only what reach() has asked for may be touched. */
  readonly buffer: ArrayBuffer;
  /** Makes the first bytes usable. The kernel maps all of a map's pages at once, and they count as this process's
   * memory: a table that is nearly empty should not be mapped whole. */
  reach(bytes: number): void;
  close(): void;
}

/** Reserves room for the whole mapping; reach() fills it.
 * @throws Error with the system's text when a mapping is refused. */
export function mapShared(fd: number, byteLength: number): SharedMemory {
  const address = map(null, {
    byteLength,
    protection: PROT_NONE,
    flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
    fd: -1,
    offset: 0,
  });
  const buffer = koffi.view(address, byteLength);
  let reached = 0;
  let open = true;
  return {
    buffer,
    reach(bytes) {
      const end = Math.min(byteLength, Math.ceil(bytes / REACH_STEP_BYTES) * REACH_STEP_BYTES);
      if (!open || end <= reached) return;
      map(address + BigInt(reached), {
        byteLength: end - reached,
        protection: PROT_READ | PROT_WRITE,
        flags: MAP_SHARED | MAP_FIXED,
        fd,
        offset: reached,
      });
      reached = end;
    },
    close() {
      if (!open) return;
      open = false;
      buffer.transfer(0);
      munmap(address, byteLength);
    },
  };
}

const REACH_STEP_BYTES = 2 ** 20;

interface Mapping {
  readonly byteLength: number;
  readonly protection: number;
  readonly flags: number;
  readonly fd: number;
  readonly offset: number;
}

function map(at: bigint | null, mapping: Mapping): bigint {
  const { byteLength, protection, flags, fd, offset } = mapping;
  const address = mmap(at ?? 0n, byteLength, protection, flags, fd, offset) as bigint | null;
  const number = koffi.errno();
  if (address === null || BigInt.asIntN(64, address) === -1n) {
    throw new Error(`mmap of ${byteLength} bytes: ${errorText(number)}`);
  }
  return address;
}

/** The system call with three arguments; a negative errno value on failure. */
export function systemCall(number: number, first: number, memory: Buffer, third: number): number {
  const result = Number(syscall(number, first, memory, third));
  return result === -1 ? -koffi.errno() : result;
}

/** "Operation not permitted" for 1 or -1. */
export function errorText(number: number): string {
  return strerror(Math.abs(number)) as string;
}

/** errno of the last call through koffi on this thread. */
export function lastError(): number {
  return koffi.errno();
}
