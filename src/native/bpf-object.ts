/** A loaded eBPF object: its programs, links and maps as handles that own what they hold. */

import { closeSync, openSync, readSync } from "node:fs";
import koffi from "koffi";

import { MonitauriError } from "../model/error.ts";
import type { Libbpf, Pointer } from "./libbpf.ts";
import { errorText, lastError, mapShared, type SharedMemory, systemCall } from "./libc.ts";

/** Something attached to the kernel; close() detaches it. */
export interface BpfLink {
  readonly fd: number;
  close(): void;
}

export interface ProgramStatistics {
  readonly name: string;
  /** Zero unless the sysctl kernel.bpf_stats_enabled is 1. */
  readonly runTimeNs: number;
  readonly runs: number;
  /** Runs that the kernel skipped because the program was running already on that CPU. */
  readonly missedRuns: number;
}

export interface LoadOptions {
  /** Programs to load; the others of the object are left out. */
  readonly programs: readonly string[];
  /** Map name -> number of entries, where it differs from the object. */
  readonly maxEntries?: Readonly<Record<string, number>>;
  /** Values of `const volatile` globals in the order in which they lie in .rodata, 4 bytes each. */
  readonly constants?: readonly number[];
  /** What the kernel's lists call the object's global variables: "traffic" where not given. */
  readonly name?: string;
}

export interface BpfObject {
  attachCgroup(program: string, cgroupPath: string): BpfLink;
  attachTrace(program: string): BpfLink;
  /** Runs an iterator program once over everything it iterates. */
  runIterator(program: string): void;
  /** Attaches at the egress of a device; the link goes with this process (Linux 6.6+). */
  attachDeviceEgress(program: string, ifindex: number): BpfLink;
  /** For whoever attaches it by other means. */
  programFd(program: string): number;
  /** Maps an mmapable array, or the object's global variables, into this process. */
  share(map: string): SharedMemory;
  valueBytes(map: string): number;
  /** False where the map is full. */
  update(map: string, key: Buffer, value: Buffer): boolean;
  /** The value of a key, or undefined. */
  lookup(map: string, key: Buffer, value: Buffer): boolean;
  remove(map: string, key: Buffer): void;
  /** All keys; keys that come and go meanwhile may be missed or repeated. */
  keys(map: string, keyBytes: number, limit: number): Buffer[];
  statistics(): ProgramStatistics[];
  /** Bytes of kernel memory that the maps hold now. */
  memoryBytes(): number;
  /** File descriptors of programs and maps: closing them all undoes everything in the kernel. */
  readonly fds: readonly number[];
  close(): void;
}

const LOG_BYTES = 64 * 1024;
const BPF_LINK_CREATE = 28;
const BPF_TCX_EGRESS = 47;
const BPF_SYSTEM_CALL: Partial<Record<string, number>> = { x64: 321, arm64: 280 };

/** @throws MonitauriError when the kernel refuses a program; the message has the verifier's last lines. */
export function loadBpfObject(libbpf: Libbpf, bytes: Buffer, options: LoadOptions): BpfObject {
  const object = libbpf.objectOpenMemory(bytes, bytes.length, openOptions(options.name));
  if (object === null) {
    throw new MonitauriError(
      "failed",
      `Cannot read the eBPF object: ${errorText(lastError())}. The file is damaged or cut short; reinstall Monitauri`,
    );
  }
  try {
    return load(libbpf, object, options);
  } catch (error) {
    libbpf.objectClose(object);
    throw error;
  }
}

/** struct bpf_object_open_opts: its size, then the object's name. */
function openOptions(objectName = "traffic"): Buffer {
  const name = Buffer.from(`${objectName}\0`);
  const options = Buffer.alloc(72);
  options.writeBigUInt64LE(72n, 0);
  options.writeBigUInt64LE(BigInt(koffi.address(name)), 8);
  return Object.assign(options, { name });
}

