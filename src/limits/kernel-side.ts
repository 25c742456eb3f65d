/** The eBPF object of limits: its programs attached as they are needed, its maps kept as they should be. */

import { readFileSync, statSync } from "node:fs";
import { MonitauriError } from "../model/error.ts";
import { isUnavailable } from "../model/unavailable.ts";
import { type BpfObject, loadBpfObject } from "../native/bpf-object.ts";
import { openCgroup2 } from "../native/cgroup2.ts";
import { openLibbpf } from "../native/libbpf.ts";
import type { ClassKey } from "./keys.ts";
import {
  CLASS_KEY_BYTES,
  LIMITED_PROCESSES,
  PROCESS_BYTES,
  type ProcessEntry,
  processValue,
  REFUSALS_BYTES,
  readClassKey,
  readProcessValue,
  SHARED,
  u32,
  VALUE_BYTES,
  WANTED_CLASSES,
} from "./layout.ts";
import { createLinkGroup } from "./link-group.ts";
import { createMirror, type Mirror } from "./mirror.ts";

/** Groups of programs that are attached together. */
const OWNERS = ["limit_own_new"];
const OWNER_TRACES = ["limit_child", "limit_program"];
/** Linux 6.3; before, a socket stays with the process that opened it. */
const CALLER_TRACES = ["limit_own_sent", "limit_own_received"];
const CALLS = [
  "limit_connect4",
  "limit_connect6",
  "limit_sendmsg4",
  "limit_sendmsg6",
  "limit_sent",
];
const FILTERS = ["limit_egress", "limit_ingress", "limit_class"];
const BTF_KIND_TYPEDEF = 8;

export const MIRRORED = [
  "executables",
  "cgroups",
  "users",
  "devices",
  "networks",
  "ports",
  "classes",
] as const;
export type Mirrored = (typeof MIRRORED)[number];

/** What got past rules, since the programs were loaded. */
export interface KernelCounters {
  /** Packets that passed as the daemon's heartbeat was too old. */
  readonly lapsedPackets: number;
  /** Children that found no room among the processes. */
  readonly processOverflow: number;
  /** Of sockets without a process. */
  readonly unownedBytes: number;
}

export interface KernelSide {
  readonly maps: Readonly<Record<Mirrored, Mirror>>;
  /** Whether sockets that pass to another process are followed. */
  readonly followsCallers: boolean;
  programFd(program: "limit_egress" | "limit_ingress" | "limit_class"): number;
  /** Attaches or detaches what follows owners, and what refuses calls. */
  follow(wanted: { readonly owners: boolean; readonly calls: boolean }): void;
  setFlags(flags: number): void;
  /** Something about owners has changed: every socket asks again. */
  newGeneration(): void;
  /** Says that the daemon lives. */
  beat(): void;
  readProcesses(): Map<number, ProcessEntry>;
  writeProcess(pid: number, entry: ProcessEntry): boolean;
  removeProcess(pid: number): void;
  /** Combinations that were met without a class since the last call. */
  takeWanted(): ClassKey[];
  refusals(slot: number): { rx: number; tx: number };
  counters(): KernelCounters;
  /** The cgroup v2 hierarchy. */
  readonly cgroupPath: string;
  close(): void;
}

/** @throws MonitauriError "unsupported" or "forbidden" with what is missing. */
export function openKernelSide(file: URL): KernelSide {
  const libbpf = openLibbpf();
  if (isUnavailable(libbpf)) throw unsupported(`${libbpf.reason}. ${libbpf.remedy}`);
  const cgroupPath = openCgroup2();
  if (cgroupPath === undefined) {
    throw unsupported(
      "no cgroup v2 hierarchy is mounted, and the kernel mounts none. Use a kernel built with CONFIG_CGROUPS=y and CONFIG_CGROUP_BPF=y",
    );
  }
  const types = libbpf.loadKernelTypes();
  const followsCallers =
    types !== null && libbpf.findType(types, "btf_trace_sock_send_length", BTF_KIND_TYPEDEF) > 0;
  if (types !== null) libbpf.freeTypes(types);
  const callers = followsCallers ? CALLER_TRACES : [];
  const object = loadBpfObject(libbpf, readFileSync(file), {
    name: "limits",
    programs: [...OWNERS, ...OWNER_TRACES, ...callers, "limit_own_old", ...CALLS, ...FILTERS],
    constants: [statSync("/proc/self/ns/net").ino],
  });
  try {
    checkSizes(object);
    return handle(object, { cgroupPath, callers, followsCallers });
  } catch (error) {
    object.close();
    throw error;
  }
}

