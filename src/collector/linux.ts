/** The eBPF collector: counts in the kernel, reads sums. bpf/traffic.bpf.c is the other half. */

import { readFileSync, statSync } from "node:fs";
import { totalmem } from "node:os";
import { MonitauriError } from "../model/error.ts";
import type { Collector, CollectorHealth, Snapshot } from "../model/snapshot.ts";
import { isUnavailable, type Unavailable, unavailable } from "../model/unavailable.ts";
import type { BpfObject } from "../native/bpf-object.ts";
import { openCgroup2 } from "../native/cgroup2.ts";
import { readInterfaces } from "../native/interfaces.ts";
import { openLibbpf } from "../native/libbpf.ts";
import type { SharedMemory } from "../native/libc.ts";
import { createInterfaceWatch } from "./interfaces.ts";
import { openContainerNames } from "./linux/container-names.ts";
import { createDescribeContext, describeProcess } from "./linux/describe-process.ts";
import { createDevicePrograms } from "./linux/devices.ts";
import { createFlowReader } from "./linux/flow-reader.ts";
import { attachHooks } from "./linux/hooks.ts";
import {
  FLOW_BYTES,
  FLOW_SLOTS,
  OBSERVED,
  OBSERVED_SLOTS,
  PROCESS,
  PROCESS_KEY_BYTES,
  readCounter,
  SHARED,
} from "./linux/layout.ts";
import { createObservationReader } from "./linux/observation-reader.ts";
import { createProcessTable, type ProcessTable } from "./linux/process-table.ts";
import { openProcfs } from "./linux/procfs.ts";

/** A quarter of the rows on machines below 2 GiB: 8 MiB of kernel memory instead of 32. */
const SMALL_MACHINE_BYTES = 2 * 2 ** 30;

export interface LinuxCollector extends Collector {
  /** Descriptors that hold everything in the kernel; closing them undoes it, should the thread die. */
  resources(): { fds: number[] };
}

export interface LinuxCollectorOptions {
  /** Rows for flows, at most FLOW_SLOTS. */
  readonly slots?: number;
  readonly objectFile?: URL;
  /** Copy first packets for names and protocols. Default: true. */
  readonly observe?: boolean;
}

/** Loads and attaches the kernel programs. A reason and a remedy where this machine cannot. */
export function openLinuxCollector(
  options: LinuxCollectorOptions = {},
): LinuxCollector | Unavailable {
  const feature = "eBPF collector";
  if (process.geteuid?.() !== 0) {
    return unavailable(
      feature,
      "this needs root: kernel programs count every user's traffic",
      "run it with sudo",
    );
  }
  const btf = statSync("/sys/kernel/btf/vmlinux", { throwIfNoEntry: false });
  if (!btf) {
    return unavailable(
      feature,
      "the kernel has no type information (/sys/kernel/btf/vmlinux is missing)",
      "use a kernel built with CONFIG_DEBUG_INFO_BTF=y, as Debian's and Ubuntu's are",
    );
  }
  const cgroupPath = openCgroup2();
  if (cgroupPath === undefined) {
    return unavailable(
      feature,
      "no cgroup v2 hierarchy is mounted, and the kernel mounts none (/proc/filesystems has no cgroup2)",
      "use a kernel built with CONFIG_CGROUPS=y and CONFIG_CGROUP_BPF=y",
    );
  }
  const libbpf = openLibbpf();
  if (isUnavailable(libbpf)) return libbpf;

  const file = options.objectFile ?? new URL("../../bpf/traffic.bpf.o", import.meta.url);
  const slots = Math.min(
    options.slots ?? (totalmem() < SMALL_MACHINE_BYTES ? FLOW_SLOTS / 4 : FLOW_SLOTS),
    FLOW_SLOTS,
  );
  const hostNamespace = statSync("/proc/self/ns/net").ino;
  const memory: SharedMemory[] = [];
  try {
    const hooks = attachHooks(libbpf, readObject(file), {
      cgroupPath,
      slots,
      hostNamespace,
      observe: options.observe ?? true,
      prepare(object) {
        checkLayout(object);
        while (memory.length > 0) memory.pop()?.close();
        memory.push(object.share("flows"), object.share(".bss"), object.share("observed"));
        memory[1]?.reach(SHARED.bytes);
        setStart(memory[1] as SharedMemory);
      },
    });
    return openReader(hooks.object, memory, {
      slots,
      hostNamespace,
      level: hooks.level,
      missing: hooks.missing,
    });
  } catch (error) {
    for (const part of memory) part.close();
    if (error instanceof MonitauriError) {
      return unavailable(feature, error.message, "see `monitauri doctor`");
    }
    throw error;
  }
}

function readObject(file: URL): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    throw new MonitauriError(
      "failed",
      `Cannot read the eBPF object: ${error instanceof Error ? error.message : String(error)}. Reinstall Monitauri`,
    );
  }
}

function checkLayout(object: BpfObject): void {
  const sizes: [string, number, number][] = [
    ["flows", object.valueBytes("flows"), FLOW_BYTES],
    ["processes", object.valueBytes("processes"), PROCESS.bytes],
    ["observed", object.valueBytes("observed"), OBSERVED.bytes],
    [".bss", object.valueBytes(".bss"), SHARED.bytes],
  ];
  for (const [name, found, wanted] of sizes) {
    if (found !== wanted) {
      throw new MonitauriError(
        "failed",
        `Cannot use bpf/traffic.bpf.o: ${name} has values of ${found} bytes, expected ${wanted}. Run npm run build:bpf`,
      );
    }
  }
}

