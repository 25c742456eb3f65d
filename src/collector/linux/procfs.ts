/** Reads of /proc. A process may vanish between any two of them: everything that cannot be read is undefined. */

import { closeSync, openSync, readlinkSync, readSync, statSync } from "node:fs";
import { printable } from "../../model/printable.ts";

/** USER_HZ, which /proc counts in: 100 on all platforms that Node runs on. */
const TICK_MS = 10;
/** Tick and clock may fall on either side of a boundary. */
const SAME_START_MS = 20;
/** Most that is read of a file in /proc/PID; command lines can have megabytes. */
const FILE_BYTES_LIMIT = 16_384;
/** /etc/passwd beyond this is not read. */
const PASSWD_BYTES_LIMIT = 4_194_304;
/** How often /etc/passwd is looked at for changes. */
const PASSWD_CHECK_MS = 1_000;
const PATH_LIMIT = 4_096;
const PF_KTHREAD = 0x0020_0000; // include/linux/sched.h

export interface ProcessStat {
  /** At most 15 bytes (63 for a kernel worker), printable. */
  readonly name: string;
  readonly state: string;
  readonly parentPid: number;
  /** Start since boot, in ticks of 10 ms, boot clock. */
  readonly startTicks: number;
  readonly kernelThread: boolean;
}

export interface Executable {
  /** Printable; without the " (deleted)" of one that was removed. */
  readonly path: string;
  readonly inode: number | undefined;
}

export interface Procfs {
  readStat(pid: number): ProcessStat | undefined;
  /** NUL-separated, at most 16 KiB. */
  readCommandLine(pid: number): Buffer | undefined;
  readExePath(pid: number): Executable | undefined;
  readCwd(pid: number): string | undefined;
  /** The real user id. */
  readUid(pid: number): number | undefined;
  readCgroup(pid: number): string | undefined;
  /** True while the very process runs that started then. */
  isAlive(pid: number, startMs: number): boolean;
  /** Wall clock of the boot by the clock of now, which may have been set since; exact to 10 ms. */
  bootTimeMs(): number | undefined;
  /** "#1000" where the id has no name. */
  userName(uid: number): string;
}

/** `root` is a folder laid out like /proc. */
export function openProcfs({
  root = "/proc",
  passwd = "/etc/passwd",
  wallMs = Date.now,
  monotonicMs = () => performance.now(),
}: {
  root?: string;
  passwd?: string;
  wallMs?: () => number;
  monotonicMs?: () => number;
} = {}): Procfs {
  const userName = openUserNames(passwd, monotonicMs);

  function readStat(pid: number): ProcessStat | undefined {
    const bytes = readStart(`${root}/${pid}/stat`);
    return bytes && parseStat(bytes);
  }

  function readCommandLine(pid: number): Buffer | undefined {
    const bytes = readStart(`${root}/${pid}/cmdline`);
    return bytes && Buffer.from(bytes);
  }

  function readExePath(pid: number): Executable | undefined {
    const link = `${root}/${pid}/exe`;
    const path = readLink(link)?.replace(/ \(deleted\)$/, "");
    return path ? { path, inode: inodeOf(link) } : undefined;
  }

  function readCwd(pid: number): string | undefined {
    return readLink(`${root}/${pid}/cwd`);
  }

  function readUid(pid: number): number | undefined {
    const uid = /^Uid:\s*(\d+)/m.exec(readText(`${root}/${pid}/status`) ?? "")?.[1];
    return uid === undefined ? undefined : Number(uid);
  }

  function readCgroup(pid: number): string | undefined {
    return readText(`${root}/${pid}/cgroup`);
  }

  function isAlive(pid: number, startMs: number): boolean {
    const stat = readStat(pid);
    return stat !== undefined && isSameStart(startMsOf(stat), startMs);
  }

  function bootTimeMs(): number | undefined {
    const text = readText(`${root}/uptime`);
    const uptimeMs = Number.parseFloat(text ?? "") * 1_000;
    return Number.isFinite(uptimeMs) ? wallMs() - uptimeMs : undefined;
  }

  return {
    readStat,
    readCommandLine,
    readExePath,
    readCwd,
    readUid,
    readCgroup,
    isAlive,
    bootTimeMs,
    userName,
  };
}

/** Milliseconds since boot. */
export function startMsOf(stat: ProcessStat): number {
  return stat.startTicks * TICK_MS;
}

/** Whether two times since boot, one of which was counted in ticks, mean the same start. */
export function isSameStart(startMs: number, otherMs: number): boolean {
  return Math.abs(startMs - otherMs) <= SAME_START_MS;
}

/** proc_pid_stat(5). The name may hold anything, ")" too, but only numbers follow it. */
function parseStat(bytes: Buffer): ProcessStat | undefined {
  const open = bytes.indexOf("(");
  const close = bytes.lastIndexOf(")");
  if (open === -1 || close < open) return undefined;
  // From "state", which the manual counts as field 3.
  const fields = bytes.toString("latin1", close + 2).split(" ", 20);
  const parentPid = Number(fields[1]);
  const flags = Number(fields[6]);
  const startTicks = Number(fields[19]);
  if (!Number.isInteger(parentPid + flags + startTicks)) return undefined;
  return {
    name: printable(bytes.subarray(open + 1, close)),
    state: fields[0] ?? "",
    parentPid,
    startTicks,
    kernelThread: (flags & PF_KTHREAD) !== 0,
  };
}

function openUserNames(path: string, monotonicMs: () => number): (uid: number) => string {
  let names = new Map<number, string>();
  let modifiedMs: number | undefined;
  let nextCheckMs = Number.NEGATIVE_INFINITY;

  return (uid) => {
    if (monotonicMs() >= nextCheckMs) {
      nextCheckMs = monotonicMs() + PASSWD_CHECK_MS;
      const changedMs = attempt(() => statSync(path).mtimeMs);
      if (changedMs !== modifiedMs) names = parsePasswd(readText(path, PASSWD_BYTES_LIMIT) ?? "");
      modifiedMs = changedMs;
    }
    return names.get(uid) ?? `#${uid}`;
  };
}

/** passwd(5); the first of several names of one id counts, as for getpwuid(3). */
function parsePasswd(text: string): Map<number, string> {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [name, , uid] = line.split(":", 3);
    if (name && uid && /^\d+$/.test(uid) && !names.has(Number(uid))) {
      names.set(Number(uid), printable(name));
    }
  }
  return names;
}

/** Node's readlink gives bytes, too: a path need not be UTF-8. */
function readLink(path: string): string | undefined {
  const bytes = attempt(() => readlinkSync(path, { encoding: "buffer" }));
  return bytes && printable(bytes, PATH_LIMIT);
}

function inodeOf(path: string): number | undefined {
  return attempt(() => statSync(path, { throwIfNoEntry: false })?.ino);
}

function readText(path: string, limit?: number): string | undefined {
  return readStart(path, limit)?.toString("utf8");
}

// Files in /proc have no size; one buffer for all of them, so that a read allocates nothing.
const shared = Buffer.allocUnsafe(FILE_BYTES_LIMIT);

/** The start of a file, valid until the next read. */
function readStart(path: string, limit = FILE_BYTES_LIMIT): Buffer | undefined {
  const buffer = limit > shared.length ? Buffer.allocUnsafe(limit) : shared;
  return attempt(() => {
    const file = openSync(path, "r");
    try {
      let length = 0;
      for (;;) {
        const more = readSync(file, buffer, length, limit - length, null);
        length += more;
        if (more === 0 || length === limit) return buffer.subarray(0, length);
      }
    } finally {
      closeSync(file);
    }
  });
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
