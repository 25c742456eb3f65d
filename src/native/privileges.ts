/** Who this process is and what it may do: user, capabilities, groups. */

import { readFileSync } from "node:fs";

/** Numbers of linux/capability.h that loading and attaching the kernel programs needs. */
const NEEDED_CAPABILITIES = {
  CAP_NET_ADMIN: 12,
  CAP_SYS_ADMIN: 21,
  CAP_PERFMON: 38,
  CAP_BPF: 39,
} as const;

export interface Privileges {
  readonly uid: number;
  /** Effective user is root. */
  readonly root: boolean;
  /** Needed capabilities that root lacks here, as in a container; empty where they cannot be read. */
  readonly lacking: readonly string[];
}

/** `status`: text of /proc/self/status, "" where there is none. */
export function readPrivileges(status = readText("/proc/self/status")): Privileges {
  const uid = process.geteuid?.() ?? 0;
  return { uid, root: uid === 0, lacking: lackingCapabilities(status) };
}

function lackingCapabilities(status: string): string[] {
  const [, hex] = /^CapEff:\s*([0-9a-f]+)$/m.exec(status) ?? [];
  if (hex === undefined) return [];
  const effective = BigInt(`0x${hex}`);
  // CAP_SYS_ADMIN includes CAP_BPF and CAP_PERFMON (capabilities(7)).
  const has = (bit: number) => ((effective >> BigInt(bit)) & 1n) === 1n;
  return Object.entries(NEEDED_CAPABILITIES)
    .filter(([, bit]) => !has(bit))
    .map(([name]) => name)
    .filter((name) => name === "CAP_NET_ADMIN" || !has(NEEDED_CAPABILITIES.CAP_SYS_ADMIN));
}

/** Number of a group, undefined where it does not exist. Only local groups: directories are not asked at start-up. */
export function groupId(name: string, groups = readText("/etc/group")): number | undefined {
  for (const line of groups.split("\n")) {
    const [groupName, , gid] = line.split(":");
    if (groupName === name && gid !== undefined && /^\d+$/.test(gid)) return Number(gid);
  }
  return undefined;
}

/** Users of a group: those it lists, and those whose own group it is. Only local ones, as above. */
export function groupMembers(
  gid: number,
  { groups = readText("/etc/group"), users = readText("/etc/passwd") } = {},
): number[] {
  const listed = groups
    .split("\n")
    .map((line) => line.split(":"))
    .filter(([, , id]) => id === String(gid))
    .flatMap(([, , , names = ""]) => names.split(","));
  return users
    .split("\n")
    .map((line) => line.split(":"))
    .filter(
      ([name = "", , , group]) => name !== "" && (group === String(gid) || listed.includes(name)),
    )
    .map(([, , uid]) => Number(uid))
    .filter(Number.isInteger);
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
