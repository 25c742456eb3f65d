/** The collector for ordinary users: TCP counters that the kernel keeps anyway (what `ss -ti` shows), and the totals of
 * the interfaces for the rest. */

import { statSync } from "node:fs";
import { uptime } from "node:os";
import { MonitauriError } from "../model/error.ts";
import type { Collector, Snapshot } from "../model/snapshot.ts";
import { type Unavailable, unavailable } from "../model/unavailable.ts";
import { readAddresses } from "../native/interface-addresses.ts";
import { readInterfaces } from "../native/interfaces.ts";
import { createInterfaceWatch } from "./interfaces.ts";
import { openContainerNames } from "./linux/container-names.ts";
import { createDescribeContext, processFromProc } from "./linux/describe-process.ts";
import { openProcfs } from "./linux/procfs.ts";
import { sockDiagHealth } from "./sockdiag/health.ts";
import { createLocalAddresses, type LocalAddresses } from "./sockdiag/local-addresses.ts";
import { createProcessIds, type Describe } from "./sockdiag/process-ids.ts";
import { openSocketDumps, type SocketDumps } from "./sockdiag/socket-dumps.ts";
import { createSocketOwners } from "./sockdiag/socket-owners.ts";
import { createSocketTable, type Flow, SOCKET_LIMIT } from "./sockdiag/socket-table.ts";

export interface SockDiagOptions {
  /** What is known of a running process; undefined when it has exited. */
  readonly describe?: Describe;
  /** Time between two searches for the programs of new sockets. */
  readonly searchPauseMs?: number;
  /** Sockets that are followed at most. */
  readonly limit?: number;
}

/** A reason and a remedy where the kernel does not list its sockets. */
export function openSockDiagCollector(options: SockDiagOptions = {}): Collector | Unavailable {
  try {
    return createCollector(openSocketDumps(), options);
  } catch (error) {
    if (!(error instanceof MonitauriError)) throw error;
    return unavailable(
      "TCP counters (sock_diag)",
      error.message,
      "load the kernel modules: sudo modprobe -a inet_diag tcp_diag udp_diag",
    );
  }
}

function createCollector(dumps: SocketDumps, options: SockDiagOptions): Collector {
  const limit = options.limit ?? SOCKET_LIMIT;
  const uid = process.geteuid?.() ?? 0;
  const namespace = statSync("/proc/self/ns/net").ino;
  const interfaces = createInterfaceWatch(readInterfaces);
  const table = createSocketTable(limit);
  const processes = createProcessIds(options.describe ?? describeFromProc());
  const owners = createSocketOwners({
    likely: processes.pids,
    ...(options.searchPauseMs === undefined ? {} : { pauseMs: options.searchPauseMs }),
  });
  let closed = false;

  function read(): Snapshot {
    if (closed) throw new MonitauriError("failed", "Cannot read: the collector is closed");
    const atMs = Date.now();
    const readings = interfaces.read();
    dumps.read(); // throws before anything has changed
    table.begin(atMs);
    dumps.each(table.see);
    findPrograms();
    dumps.eachEnded(table.end);
    table.sweep(dumps.hearsEnds);
    const loopback = readings.find((one) => one.kind === "loopback")?.ifindex ?? 0;
    const flows = table.take({ namespace, interfaceId: interfaceFinder(loopback) }, waitsForOwner);
    return {
      atMs,
      monotonicMs: Number(process.hrtime.bigint()) / 1e6,
      bootMs: uptime() * 1000,
      flows,
      observations: [],
      processes: processes.takeNew(),
      exited: processes.takeExited(usedProcesses()),
      interfaces: readings,
      health: sockDiagHealth({
        isRoot: uid === 0,
        sockets: table.flows.size,
        limit,
        overflow: table.overflow,
        hearsEnds: dumps.hearsEnds,
        lostEnds: dumps.lostEnds,
      }),
    };
  }

  /** A socket outlives the process that had it when another has it too, or when it became another program. */
  function findPrograms(): void {
    processes.check();
    const wanted = new Map<number, Flow>();
    for (const flow of table.flows.values()) {
      if (flow.inode === 0 || (uid !== 0 && flow.uid !== uid)) continue;
      if (flow.process === 0 || processes.isGone(flow.process)) wanted.set(flow.inode, flow);
    }
    const ids = new Map<number, number>(); // one look at a process is enough for all its sockets
    owners.search(new Set(wanted.keys()), (inode, pid) => {
      const flow = wanted.get(inode);
      const id = ids.get(pid) ?? processes.idOf(pid);
      ids.set(pid, id);
      if (!flow || id === 0) return;
      flow.process = id;
      flow.changed = true;
    });
  }

  /** Its first bytes must not go to nobody because the search for its program has not had its turn yet. */
  function waitsForOwner({ closed, process, inode, uid: owner }: Flow): boolean {
    const isSearched = inode !== 0 && (uid === 0 || owner === uid);
    return isSearched && !closed && process === 0 && !owners.hasLookedFor(inode);
  }

  function usedProcesses(): Set<number> {
    return new Set([...table.flows.values()].map((flow) => flow.process));
  }

  /** Looks up addresses once, and only if a flow needs it. */
  function interfaceFinder(loopback: number): (flow: Flow) => number {
    let addresses: LocalAddresses | undefined;
    return (flow) => {
      const known = interfaces.byIfindex(flow.ifindex);
      if (known !== 0) return known;
      addresses ??= createLocalAddresses(readAddresses(), loopback);
      flow.ifindex = addresses.ifindexOf(flow.addresses);
      return interfaces.byIfindex(flow.ifindex);
    };
  }

  return {
    read,
    close() {
      if (closed) return;
      closed = true;
      dumps.close();
    },
  };
}

function describeFromProc(): Describe {
  const context = createDescribeContext({
    procfs: openProcfs(),
    containers: openContainerNames(),
  });
  return (pid) => processFromProc(pid, context);
}
