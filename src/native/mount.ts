/** File systems that this process alone sees, at no place of the tree (fsopen(2), fsmount(2); Linux 5.2). */

import { closeSync } from "node:fs";
import koffi from "koffi";

const libc = koffi.load("libc.so.6");
// The C library has functions of their own names only since 2.36.
const fsopen = libc.func("long syscall(long number, const char *type, unsigned int flags)");
const fsconfig = libc.func(
  "long syscall(long number, int fd, unsigned int command, void *key, void *value, int aux)",
);
const fsmount = libc.func(
  "long syscall(long number, int fd, unsigned int flags, unsigned int attributes)",
);

/** The same on every architecture (include/uapi/asm-generic/unistd.h). */
const SYSTEM_CALL = { fsopen: 430, fsconfig: 431, fsmount: 432 } as const;
const CLOSE_ON_EXEC = 1;
const FSCONFIG_CMD_CREATE = 6;

/** A descriptor of the root folder, which lives until it is closed; negative where the kernel refuses. */
export function mountNowhere(type: string): number {
  const context = fsopen(SYSTEM_CALL.fsopen, type, CLOSE_ON_EXEC);
  if (context < 0) return -1;
  try {
    if (fsconfig(SYSTEM_CALL.fsconfig, context, FSCONFIG_CMD_CREATE, null, null, 0) < 0) return -1;
    return fsmount(SYSTEM_CALL.fsmount, context, CLOSE_ON_EXEC, 0);
  } finally {
    closeSync(context);
  }
}
