/** Describes a process: what the kernel caught at its first use of the network, checked against /proc while it lives. */

import { realpathSync, statSync } from "node:fs";
import { applicationOf, type ProgramFacts, resolvePath } from "../../model/application.ts";
import { type CgroupFacts, parseCgroup } from "../../model/cgroup.ts";
import { printable } from "../../model/printable.ts";
import type { Application, Container, Process } from "../../model/process.ts";
import type { ContainerNames } from "./container-names.ts";
import { isSameStart, type Procfs, startMsOf } from "./procfs.ts";

/** What the kernel program caught: path and arguments are the process's own claims, the rest is the kernel's. */
export interface RawProcess {
  readonly pid: number;
  /** Since boot, boot clock. */
  readonly startMs: number;
  readonly exec: number;
  readonly name: string;
  /** As given to execve: may be relative, a link, or a script whose #! line names the executable. */
  readonly execPath: string;
  /** NUL-separated, maybe cut. */
  readonly arguments: Uint8Array;
  /** Their whole length. */
  readonly argumentBytes: number;
  readonly uid: number | undefined;
  readonly parentPid: number | undefined;
  readonly parentStartMs: number | undefined;
  /** 0: not known. */
  readonly exeInode: number;
  readonly kernelThread: boolean;
  /** Like the text of /proc/PID/cgroup, where the caller knows it of a process that may be gone. */
  readonly cgroup?: string | undefined;
}

export type DescribedProcess = Omit<Process, "id">;

export interface DescribeContext {
  readonly procfs: Procfs;
  readonly containers: ContainerNames;
  /** Wall clock of the boot, milliseconds since the epoch. */
  readonly bootTimeMs: () => number;
  /** A process that the collector remembers, for parents that are gone; any start where none is given. */
  readonly findProcess: (pid: number, startMs: number | undefined) => DescribedProcess | undefined;
  readonly monotonicMs: () => number;
  /** Filled here. */
  readonly ancestors: Map<number, Ancestor>;
}

interface Ancestor {
  readonly own: OwnFacts;
  readonly startMs: number;
  readonly parentPid: number | undefined;
  readonly untilMs: number;
}

type OwnFacts = Omit<ProgramFacts, "parents" | "cwd" | "script">;

