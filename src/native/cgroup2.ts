/** Where the cgroup v2 hierarchy is mounted: on hybrid systems not at /sys/fs/cgroup. */

import { readFileSync } from "node:fs";
import { mountNowhere } from "./mount.ts";

let own: string | undefined;

/** The whole hierarchy's folder; for root. Where this process's mounts have none, as after `ip netns exec` (ip-netns(8)), it
 * is mounted at no place, for as long as this process lives. undefined: the kernel has none. */
export function openCgroup2(): string | undefined {
  const mounted = findCgroup2(readFileSync("/proc/self/mountinfo", "utf8"));
  if (mounted !== undefined) return mounted;
  if (own === undefined) {
    const fd = mountNowhere("cgroup2");
    if (fd >= 0) own = `/proc/self/fd/${fd}`;
  }
  return own;
}

/** The mount point of the whole hierarchy, from the text of /proc/PID/mountinfo (proc_pid_mountinfo(5)). */
export function findCgroup2(mountinfo: string): string | undefined {
  for (const line of mountinfo.split("\n")) {
    const [before, after] = line.split(" - ");
    if (!after?.startsWith("cgroup2 ")) continue;
    const fields = before?.split(" ") ?? [];
    if (fields[3] === "/" && fields[4]) return unescapeOctal(fields[4]);
  }
  return undefined;
}

/** Blanks and the like appear as \040 in mount points. */
function unescapeOctal(path: string): string {
  return path.replace(/\\([0-7]{3})/g, (_, digits) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
}
