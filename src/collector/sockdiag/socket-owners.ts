/** Finds the processes of sockets: whose /proc/PID/fd has a link to the socket's inode. */

import { advance, type OpenFile, openFiles } from "../proc-files.ts";

export interface SocketOwners {
  /** Reports the owners of some of the wanted inodes. Goes through /proc only when an inode is new or its turn to be
   * looked for again has come, for a limited time per call; what is left goes on in the next one. */
  search(wanted: ReadonlySet<number>, found: (inode: number, pid: number) => void): void;
  /** Whether a whole search for this inode has ended without finding it. */
  hasLookedFor(inode: number): boolean;
}

export interface SocketOwnersOptions {
  /** Processes to look into first: those that have sockets get more of them. */
  readonly likely: () => Iterable<number>;
  /** Time between the end of a search and the start of the next. */
  readonly pauseMs?: number;
  readonly files?: (likely: Iterable<number>) => Iterator<OpenFile, void>;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
}

const PAUSE_MS = 1_000;
/** What a search may take of a reading: some 10,000 open files. */
const BUDGET_MS = 50;
/** A socket without an owner (held by a program that may not be looked into) is looked for again after 1, 2, 4, ...
 * pauses, at most this many. */
const LONGEST_WAIT = 64;

interface Search {
  readonly walk: Iterator<OpenFile, void>;
  /** Inodes that are looked for and not yet found. */
  readonly open: Set<number>;
}

export function createSocketOwners(options: SocketOwnersOptions): SocketOwners {
  const pauseMs = options.pauseMs ?? PAUSE_MS;
  const files = options.files ?? ((likely) => openFiles({ first: likely }));
  const clock = options.clock ?? (() => performance.now());
  /** Searches in vain and the time of the next one, by inode. */
  const failures = new Map<number, { count: number; nextMs: number }>();
  let running: Search | undefined;
  let nextMs = Number.NEGATIVE_INFINITY;

  function search(wanted: ReadonlySet<number>, found: (inode: number, pid: number) => void): void {
    const nowMs = clock();
    for (const inode of failures.keys()) if (!wanted.has(inode)) failures.delete(inode);
    if (!running && nowMs >= nextMs) running = start(wanted, nowMs);
    if (!running) return;
    const { walk, open } = running;
    const ended = advance(
      untilEmpty(walk, open),
      (file) => {
        const inode = socketInode(file.target);
        if (inode !== 0 && open.delete(inode)) found(inode, file.pid);
      },
      BUDGET_MS,
    );
    if (!ended) return;
    for (const inode of open) note(inode, nowMs);
    running = undefined;
    nextMs = nowMs + pauseMs;
  }

  /** Undefined when nothing is to be looked for. */
  function start(wanted: ReadonlySet<number>, nowMs: number): Search | undefined {
    const due = (inode: number) => (failures.get(inode)?.nextMs ?? nowMs) <= nowMs;
    if (![...wanted].some(due)) return undefined;
    return { walk: files(options.likely()), open: new Set(wanted) };
  }

  function note(inode: number, nowMs: number): void {
    const count = (failures.get(inode)?.count ?? 0) + 1;
    const waits = Math.min(2 ** (count - 1), LONGEST_WAIT);
    failures.set(inode, { count, nextMs: nowMs + waits * pauseMs });
  }

  return { search, hasLookedFor: (inode) => failures.has(inode) };
}

/** Ends as soon as everything is found. */
function untilEmpty(walk: Iterator<OpenFile, void>, open: ReadonlySet<number>) {
  return {
    next: (): IteratorResult<OpenFile, void> =>
      open.size === 0 ? { done: true, value: undefined } : walk.next(),
  };
}

/** The number in "socket:[4711]", 0: no socket. */
function socketInode(target: string): number {
  return target.startsWith("socket:[") ? Number(target.slice(8, -1)) : 0;
}
