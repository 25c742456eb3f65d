/** Closes what a dead thread left open in the kernel: descriptors belong to the process and outlive the thread. */

import { closeSync, readFileSync, readlinkSync } from "node:fs";

export interface LeftDescriptors {
  /** Takes note of the descriptors that a thread holds now. */
  remember(descriptors: readonly number[]): void;
  /** Closes the ones that are still what they were; call it only when the thread has ended. Returns how many. */
  closeAll(): number;
}

/** A number may have been closed and given to something else meanwhile, so each is compared before it is closed. */
export function createLeftDescriptors(): LeftDescriptors {
  let known = new Map<number, string>();
  return {
    remember(descriptors) {
      const next = new Map<number, string>();
      for (const fd of descriptors) {
        const identity = known.get(fd) ?? identify(fd);
        if (identity !== undefined) next.set(fd, identity);
      }
      known = next;
    },
    closeAll() {
      const same = [...known].filter(([fd, identity]) => identify(fd) === identity);
      known.clear();
      for (const [fd] of same) closeSync(fd);
      return same.length;
    },
  };
}

/** What is open under this number: its name and, for kernel objects, their numbers (proc_pid_fdinfo(5)). */
function identify(fd: number): string | undefined {
  try {
    const name = readlinkSync(`/proc/self/fd/${fd}`);
    const info = readFileSync(`/proc/self/fdinfo/${fd}`, "utf8");
    return [name, ...(info.match(/^(ino|prog_id|map_id|link_id|btf_id):.*$/gm) ?? [])].join(" ");
  } catch {
    return undefined;
  }
}
