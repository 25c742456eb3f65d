/** The few C library calls of Linux that Node does not offer: memory of kernel maps, raw system calls, error texts. */

import koffi from "koffi";

const libc = koffi.load("libc.so.6");

const mmap = libc.func(
  "void *mmap(uintptr_t addr, size_t length, int prot, int flags, int fd, int64_t offset)",
);
const munmap = libc.func("int munmap(void *addr, size_t length)");
const strerror = libc.func("const char *strerror(int number)");
const syscall = libc.func("long syscall(long number, long a, void *b, long c)");

const PROT_READ = 1;
const PROT_WRITE = 2;
const MAP_SHARED = 1;

/** Memory shared with the kernel. After close() the buffer is detached: reading it throws instead of crashing. */
export interface SharedMemory {
  readonly buffer: ArrayBuffer;
  close(): void;
}

/** @throws Error with the system's text when the mapping is refused. */
export function mapShared(fd: number, byteLength: number): SharedMemory {
  const address = mmap(0, byteLength, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  const number = koffi.errno();
  if (address === null || BigInt.asIntN(64, address) === -1n) {
    throw new Error(`mmap of ${byteLength} bytes: ${errorText(number)}`);
  }
  const buffer = koffi.view(address, byteLength);
  let open = true;
  return {
    buffer,
    close() {
      if (!open) return;
      open = false;
      buffer.transfer(0);
      munmap(address, byteLength);
    },
  };
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
