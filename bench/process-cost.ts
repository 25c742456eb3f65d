// What a process with all its children costs: CPU, memory, and what it holds in the kernel. From /proc.
import { readdirSync, readFileSync } from "node:fs";

/** Field 14 and 15 of /proc/PID/stat count in these; USER_HZ is 100 on all that Node runs on. */
const TICKS_PER_SECOND = 100;

export interface Memory {
  /** Proportional set size: a page shared by n processes counts as one n-th. Mapped kernel maps are in it. */
  readonly pssBytes: number;
  /** Without files and shared memory. */
  readonly anonymousPssBytes: number;
  /** What the kernel holds for eBPF maps. */
  readonly kernelMapBytes: number;
}

/** CPU time of the whole tree so far, of ended children that were waited for too; in steps of 10 ms. */
export function cpuSecondsOf(pid: number): number {
  let ticks = 0;
  for (const one of treeOf(pid)) {
    // utime, stime, and cutime, cstime of ended children: fields 14 to 17, threads included.
    for (const field of [14, 15, 16, 17]) ticks += Number(statFields(one)?.[field - 3] ?? 0);
  }
  return ticks / TICKS_PER_SECOND;
}

/** Memory of the whole tree now. */
export function memoryOf(pid: number): Memory {
  let pssBytes = 0;
  let anonymousPssBytes = 0;
  const maps = new Map<string, number>();
  for (const one of treeOf(pid)) {
    const rollup = read(`/proc/${one}/smaps_rollup`);
    pssBytes += 1024 * numberAfter(rollup, "Pss:");
    anonymousPssBytes += 1024 * numberAfter(rollup, "Pss_Anon:");
    for (const text of descriptors(one)) {
      const id = /^map_id:\s+(\d+)$/m.exec(text)?.[1];
      if (id !== undefined) maps.set(id, numberAfter(text, "memlock:"));
    }
  }
  const kernelMapBytes = [...maps.values()].reduce((sum, bytes) => sum + bytes, 0);
  return { pssBytes, anonymousPssBytes, kernelMapBytes };
}

/** Identifiers of the eBPF programs that the tree holds. */
export function programsOf(pid: number): Set<number> {
  const texts = treeOf(pid).flatMap(descriptors);
  const ids = texts.map((text) => Number(/^prog_id:\s+(\d+)$/m.exec(text)?.[1] ?? 0));
  return new Set(ids.filter((id) => id > 0));
}

/** Whether the process has a packet socket, which is how captures begin. */
export function isCapturing(pid: number): boolean {
  const lines = read("/proc/net/packet").trim().split("\n").slice(1);
  const inodes = new Set(lines.map((line) => line.trim().split(/\s+/).at(-1)));
  return descriptors(pid).some((text) => inodes.has(/^ino:\s+(\d+)$/m.exec(text)?.[1]));
}

/** Its arguments, as one text. */
export function commandOf(pid: number): string {
  return read(`/proc/${pid}/cmdline`).replaceAll("\0", " ");
}

/** The process and all that descend from it. Parents come from /proc/PID/stat: not every kernel lists children. */
export function treeOf(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    const parent = /^\d+$/.test(name) ? statFields(Number(name))?.[1] : undefined;
    if (parent !== undefined) parents.set(Number(name), Number(parent));
  }
  const tree = new Set([pid]);
  for (let before = 0; before !== tree.size; ) {
    before = tree.size;
    for (const [child, parent] of parents) if (tree.has(parent)) tree.add(child);
  }
  return [...tree];
}

/** From field 3 on: what is before may hold blanks. */
function statFields(pid: number): string[] | undefined {
  const text = read(`/proc/${pid}/stat`);
  return text === "" ? undefined : text.slice(text.lastIndexOf(")") + 2).split(" ");
}

function descriptors(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fdinfo`).map((fd) => read(`/proc/${pid}/fdinfo/${fd}`));
  } catch {
    return []; // It has just ended.
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return "";
  }
}

function numberAfter(text: string, name: string): number {
  return Number(new RegExp(`^${name}\\s+(\\d+)`, "m").exec(text)?.[1] ?? 0);
}