function load(libbpf: Libbpf, object: Pointer, options: LoadOptions): BpfObject {
  const programs = new Map<string, Pointer>();
  const logs = new Map<string, Buffer>();
  for (let p = libbpf.nextProgram(object, null); p !== null; p = libbpf.nextProgram(object, p)) {
    const name = libbpf.programName(p);
    const wanted = options.programs.includes(name);
    libbpf.setAutoload(p, wanted);
    if (!wanted) continue;
    const log = Buffer.alloc(LOG_BYTES);
    libbpf.setLog(p, log, LOG_BYTES);
    logs.set(name, log);
    programs.set(name, p);
  }
  for (const name of options.programs) {
    if (!programs.has(name)) {
      throw new MonitauriError("failed", `Cannot load the eBPF object: it has no program ${name}`);
    }
  }
  const maps = new Map<string, Pointer>();
  for (let m = libbpf.nextMap(object, null); m !== null; m = libbpf.nextMap(object, m)) {
    maps.set(libbpf.mapName(m), m);
  }
  for (const [name, entries] of Object.entries(options.maxEntries ?? {})) {
    libbpf.setMaxEntries(maps.get(name) ?? null, entries);
  }
  setConstants(libbpf, maps, options.constants ?? []);

  const result = libbpf.objectLoad(object);
  if (result !== 0) {
    throw new MonitauriError(
      result === -1 || result === -13 ? "forbidden" : "unsupported",
      `Cannot load the eBPF programs: ${errorText(result)}${verifierSays(logs)}`,
    );
  }
  return handle(libbpf, object, programs, maps);
}

function setConstants(
  libbpf: Libbpf,
  maps: Map<string, Pointer>,
  constants: readonly number[],
): void {
  if (constants.length === 0) return;
  const rodata = [...maps].find(([name]) => name.endsWith(".rodata"))?.[1];
  const size: [number] = [0];
  const address = rodata === undefined ? null : libbpf.initialValue(rodata, size);
  if (address === null) throw new MonitauriError("failed", "Cannot set constants: no .rodata");
  const view = new Uint32Array(koffi.view(address, constants.length * 4));
  view.set(constants);
}

function verifierSays(logs: Map<string, Buffer>): string {
  for (const [name, log] of logs) {
    const text = log.toString("latin1", 0, log.indexOf(0)).trim();
    if (text === "") continue; // written only for a program that was refused
    const lines = text.split("\n").filter((line) => !/^processed /.test(line));
    return ` (program ${name}: ${lines.slice(-2).join(" ").slice(0, 300)})`;
  }
  return "";
}

