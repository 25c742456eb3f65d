/** All processes of the machine as rules name them, from /proc: also those that have not used the network yet. */

import { type BigIntStats, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { applicationOf, type ProgramFacts, withoutDeleted } from "../model/application.ts";
import { containerText, parseCgroup } from "../model/cgroup.ts";
import type { TrafficFacts } from "../model/limit-match.ts";

export interface ScannedProcess {
  readonly pid: number;
  readonly parentPid: number;
  /** Hundredths of a second since boot: with the pid it is one process for ever. */
  readonly startTicks: number;
  readonly uid: number;
  readonly executable: string | undefined;
  /** What a rule is matched with; without its lineage. Another object when anything in it has changed. */
  readonly facts: TrafficFacts;
}

export interface ProcessScan {
  /** Whether a process of the last reading is still there and still runs the same program. */
  isUnchanged(process: ScannedProcess): boolean;
  read(): ReadonlyMap<number, ScannedProcess>;
}

export interface ScanOptions {
  /** Better names of processes that use the network, by pid: containers are called by their engine's files. */
  readonly known?: () => ReadonlyMap<number, TrafficFacts>;
  readonly root?: string;
}

/** Processes beyond are not looked at: rules find them by their executable, unit and user. */
const PROCESS_LIMIT = 65_536;
const ARGUMENT_BYTES = 1_024;

interface Entry extends ScannedProcess {
  readonly known: TrafficFacts | undefined;
  readonly program: ProgramFacts;
}

/** Processes older than this rarely become another program, and the kernel knows those that rules name: they are looked at
 * again in turn, a part of them in each reading. */
const YOUNG_MS = 2_000;
const PARTS = 8;

/** Keeps what it has read: most processes cost nothing. */
export function createProcessScan(options: ScanOptions = {}): ProcessScan {
  const root = options.root ?? "/proc";
  const bootMs = readBootMs(root);
  let entries = new Map<number, Entry>();
  let users = new Map<number, string>();
  let usersChangedMs = -1;
  let readings = 0;

  function read(): ReadonlyMap<number, ScannedProcess> {
    const changedMs = mtimeMs("/etc/passwd");
    if (changedMs !== usersChangedMs) users = readUsers();
    usersChangedMs = changedMs;
    readings += 1;
    const nowMs = Date.now();
    const known = options.known?.() ?? new Map<number, TrafficFacts>();
    const before = entries;
    entries = new Map();
    for (const name of readdirSync(root)) {
      const pid = Number(name);
      if (!(pid > 0) || entries.size >= PROCESS_LIMIT) continue;
      const old = before.get(pid);
      const isDue =
        old === undefined ||
        old.known !== known.get(pid) ||
        pid % PARTS === readings % PARTS ||
        nowMs - bootMs - old.startTicks * 10 < YOUNG_MS;
      if (old !== undefined && !isDue) {
        entries.set(pid, old);
        continue;
      }
      const status = readStat(root, pid);
      if (status === undefined) continue;
      const executable = linkOf(`${root}/${pid}/exe`);
      const isSame =
        old?.startTicks === status.startTicks &&
        old.executable === executable &&
        old.parentPid === status.parentPid &&
        old.known === known.get(pid);
      const entry = isSame ? old : describe(pid, { status, executable, known: known.get(pid) });
      if (entry !== undefined) entries.set(pid, entry);
    }
    return entries;
  }

  function describe(
    pid: number,
    found: { status: Stat; executable: string | undefined; known: TrafficFacts | undefined },
  ): Entry | undefined {
    const { status, executable, known } = found;
    const uid = ownerOf(root, pid);
    if (uid === undefined) return undefined;
    const cgroup = parseCgroup(textOf(`${root}/${pid}/cgroup`));
    const container = cgroup.container && {
      engine: cgroup.container.engine,
      id: containerText(cgroup.container),
    };
    const program: ProgramFacts = {
      name: status.name,
      path: executable,
      arguments: argumentsOf(root, pid),
      container,
      unit: cgroup.unit,
      kernelThread: executable === undefined && (pid === 2 || status.parentPid === 2),
      cwd: linkOf(`${root}/${pid}/cwd`),
      get parents() {
        return ancestors(status.parentPid);
      },
    };
    const startedAtMs = bootMs + status.startTicks * 10;
    const facts: TrafficFacts = {
      application: applicationOf(program),
      user: users.get(uid),
      uid,
      container,
      unit: cgroup.unit,
      ...known,
      pid,
      lineage: [{ pid, startedAtMs }],
    };
    const { startTicks, parentPid } = status;
    return { pid, parentPid, startTicks, uid, facts, executable, known, program };
  }

  function ancestors(pid: number): ProgramFacts[] {
    const found: ProgramFacts[] = [];
    let at = pid;
    while (at > 1 && found.length < ANCESTOR_LIMIT) {
      const entry: Entry | undefined = entries.get(at);
      if (entry === undefined) break;
      found.push(entry.program);
      at = entry.parentPid;
    }
    return found;
  }

  return {
    read,
    isUnchanged({ pid, executable, startTicks }) {
      return (
        linkOf(`${root}/${pid}/exe`) === executable &&
        readStat(root, pid)?.startTicks === startTicks
      );
    },
  };
}

const ANCESTOR_LIMIT = 16;

interface Stat {
  readonly name: string;
  readonly parentPid: number;
  readonly startTicks: number;
}

/** /proc/PID/stat: the name is in parentheses and may hold any character (proc_pid_stat(5)). */
function readStat(root: string, pid: number): Stat | undefined {
  const text = textOf(`${root}/${pid}/stat`);
  const nameEnd = text.lastIndexOf(")");
  if (nameEnd < 0) return undefined;
  const fields = text.slice(nameEnd + 2).split(" ");
  return {
    name: text.slice(text.indexOf("(") + 1, nameEnd),
    parentPid: Number(fields[1]),
    startTicks: Number(fields[19]),
  };
}

/** Real user: /proc/PID itself belongs to root where a process may not be dumped. */
function ownerOf(root: string, pid: number): number | undefined {
  const uid = /^Uid:\s+(\d+)/m.exec(textOf(`${root}/${pid}/status`))?.[1];
  return uid === undefined ? undefined : Number(uid);
}

function argumentsOf(root: string, pid: number): string[] {
  const text = textOf(`${root}/${pid}/cmdline`).slice(0, ARGUMENT_BYTES);
  return text === "" ? [] : text.replace(/\0$/, "").split("\0");
}

function readBootMs(root: string): number {
  return Number(/^btime (\d+)$/m.exec(textOf(`${root}/stat`))?.[1] ?? 0) * 1000;
}

function readUsers(): Map<number, string> {
  const users = new Map<number, string>();
  for (const line of textOf("/etc/passwd").split("\n")) {
    const [name, , uid] = line.split(":");
    if (name !== undefined && uid !== undefined && !users.has(Number(uid)))
      users.set(Number(uid), name);
  }
  return users;
}

/** Number of a user that a rule names; undefined where there is none. */
export function uidOf(user: string): number | undefined {
  if (/^#?\d+$/.test(user)) return Number(user.replace("#", ""));
  for (const [uid, name] of readUsers()) if (name === user) return uid;
  return undefined;
}

/** What tells an executable from every other, for the kernel. */
export function readExecutable(path: string): { inode: bigint; bytes: bigint } | undefined {
  let found: BigIntStats | undefined;
  try {
    found = statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch {
    return undefined;
  }
  return found?.isFile() ? { inode: found.ino, bytes: found.size } : undefined;
}

function mtimeMs(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}

function linkOf(path: string): string | undefined {
  try {
    return withoutDeleted(readlinkSync(path));
  } catch {
    return undefined;
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