interface Place {
  readonly cgroupPath: string;
  readonly callers: readonly string[];
  readonly followsCallers: boolean;
}

function handle(object: BpfObject, { cgroupPath, callers, followsCallers }: Place): KernelSide {
  const memory = object.share(".bss");
  memory.reach(SHARED.bytes);
  const view = new DataView(memory.buffer);
  const mirror = (map: Mirrored) => [map, createMirror(object, map)] as const;
  let open = true;

  const trace = (name: string) => () => object.attachTrace(name);
  const atCgroup = (name: string) => () => object.attachCgroup(name, cgroupPath);
  const owners = createLinkGroup(() => [
    ...[...OWNER_TRACES, ...callers].map(trace),
    ...OWNERS.map(atCgroup),
    () => void object.runIterator("limit_own_old"),
  ]);
  const calls = createLinkGroup(() => CALLS.map(atCgroup));

  const side: KernelSide = {
    maps: Object.fromEntries(MIRRORED.map(mirror)) as Record<Mirrored, Mirror>,
    followsCallers,
    cgroupPath,
    programFd: (program) => object.programFd(program),
    follow(wanted) {
      // Refusing needs the owners' namespaces too.
      const needsOwners = wanted.owners || wanted.calls;
      if (needsOwners) owners.attach();
      if (wanted.calls) calls.attach();
      else calls.detach();
      if (!needsOwners) owners.detach();
    },
    setFlags: (flags) => view.setUint32(SHARED.flags, flags, true),
    newGeneration() {
      const next = (view.getUint32(SHARED.generation, true) + 1) >>> 0 || 1;
      view.setUint32(SHARED.generation, next, true);
    },
    beat: () => view.setBigUint64(SHARED.heartbeatNs, process.hrtime.bigint(), true),
    readProcesses() {
      const found = new Map<number, ProcessEntry>();
      const value = Buffer.alloc(PROCESS_BYTES);
      for (const key of object.keys("processes", 4, LIMITED_PROCESSES)) {
        if (object.lookup("processes", key, value))
          found.set(key.readUInt32LE(), readProcessValue(value));
      }
      return found;
    },
    writeProcess: (pid, entry) => object.update("processes", u32(pid), processValue(entry)),
    removeProcess: (pid) => object.remove("processes", u32(pid)),
    takeWanted() {
      const keys = object.keys("wanted", CLASS_KEY_BYTES, WANTED_CLASSES);
      for (const key of keys) object.remove("wanted", key);
      return keys.map(readClassKey);
    },
    refusals(slot) {
      const value = Buffer.alloc(REFUSALS_BYTES);
      object.lookup("refused", u32(slot), value);
      return { rx: Number(value.readBigUInt64LE(0)), tx: Number(value.readBigUInt64LE(8)) };
    },
    counters: () => ({
      lapsedPackets: Number(view.getBigUint64(SHARED.lapsedPackets, true)),
      processOverflow: Number(view.getBigUint64(SHARED.processOverflow, true)),
      unownedBytes: Number(view.getBigUint64(SHARED.unownedBytes, true)),
    }),
    close() {
      if (!open) return;
      open = false;
      calls.detach();
      owners.detach();
      memory.close();
      object.close();
    },
  };
  side.newGeneration();
  side.beat();
  return side;
}

function checkSizes(object: BpfObject): void {
  for (const [map, bytes] of VALUE_BYTES) {
    const found = object.valueBytes(map);
    if (found === bytes) continue;
    throw new MonitauriError(
      "failed",
      `Cannot use bpf/limits.bpf.o: ${map} has values of ${found} bytes, expected ${bytes}. Run npm run build:bpf`,
    );
  }
}

function unsupported(reason: string): MonitauriError {
  return new MonitauriError("unsupported", `Cannot limit: ${reason}`);
}
