/** Walks the open files of the processes that may be looked into: one's own, or all as root. */

import { readdirSync, readlinkSync, statSync } from "node:fs";

export interface OpenFile {
  readonly pid: number;
  readonly descriptor: string;
  /** "socket:[4711]", "/dev/net/tun". */
  readonly target: string;
}

export interface ProcFilesOptions {
  /** Looked at before all others. */
  readonly first?: Iterable<number>;
  /** Own user id; 0 looks into all processes. */
  readonly uid?: number;
}

/** Lazy, so that the caller decides how much of it to do now; the newest processes come first. What exits meanwhile is
 * left out. */
export function* openFiles(options: ProcFilesOptions = {}): Generator<OpenFile, void> {
  const uid = options.uid ?? process.geteuid?.() ?? 0;
  const done = new Set<number>();
  for (const pid of options.first ?? []) {
    done.add(pid);
    yield* filesOf(pid);
  }
  for (const pid of processIds()) {
    if (!done.has(pid) && mayLookInto(pid, uid)) yield* filesOf(pid);
  }
}

/** A generator with a time limit per call: gives `visit` what it yields, and says whether it has come to its end. */
export function advance<T>(
  walk: Iterator<T, void>,
  visit: (item: T) => void,
  limitMs: number,
): boolean {
  const endMs = performance.now() + limitMs;
  for (let count = 1; ; count++) {
    const next = walk.next();
    if (next.done) return true;
    visit(next.value);
    if (count % 64 === 0 && performance.now() > endMs) return false;
  }
}

function processIds(): number[] {
  return readdirSync("/proc")
    .filter((name) => /^[1-9]\d*$/.test(name))
    .map(Number)
    .sort((a, b) => b - a);
}

/** A process that may not be looked into (another user's, or one that changed its identity) belongs to someone else
 * here: asking first is five times cheaper than an exception. */
function mayLookInto(pid: number, uid: number): boolean {
  return uid === 0 || statSync(`/proc/${pid}`, { throwIfNoEntry: false })?.uid === uid;
}

function* filesOf(pid: number): Generator<OpenFile, void> {
  const folder = `/proc/${pid}/fd`;
  let descriptors: string[];
  try {
    descriptors = readdirSync(folder);
  } catch {
    return; // exited, or not allowed
  }
  for (const descriptor of descriptors) {
    let target: string;
    try {
      target = readlinkSync(`${folder}/${descriptor}`);
    } catch {
      continue; // closed meanwhile
    }
    yield { pid, descriptor, target };
  }
}