/** Slot 0 means "none". */
function setStart(shared: SharedMemory): void {
  const header = new Uint32Array(shared.buffer, 0, 64);
  header[SHARED.fresh] = 1;
  header[SHARED.trustCurrent] = packetsAreQueuedToUserSpace() ? 0 : 1;
}

/** With nfqueue a packet goes on in the context of the program that judged it, which is not its sender. */
function packetsAreQueuedToUserSpace(): boolean {
  try {
    return readFileSync("/proc/net/netfilter/nfnetlink_queue", "latin1").trim() !== "";
  } catch {
    return false;
  }
}

interface ReaderOptions {
  readonly slots: number;
  readonly hostNamespace: number;
  readonly level: string;
  readonly missing: readonly Unavailable[];
}

function openReader(
  object: BpfObject,
  memory: SharedMemory[],
  options: ReaderOptions,
): LinuxCollector {
  const [flows, shared, observed] = memory as [SharedMemory, SharedMemory, SharedMemory];
  const header = new Uint32Array(shared.buffer, 0, 64);
  const interfaces = createInterfaceWatch(readInterfaces);
  const devices = createDevicePrograms((ifindex) =>
    object.attachDeviceEgress("count_device_egress", ifindex),
  );
  const processes = openProcesses(object);
  const reader = createFlowReader(flows.buffer, shared.buffer, options.slots, {
    reach: (slots) => flows.reach(slots * FLOW_BYTES),
    processId: processes.id,
    releaseProcess: processes.release,
    // By index here; they become ids once the interfaces are read.
    interfaceId: (ifindex, namespace) => (namespace === 0 ? ifindex : 0),
    removeIndexEntry: (key) => object.remove("flow_index", key),
  });
  const observations = createObservationReader(observed.buffer, shared.buffer, {
    reach: (slots) => observed.reach(slots * OBSERVED.bytes),
    identify: reader.identify,
  });
  let reads = 0;
  let isFirst = true;
  let slow = { missedRuns: 0, kernelBytes: 0 };
  let closed = false;

  devices.follow(interfaces.read());

  function read(): Snapshot {
    if (closed) throw new MonitauriError("failed", "Cannot read: the collector is closed");
    if (reads++ % 10 === 0) refresh();
    const atMs = Date.now();
    const bootMs = uptimeMs();
    // The counters of interfaces after the flows: what is attributed is never ahead of what was counted. The first
    // time before them, since that reading is where both begin.
    const first = isFirst ? interfaces.read() : undefined;
    isFirst = false;
    const table = reader.read(bootMs, atMs - bootMs, options.hostNamespace);
    const readings = first ?? interfaces.read();
    devices.follow(readings);
    for (let row = 0; row < table.length; row++) {
      table.interface[row] = interfaces.byIfindex(table.interface[row] ?? 0);
    }
    const snapshot: Snapshot = {
      atMs,
      monotonicMs: performance.now(),
      bootMs,
      flows: table,
      observations: observations.read(atMs - bootMs),
      processes: processes.takeNew(),
      exited: processes.takeExited(bootMs),
      interfaces: readings,
      health: health(),
    };
    return snapshot;
  }

  /** What changes slowly and costs system calls. */
  function refresh(): void {
    header[SHARED.trustCurrent] = packetsAreQueuedToUserSpace() ? 0 : 1;
    slow = {
      missedRuns: object.statistics().reduce((sum, program) => sum + program.missedRuns, 0),
      kernelBytes: object.memoryBytes(),
    };
  }

  function health(): CollectorHealth {
    const counter = (at: number) => readCounter(header, at);
    const bytes = (at: number) => counter(at) + counter(at + 4);
    return {
      source: "eBPF",
      level: options.level,
      missing: devices.missing ? [...options.missing, devices.missing] : options.missing,
      bounds: [
        {
          name: "flows in the kernel",
          used: reader.used,
          limit: options.slots - 1,
          whenFull:
            "idle rows are given up first; then new flows are counted in the row `overflow`",
        },
        {
          name: "first packets to be read",
          used: observations.used,
          limit: OBSERVED_SLOTS,
          whenFull:
            "further ones are counted as lost; half of the room is for names, and for each process a part of it",
        },
      ],
      overflowRxBytes: bytes(SHARED.overflowRx),
      overflowTxBytes: bytes(SHARED.overflowTx),
      overflowPayloadBytes: counter(SHARED.overflowRx + 8) + counter(SHARED.overflowTx + 8),
      processOverflow: counter(SHARED.processOverflow),
      socketOverflow: counter(SHARED.socketOverflow),
      lostObservations: observations.lost,
      lostNames: observations.lostNames,
      ...slow,
    };
  }

  return {
    read,
    resources: () => ({ fds: [...object.fds] }),
    close() {
      if (closed) return;
      closed = true;
      object.close();
      for (const part of memory) part.close();
    },
  };
}

function openProcesses(object: BpfObject): ProcessTable {
  const procfs = openProcfs();
  const context = createDescribeContext({
    procfs,
    containers: openContainerNames(),
    findProcess: (pid, startMs) => table.find(pid, startMs),
  });
  const table = createProcessTable({
    lookup: (key, value) => object.lookup("processes", key, value),
    remove: (key) => object.remove("processes", key),
    keys: (limit) => object.keys("processes", PROCESS_KEY_BYTES, limit),
    describe: (raw) => describeProcess(raw, context),
    isAlive: procfs.isAlive,
  });
  return table;
}

/** Milliseconds since boot, suspended time included; 10 ms resolution (proc_uptime(5)). */
function uptimeMs(): number {
  return Number.parseFloat(readFileSync("/proc/uptime", "latin1")) * 1000;
}