const ARGUMENT_BYTES_LIMIT = 1_024;
/** One byte is four characters at most: \x1b. */
const ARGUMENT_LIMIT = 4 * ARGUMENT_BYTES_LIMIT;
const PATH_LIMIT = 4_096;
const UNIT_LIMIT = 256;
const DEPTH_LIMIT = 8;
/** Ancestors that are remembered; the one read longest ago is forgotten first. */
const ANCESTOR_LIMIT = 4_096;
/** An ancestor can become another program by exec. */
const ANCESTOR_MS = 5_000;
/** How a program starts itself again (proc_pid_exe(5)): container runtimes and browsers do. */
const OWN_PROGRAM = /^\/proc\/(self|thread-self|\d+)\/exe$/;
/** Start what they start in another cgroup than their own. */
const CGROUP_STARTER = /^(systemd|\(sd-|containerd|conmon|runc|crun|dockerd|lxc|sshd|login)/;

export function createDescribeContext(
  given: Pick<DescribeContext, "procfs" | "containers"> & Partial<DescribeContext>,
): DescribeContext {
  return {
    bootTimeMs: () => given.procfs.bootTimeMs() ?? 0,
    findProcess: () => undefined,
    monotonicMs: () => performance.now(),
    ancestors: new Map(),
    ...given,
  };
}

export function describeProcess(raw: RawProcess, context: DescribeContext): DescribedProcess {
  const { procfs } = context;
  const stat = procfs.readStat(raw.pid);
  const alive = stat && isSameStart(startMsOf(stat), raw.startMs) ? stat : undefined;
  const caught = argumentsOf(raw.arguments, raw.argumentBytes);
  const given = caught.length > 0 || !alive ? caught : readArguments(raw.pid, procfs);
  const parentPid = raw.parentPid ?? alive?.parentPid;
  const seen = {
    pid: raw.pid,
    startMs: raw.startMs,
    parentPid,
    parentStartMs: raw.parentStartMs,
    uid: raw.uid ?? (alive && procfs.readUid(raw.pid)),
    alive: alive !== undefined,
    execPath: raw.execPath,
    exeInode: raw.exeInode,
  };
  const program = raw.kernelThread ? NO_PROGRAM : programOf(seen, given, context);
  const cgroup = raw.cgroup ?? (alive && procfs.readCgroup(raw.pid));
  const home = cgroup === undefined ? inheritedHome(seen, context) : homeOf(cgroup, context);
  return finish(seen, program, context, {
    name: printable(raw.name) || alive?.name || "",
    path: program.path,
    arguments: given,
    kernelThread: raw.kernelThread,
    ...home,
  });
}

/** A process of which nothing but the pid is known; undefined when there is none. */
export function processFromProc(
  pid: number,
  context: DescribeContext,
): DescribedProcess | undefined {
  const found = readAncestor(pid, undefined, context);
  if (!found) return undefined;
  const { procfs } = context;
  const seen = {
    pid,
    startMs: found.startMs,
    parentPid: found.parentPid,
    parentStartMs: undefined,
    uid: procfs.readUid(pid),
    alive: true,
    execPath: "",
    exeInode: 0,
  };
  const program = { path: found.own.path, verified: found.own.path !== undefined };
  return finish(seen, program, context, found.own);
}

interface Seen {
  readonly pid: number;
  readonly startMs: number;
  readonly parentPid: number | undefined;
  readonly parentStartMs: number | undefined;
  readonly uid: number | undefined;
  readonly alive: boolean;
  readonly execPath: string;
  readonly exeInode: number;
}

interface Program {
  readonly path: string | undefined;
  readonly verified: boolean;
}

const NO_PROGRAM: Program = { path: undefined, verified: false };

/** The file that ran then. A living process that runs another one has called exec since. */
function programOf(seen: Seen, given: readonly string[], context: DescribeContext): Program {
  const { execPath, exeInode } = seen;
  const exe = seen.alive ? context.procfs.readExePath(seen.pid) : undefined;
  if (exe && (exeInode === 0 || exe.inode === exeInode)) return { path: exe.path, verified: true };
  if (execPath === "") return NO_PROGRAM;
  if (OWN_PROGRAM.test(execPath)) {
    // It was started as a copy of its parent, whose program is the one that the link meant; ours is another.
    const path =
      seen.parentPid && ancestorOf(seen.parentPid, seen.parentStartMs, context)?.own.path;
    if (path && isFile(path, exeInode)) return { path: realPath(path), verified: true };
    return { path: printable(execPath, PATH_LIMIT), verified: false };
  }
  for (const path of absolutePaths(execPath, seen, context)) {
    if (isFile(path, exeInode)) return { path: realPath(path), verified: true };
  }
  const [interpreter] = given;
  if (interpreter && interpreter !== execPath && isScriptOf(given, execPath)) {
    const verified = interpreter.startsWith("/") && isFile(interpreter, exeInode);
    return { path: verified ? realPath(interpreter) : interpreter, verified };
  }
  return { path: printable(execPath, PATH_LIMIT), verified: false };
}

/** For a script execve(2) makes the arguments: interpreter, maybe one option of the #! line, script. */
function isScriptOf(given: readonly string[], execPath: string): boolean {
  return given[1] === execPath || given[2] === execPath;
}

function finish(
  seen: Seen,
  program: Program,
  context: DescribeContext,
  own: OwnFacts,
): DescribedProcess {
  const { procfs } = context;
  return {
    pid: seen.pid,
    startedAtMs: Math.round(context.bootTimeMs() + seen.startMs),
    name: own.name,
    path: own.path,
    pathVerified: program.verified,
    arguments: own.arguments,
    uid: seen.uid,
    user: seen.uid === undefined ? undefined : procfs.userName(seen.uid),
    parentPid: seen.parentPid,
    kernelThread: own.kernelThread,
    container: own.container,
    unit: own.unit,
    application: decide(seen, own, context),
  };
}

/** A relative script is taken to be where it exists: in the process's folder, or in its parent's, from which it was
 * started, when the process has ended or gone elsewhere. */
function decide(seen: Seen, own: OwnFacts, context: DescribeContext): Application {
  const facts = (cwd: string | undefined): ProgramFacts => ({
    ...own,
    cwd,
    get parents() {
      return parentsOf(seen.parentPid, seen.parentStartMs, context);
    },
    get script() {
      return scriptOf(seen, own, context);
    },
  });
  const application = applicationOf(facts(undefined));
  const { key, path } = application;
  if (path === undefined || path.startsWith("/") || key !== `script:${path}`) return application;
  for (const folder of folders(seen, context)) {
    if (inodeOf(resolvePath(path, folder)) !== undefined) return applicationOf(facts(folder));
  }
  return application;
}

/** Where execve was given another file than the one that runs, that was a script. */
function scriptOf(seen: Seen, own: OwnFacts, context: DescribeContext): string | undefined {
  if (seen.execPath === "" || seen.execPath === own.path || seen.exeInode === 0) return undefined;
  for (const path of absolutePaths(seen.execPath, seen, context)) {
    const inode = inodeOf(path);
    if (inode !== undefined) return inode === seen.exeInode ? undefined : path;
  }
  return undefined;
}

function* absolutePaths(path: string, seen: Seen, context: DescribeContext): Generator<string> {
  if (path.startsWith("/")) yield path;
  else for (const folder of folders(seen, context)) yield resolvePath(path, folder);
}

function* folders(seen: Seen, { procfs }: DescribeContext): Generator<string> {
  const own = seen.alive ? procfs.readCwd(seen.pid) : undefined;
  if (own) yield own;
  const { parentPid, parentStartMs } = seen;
  if (!parentPid) return;
  if (parentStartMs !== undefined && !procfs.isAlive(parentPid, parentStartMs)) return;
  const parents = procfs.readCwd(parentPid);
  if (parents) yield parents;
}

function parentsOf(
  parentPid: number | undefined,
  parentStartMs: number | undefined,
  context: DescribeContext,
): ProgramFacts[] {
  const chain: ProgramFacts[] = [];
  let pid = parentPid;
  let startMs = parentStartMs;
  while (pid !== undefined && pid > 1 && chain.length < DEPTH_LIMIT) {
    const ancestor = ancestorOf(pid, startMs, context);
    if (!ancestor) break;
    const at = chain.length + 1;
    const self = pid;
    chain.push({
      ...ancestor.own,
      get cwd() {
        return context.procfs.readCwd(self);
      },
      get parents() {
        return chain.slice(at);
      },
    });
    pid = ancestor.parentPid;
    startMs = undefined;
  }
  return chain;
}

function ancestorOf(
  pid: number,
  startMs: number | undefined,
  context: DescribeContext,
): Ancestor | undefined {
  const { ancestors, monotonicMs } = context;
  const known = ancestors.get(pid);
  if (
    known &&
    monotonicMs() < known.untilMs &&
    isSameStart(known.startMs, startMs ?? known.startMs)
  )
    return known;
  const found = readAncestor(pid, startMs, context) ?? rememberedAncestor(pid, startMs, context);
  ancestors.delete(pid);
  if (!found) return undefined;
  const oldest = ancestors.size >= ANCESTOR_LIMIT ? ancestors.keys().next().value : undefined;
  if (oldest !== undefined) ancestors.delete(oldest);
  ancestors.set(pid, found);
  return found;
}

/** From /proc; undefined when no process has this pid, or one with another start. */
function readAncestor(
  pid: number,
  startMs: number | undefined,
  context: DescribeContext,
): Ancestor | undefined {
  const { procfs, monotonicMs } = context;
  const stat = procfs.readStat(pid);
  if (!stat || (startMs !== undefined && !isSameStart(startMsOf(stat), startMs))) return undefined;
  const { name, kernelThread, parentPid } = stat;
  const cgroup = procfs.readCgroup(pid);
  const own = {
    name,
    path: procfs.readExePath(pid)?.path,
    arguments: readArguments(pid, procfs),
    kernelThread,
    ...(cgroup === undefined ? NO_HOME : homeOf(cgroup, context)),
  };
  return { own, startMs: startMsOf(stat), parentPid, untilMs: monotonicMs() + ANCESTOR_MS };
}

function rememberedAncestor(
  pid: number,
  startMs: number | undefined,
  context: DescribeContext,
): Ancestor | undefined {
  const found = context.findProcess(pid, startMs);
  if (!found) return undefined;
  const since = startMs ?? found.startedAtMs - context.bootTimeMs();
  const untilMs = context.monotonicMs() + ANCESTOR_MS;
  return { own: found, startMs: since, parentPid: found.parentPid, untilMs };
}

type Home = { readonly container: Container | undefined; readonly unit: string | undefined };

const NO_HOME: Home = { container: undefined, unit: undefined };

function homeOf(cgroup: string, { containers }: DescribeContext): Home {
  const { container, unit }: CgroupFacts = parseCgroup(cgroup);
  return {
    container: container && containers.describe(container),
    unit: unit === undefined ? undefined : printable(unit, UNIT_LIMIT),
  };
}

/** A child is born in its parent's cgroup: where a process lived that is gone. */
function inheritedHome({ parentPid, parentStartMs }: Seen, context: DescribeContext): Home {
  if (parentPid === undefined || parentPid <= 1) return NO_HOME;
  const parent = ancestorOf(parentPid, parentStartMs, context)?.own;
  if (!parent || CGROUP_STARTER.test(parent.name)) return NO_HOME;
  return { container: parent.container, unit: parent.unit };
}

function readArguments(pid: number, procfs: Procfs): string[] {
  const bytes = procfs.readCommandLine(pid) ?? new Uint8Array(0);
  return argumentsOf(bytes, bytes.length);
}

/** NULs at the end are what is left of arguments that the process wrote its title over. */
function argumentsOf(bytes: Uint8Array, wholeBytes: number): string[] {
  let end = Math.min(bytes.length, wholeBytes, ARGUMENT_BYTES_LIMIT);
  const isCut = wholeBytes > end;
  while (end > 0 && bytes[end - 1] === 0) end--;
  const given: string[] = [];
  for (let start = 0; start < end; ) {
    const nul = bytes.indexOf(0, start);
    const stop = nul === -1 || nul > end ? end : nul;
    given.push(printable(bytes.subarray(start, stop), ARGUMENT_LIMIT));
    start = stop + 1;
  }
  if (isCut && given.length > 0) given.push(`${given.pop()}…`);
  return given;
}

function isFile(path: string, inode: number): boolean {
  return inode !== 0 && inodeOf(path) === inode;
}

function inodeOf(path: string): number | undefined {
  try {
    return statSync(path, { throwIfNoEntry: false })?.ino;
  } catch {
    return undefined; // no permission, too long, a loop, a NUL in it
  }
}

/** As /proc/PID/exe would say it, so that a program has one path whether it lives or not. */
function realPath(path: string): string {
  try {
    return printable(realpathSync.native(path), PATH_LIMIT);
  } catch {
    return printable(path, PATH_LIMIT);
  }
}
