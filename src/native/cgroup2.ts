/** Where the cgroup v2 hierarchy is mounted: on hybrid systems not at /sys/fs/cgroup. */

/** The mount point of the whole hierarchy, from the text of /proc/self/mountinfo (proc_pid_mountinfo(5)). */
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
