/** Process.ids for the owners that the kernel programs name, with what they said of themselves at first use. */

import type { Process } from "../../model/process.ts";
import type { RawProcess } from "./describe-process.ts";
import { PROCESS, PROCESS_KEY_BYTES } from "./layout.ts";

/** How often exited processes are looked for. */
const SWEEP_MS = 5_000;
/** Entries of the kernel's table that one sweep looks at. */
const SWEEP_LIMIT = 20_000;

export interface ProcessSource {
  /** Reads struct process of a key; false when the kernel has none. */
  lookup(key: Buffer, value: Buffer): boolean;
  remove(key: Buffer): void;
  keys(limit: number): Buffer[];
  describe(raw: RawProcess): Omit<Process, "id">;
  /** True while this very process runs: same pid, same start. */
  isAlive(pid: number, startMs: number): boolean;
}

interface Entry {
  readonly id: number;
  readonly tgid: number;
  readonly exec: number;
  readonly startLow: number;
  readonly startHigh: number;
  rows: number;
  described: Omit<Process, "id"> | undefined;
}

export interface ProcessTable {
  id(tgid: number, exec: number, startLow: number, startHigh: number): number;
  release(id: number): void;
  /** What is known of a process that may be gone; of the latest with this pid where no start is given. */
  find(pid: number, startMs: number | undefined): Omit<Process, "id"> | undefined;
  /** New processes since the last call. */
  takeNew(): Process[];
  /** Ids of processes that have exited and own no row any more; looks only every few seconds. */
  takeExited(atBootMs: number): number[];
}

export function createProcessTable(source: ProcessSource): ProcessTable {
  const byPid = new Map<number, Entry[]>();
  const byId = new Map<number, Entry>();
  let fresh: Process[] = [];
  let nextId = 1;
  let nextSweepMs = 0;

  function id(tgid: number, exec: number, startLow: number, startHigh: number): number {
    if (tgid === 0) return 0;
    const entries = byPid.get(tgid);
    const known = entries?.find(
      (e) => e.exec === exec && e.startLow === startLow && e.startHigh === startHigh,
    );
    if (known) {
      known.rows++;
      return known.id;
    }
    const entry: Entry = {
      id: nextId++,
      tgid,
      exec,
      startLow,
      startHigh,
      rows: 1,
      described: undefined,
    };
    byId.set(entry.id, entry);
    if (entries) entries.push(entry);
    else byPid.set(tgid, [entry]);
    entry.described = source.describe(readRaw(entry));
    fresh.push({ id: entry.id, ...entry.described });
    return entry.id;
  }

  function readRaw(entry: Entry): RawProcess {
    const startMs = startOf(entry);
    const value = Buffer.alloc(PROCESS.bytes);
    const base = { pid: entry.tgid, startMs, exec: entry.exec };
    if (!source.lookup(keyOf(entry), value) || value.readUInt32LE(PROCESS.ready) === 0) {
      return {
        ...base,
        name: "",
        execPath: "",
        arguments: new Uint8Array(0),
        argumentBytes: 0,
        uid: undefined,
        parentPid: undefined,
        parentStartMs: undefined,
        exeInode: 0,
        kernelThread: false,
      };
    }
    const argumentBytes = value.readUInt32LE(PROCESS.argumentBytes);
    return {
      ...base,
      name: text(value, PROCESS.name, PROCESS.nameBytes),
      execPath: text(value, PROCESS.execPath, PROCESS.execPathBytes),
      arguments: value.subarray(
        PROCESS.arguments,
        PROCESS.arguments + Math.min(argumentBytes, PROCESS.argumentLimit),
      ),
      argumentBytes,
      uid: value.readUInt32LE(PROCESS.uid),
      parentPid: value.readUInt32LE(PROCESS.parentTgid),
      parentStartMs: Number(value.readBigUInt64LE(PROCESS.parentStartNs)) / 1e6,
      exeInode: Number(value.readBigUInt64LE(PROCESS.exeInode)),
      kernelThread: value.readUInt32LE(PROCESS.kernelThread) !== 0,
    };
  }

  function release(released: number): void {
    const entry = byId.get(released);
    if (entry) entry.rows--;
  }

  function find(pid: number, startMs: number | undefined): Omit<Process, "id"> | undefined {
    const found = (byPid.get(pid) ?? []).findLast(
      (e) => startMs === undefined || Math.abs(startOf(e) - startMs) < 1,
    );
    return found?.described;
  }

  function takeNew(): Process[] {
    const taken = fresh;
    fresh = [];
    return taken;
  }

  function takeExited(atBootMs: number): number[] {
    if (atBootMs < nextSweepMs) return [];
    nextSweepMs = atBootMs + SWEEP_MS;
    const exited: number[] = [];
    for (const entry of byId.values()) {
      if (entry.rows > 0 || isAlive(entry)) continue;
      exited.push(entry.id);
      byId.delete(entry.id);
      const rest = (byPid.get(entry.tgid) ?? []).filter((e) => e !== entry);
      if (rest.length > 0) byPid.set(entry.tgid, rest);
      else byPid.delete(entry.tgid);
    }
    dropUnused();
    return exited;
  }

  /** An exec before the last one of a living process is over too. */
  function isAlive(entry: Entry): boolean {
    const newest = (byPid.get(entry.tgid) ?? []).every(
      (e) =>
        e.startLow !== entry.startLow || e.startHigh !== entry.startHigh || e.exec <= entry.exec,
    );
    const startMs = startOf(entry);
    return newest && source.isAlive(entry.tgid, startMs);
  }

  /** Kernel entries of processes that are gone: those here, and those that made a socket and never used it. */
  function dropUnused(): void {
    for (const key of source.keys(SWEEP_LIMIT)) {
      const startMs = Number(key.readBigUInt64LE(0)) / 1e6;
      const tgid = key.readUInt32LE(8);
      const used = byPid.get(tgid)?.some((e) => keyOf(e).equals(key));
      if (!used && !source.isAlive(tgid, startMs)) source.remove(key);
    }
  }

  return { id, release, find, takeNew, takeExited };
}

/** Milliseconds since boot. */
function startOf(entry: Entry): number {
  return (entry.startHigh * 4_294_967_296 + entry.startLow) / 1e6;
}

/** struct process_key. */
function keyOf(entry: Entry): Buffer {
  const key = Buffer.alloc(PROCESS_KEY_BYTES);
  key.writeUInt32LE(entry.startLow, 0);
  key.writeUInt32LE(entry.startHigh, 4);
  key.writeUInt32LE(entry.tgid, 8);
  key.writeUInt32LE(entry.exec, 12);
  return key;
}

function text(value: Buffer, at: number, length: number): string {
  const bytes = value.subarray(at, at + length);
  const end = bytes.indexOf(0);
  return bytes.toString("utf8", 0, end === -1 ? length : end);
}