function handle(
  libbpf: Libbpf,
  object: Pointer,
  programs: Map<string, Pointer>,
  maps: Map<string, Pointer>,
): BpfObject {
  const open = new Set<BpfLink>();
  let closed = false;

  function program(name: string): Pointer {
    const found = programs.get(name);
    if (found === undefined)
      throw new MonitauriError("failed", `No eBPF program ${name} is loaded`);
    return found;
  }

  function mapFd(name: string): number {
    const found = maps.get(name);
    if (found === undefined) throw new MonitauriError("failed", `No eBPF map ${name}`);
    return libbpf.mapFd(found);
  }

  function own(link: BpfLink): BpfLink {
    open.add(link);
    return link;
  }

  function libbpfLink(link: Pointer, what: string): BpfLink {
    if (link === null) {
      throw new MonitauriError("failed", `Cannot attach ${what}: ${errorText(lastError())}`);
    }
    let attached = true;
    const result: BpfLink = {
      fd: libbpf.linkFd(link),
      close() {
        if (!attached) return;
        attached = false;
        open.delete(result);
        libbpf.linkDestroy(link);
      },
    };
    return own(result);
  }

  return {
    attachCgroup(name, cgroupPath) {
      const fd = openSync(cgroupPath, "r");
      try {
        return libbpfLink(libbpf.attachCgroup(program(name), fd), name);
      } finally {
        closeSync(fd);
      }
    },
    attachTrace(name) {
      return libbpfLink(libbpf.attachTrace(program(name)), name);
    },
    runIterator(name) {
      const link = libbpfLink(libbpf.attachIterator(program(name), null), name);
      try {
        const fd = libbpf.iteratorCreate(link.fd);
        if (fd < 0) throw new MonitauriError("failed", `Cannot run ${name}: ${errorText(fd)}`);
        const buffer = Buffer.alloc(4096);
        while (readSync(fd, buffer) > 0);
        closeSync(fd);
      } finally {
        link.close();
      }
    },
    attachDeviceEgress(name, ifindex) {
      const attributes = Buffer.alloc(64);
      attributes.writeUInt32LE(libbpf.programFd(program(name)), 0);
      attributes.writeUInt32LE(ifindex, 4);
      attributes.writeUInt32LE(BPF_TCX_EGRESS, 8);
      const number = BPF_SYSTEM_CALL[process.arch];
      const fd = number === undefined ? -38 : systemCall(number, BPF_LINK_CREATE, attributes, 64);
      if (fd < 0) {
        throw new MonitauriError(
          "unsupported",
          `Cannot attach ${name} to interface ${ifindex}: ${errorText(fd)}`,
        );
      }
      const result: BpfLink = {
        fd,
        close() {
          if (!open.delete(result)) return;
          closeSync(fd);
        },
      };
      return own(result);
    },
    share(name) {
      const map = maps.get(name) ?? [...maps].find(([full]) => full.endsWith(name))?.[1];
      if (map === undefined) throw new MonitauriError("failed", `No eBPF map ${name}`);
      const page = 4096;
      const bytes = libbpf.mapMaxEntries(map) * Math.ceil(libbpf.mapValueSize(map) / 8) * 8;
      return mapShared(libbpf.mapFd(map), Math.ceil(bytes / page) * page);
    },
    valueBytes(name) {
      const map = maps.get(name) ?? [...maps].find(([full]) => full.endsWith(name))?.[1];
      return map === undefined ? 0 : libbpf.mapValueSize(map);
    },
    programFd: (name) => libbpf.programFd(program(name)),
    update(name, key, value) {
      return libbpf.update(mapFd(name), key, value, 0) === 0;
    },
    lookup(name, key, value) {
      return libbpf.lookup(mapFd(name), key, value) === 0;
    },
    remove(name, key) {
      libbpf.remove(mapFd(name), key);
    },
    keys(name, keyBytes, limit) {
      const fd = mapFd(name);
      const found: Buffer[] = [];
      let previous: Buffer | null = null;
      while (found.length < limit) {
        const next = Buffer.alloc(keyBytes);
        if (libbpf.nextKey(fd, previous, next) !== 0) break;
        found.push(next);
        previous = next;
      }
      return found;
    },
    statistics() {
      return [...programs].map(([name, p]) => readStatistics(libbpf, name, libbpf.programFd(p)));
    },
    memoryBytes() {
      let total = 0;
      for (const map of maps.values()) total += mapMemory(libbpf.mapFd(map));
      return total;
    },
    get fds() {
      return [
        ...[...open].map((link) => link.fd),
        ...[...programs.values()].map((p) => libbpf.programFd(p)),
        ...[...maps.values()].map((m) => libbpf.mapFd(m)),
      ].filter((fd) => fd >= 0);
    },
    close() {
      if (closed) return;
      closed = true;
      for (const link of [...open].reverse()) link.close();
      libbpf.objectClose(object);
    },
  };
}

/** struct bpf_prog_info (linux/bpf.h): run_time_ns at 192, run_cnt at 200, recursion_misses at 208. */
function readStatistics(libbpf: Libbpf, name: string, fd: number): ProgramStatistics {
  const info = Buffer.alloc(224);
  libbpf.objectInfo(fd, info, [info.length]);
  return {
    name,
    runTimeNs: Number(info.readBigUInt64LE(192)),
    runs: Number(info.readBigUInt64LE(200)),
    missedRuns: Number(info.readBigUInt64LE(208)),
  };
}

/** "memlock" of /proc/self/fdinfo: what the kernel holds for the map. */
function mapMemory(fd: number): number {
  try {
    const file = openSync(`/proc/self/fdinfo/${fd}`, "r");
    try {
      const buffer = Buffer.alloc(1024);
      const text = buffer.toString("latin1", 0, readSync(file, buffer));
      return Number(/memlock:\s+(\d+)/.exec(text)?.[1] ?? 0);
    } finally {
      closeSync(file);
    }
  } catch {
    return 0;
  }
}
