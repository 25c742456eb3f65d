/** Gives Process.ids to the processes that own sockets, and notices when they are gone. */

import { readFileSync, readlinkSync, statSync } from "node:fs";
import type { Process } from "../../model/process.ts";

export type Describe = (pid: number) => Omit<Process, "id"> | undefined;

export interface ProcessIds {
  /** Process.id of a running process; 0 when it has exited or cannot be read. */
  idOf(pid: number): number;
  /** Looks which processes are gone, also those that have become another program. */
  check(): void;
  isGone(id: number): boolean;
  /** Pids of all processes that own sockets. */
  pids(): number[];
  /** Processes that are new since the last call. */
  takeNew(): Process[];
  /** Ids of processes that are gone and not in use. */
  takeExited(used: ReadonlySet<number>): number[];
}

export function createProcessIds(describe: Describe): ProcessIds {
  const byPid = new Map<number, { id: number; identity: string }>();
  const gone = new Set<number>();
  let fresh: Process[] = [];
  let lastId = 0;

  function idOf(pid: number): number {
    const identity = readIdentity(pid);
    if (identity === undefined) return 0;
    const known = byPid.get(pid);
    if (known?.identity === identity) return known.id;
    const description = describe(pid);
    if (!description) return 0;
    if (known) gone.add(known.id);
    const id = ++lastId;
    byPid.set(pid, { id, identity });
    fresh.push({ id, ...description });
    return id;
  }

  function check(): void {
    for (const [pid, { id }] of byPid) {
      if (statSync(`/proc/${pid}`, { throwIfNoEntry: false })) continue;
      gone.add(id);
      byPid.delete(pid);
    }
  }

  function takeNew(): Process[] {
    const taken = fresh;
    fresh = [];
    return taken;
  }

  function takeExited(used: ReadonlySet<number>): number[] {
    const exited = [...gone].filter((id) => !used.has(id));
    for (const id of exited) gone.delete(id);
    return exited;
  }

  return {
    idOf,
    check,
    isGone: (id) => gone.has(id),
    pids: () => [...byPid.keys()],
    takeNew,
    takeExited,
  };
}

/** Start time and program: a pid alone is reused, and exec makes another program of it. */
function readIdentity(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name in brackets may hold anything; the start time is the twentieth field behind it (proc_pid_stat(5)).
    const start = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return `${start} ${readlinkSync(`/proc/${pid}/exe`)}`;
  } catch {
    return undefined;
  }
}
