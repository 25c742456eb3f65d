// Reads a collector until all is counted and sums by process, without any code of the sampler.
import { setTimeout as sleep } from "node:timers/promises";
import { type LinuxCollector, openLinuxCollector } from "../../src/collector/linux.ts";
import type { Process } from "../../src/model/process.ts";
import {
  COUNTERS_PER_FLOW,
  DEVICE_BYTES,
  DEVICE_PACKETS,
  FLOW_KINDS,
  PAYLOAD_BYTES,
  SEGMENT_BYTES,
  SEGMENT_PACKETS,
  type Snapshot,
  TX,
} from "../../src/model/snapshot.ts";
import { isUnavailable } from "../../src/model/unavailable.ts";

export interface Sums {
  rxWireBytes: number;
  txWireBytes: number;
  rxWirePackets: number;
  txWirePackets: number;
  rxPayloadBytes: number;
  txPayloadBytes: number;
}

export interface Meter extends Disposable {
  /** Everything that has happened so far, by Process.id; 0 has what belongs to no process. */
  settle(): Promise<void>;
  /** Sums of a pid; with `path`, of that program only. */
  ofPid(pid: number, path?: string): Sums;
  /** Sums of all sockets with this local or remote port, by pid. */
  ofPort(port: number): Map<number, Sums>;
  /** Sums of an interface by kind of row; a socket without a process is under "no process". */
  ofInterface(name: string): Record<string, Sums>;
  /** Rows of one owner and local port by remote port. */
  peers(pid: number, localPort: number): Map<number, Sums>;
  readonly processes: ReadonlyMap<number, Process>;
  readonly last: Snapshot;
}

interface Line {
  readonly process: number;
  readonly interface: number;
  readonly localPort: number;
  readonly remotePort: number;
  readonly kind: number;
  readonly sums: Sums;
}

/** @param look gets what is read, too: two collectors on one machine would write into the same packets. */
export async function openMeter(look?: (snapshot: Snapshot) => void): Promise<Meter> {
  const opened = openLinuxCollector();
  if (isUnavailable(opened)) throw new Error(`${opened.feature}: ${opened.reason}`);
  const collector: LinuxCollector = opened;
  const before = new Map<number, Float64Array>();
  const lines = new Map<string, Line>();
  const processes = new Map<number, Process>();
  let last = collector.read();

  function take(): number {
    last = collector.read();
    look?.(last);
    for (const process of last.processes) processes.set(process.id, process);
    const { flows } = last;
    for (let row = 0; row < flows.length; row++) {
      const index = flows.index[row] ?? 0;
      const now = flows.counters.slice(row * COUNTERS_PER_FLOW, (row + 1) * COUNTERS_PER_FLOW);
      const old = before.get(index);
      before.set(index, now);
      const grown = (at: number) => (now[at] ?? 0) - (old?.[at] ?? 0);
      const key = [
        flows.process[row],
        flows.interface[row],
        flows.localPort[row],
        flows.remotePort[row],
        flows.kind[row],
      ];
      const line = lines.get(key.join()) ?? {
        process: flows.process[row] ?? 0,
        interface: flows.interface[row] ?? 0,
        localPort: flows.localPort[row] ?? 0,
        remotePort: flows.remotePort[row] ?? 0,
        kind: flows.kind[row] ?? 0,
        sums: nothing(),
      };
      line.sums.rxWireBytes += grown(DEVICE_BYTES) + grown(SEGMENT_BYTES);
      line.sums.txWireBytes += grown(TX + DEVICE_BYTES) + grown(TX + SEGMENT_BYTES);
      line.sums.rxWirePackets += grown(DEVICE_PACKETS) + grown(SEGMENT_PACKETS);
      line.sums.txWirePackets += grown(TX + DEVICE_PACKETS) + grown(TX + SEGMENT_PACKETS);
      line.sums.rxPayloadBytes += grown(PAYLOAD_BYTES);
      line.sums.txPayloadBytes += grown(TX + PAYLOAD_BYTES);
      lines.set(key.join(), line);
    }
    return flows.length;
  }

  /** What was there before the test is not part of it. */
  for (let i = 0; i < 3; i++) take();
  lines.clear();

  function sum(wanted: (line: Line) => boolean): Sums {
    const total = nothing();
    for (const line of lines.values()) if (wanted(line)) add(total, line.sums);
    return total;
  }

  const pidOf = (id: number) => processes.get(id)?.pid ?? 0;

  return {
    async settle() {
      // Rows of connections without a caller wait one reading, ended ones are read three times.
      for (let i = 0; i < 5; i++) {
        take();
        await sleep(30);
      }
    },
    ofPid(pid, path) {
      const found = [...processes.values()].filter(
        (one) => one.pid === pid && (path === undefined || one.path === path),
      );
      const ids = found.map(({ id }) => id);
      return sum((line) => ids.includes(line.process));
    },
    ofPort(port) {
      const found = new Map<number, Sums>();
      for (const line of lines.values()) {
        if (line.localPort !== port && line.remotePort !== port) continue;
        const pid = pidOf(line.process);
        found.set(pid, add(found.get(pid) ?? nothing(), line.sums));
      }
      return found;
    },
    ofInterface(name) {
      const found: Record<string, Sums> = {};
      const ids = last.interfaces.filter((one) => one.name === name).map(({ id }) => id);
      for (const line of lines.values()) {
        if (!ids.includes(line.interface)) continue;
        const kind = FLOW_KINDS[line.kind] ?? "?";
        const owned = kind === "socket" && line.process === 0 ? "no process" : kind;
        found[owned] = add(found[owned] ?? nothing(), line.sums);
      }
      return found;
    },
    peers(pid, localPort) {
      const found = new Map<number, Sums>();
      for (const line of lines.values()) {
        if (pidOf(line.process) !== pid || line.localPort !== localPort) continue;
        found.set(line.remotePort, add(found.get(line.remotePort) ?? nothing(), line.sums));
      }
      return found;
    },
    processes,
    get last() {
      return last;
    },
    [Symbol.dispose]: () => collector.close(),
  };
}

function nothing(): Sums {
  return {
    rxWireBytes: 0,
    txWireBytes: 0,
    rxWirePackets: 0,
    txWirePackets: 0,
    rxPayloadBytes: 0,
    txPayloadBytes: 0,
  };
}

function add(total: Sums, more: Sums): Sums {
  for (const name of Object.keys(total) as (keyof Sums)[]) total[name] += more[name];
  return total;
}
