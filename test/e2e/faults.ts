// For tests of faults: an eBPF object whose program the kernel refuses, and sums over any collector.
import { setTimeout as sleep } from "node:timers/promises";
import type { LinuxCollector } from "../../src/collector/linux.ts";
import {
  COUNTERS_PER_FLOW,
  type CollectorHealth,
  DEVICE_BYTES,
  PAYLOAD_BYTES,
  SEGMENT_BYTES,
  TX,
} from "../../src/model/snapshot.ts";

const SECTION_HEADER_BYTES = 64;
const SYMBOL_BYTES = 24;
const SYMBOL_TABLE = 2;
/** r0 = *(u64 *)(r10 + 8): reads above the stack, which no kernel allows. */
const REFUSED = Buffer.from([0x79, 0xa0, 8, 0, 0, 0, 0, 0]);

/** The object (ELF64, see elf(5)) with this program's first instruction made one that the verifier refuses. */
export function breakProgram(bytes: Buffer, program: string): Buffer {
  const broken = Buffer.from(bytes);
  const table = Number(bytes.readBigUInt64LE(40));
  const count = bytes.readUInt16LE(60);
  const section = (index: number) => {
    const at = table + index * SECTION_HEADER_BYTES;
    return {
      type: bytes.readUInt32LE(at + 4),
      offset: Number(bytes.readBigUInt64LE(at + 24)),
      size: Number(bytes.readBigUInt64LE(at + 32)),
      link: bytes.readUInt32LE(at + 40),
    };
  };
  for (let index = 0; index < count; index += 1) {
    const symbols = section(index);
    if (symbols.type !== SYMBOL_TABLE) continue;
    const names = section(symbols.link).offset;
    for (let at = symbols.offset; at < symbols.offset + symbols.size; at += SYMBOL_BYTES) {
      const start = names + bytes.readUInt32LE(at);
      if (bytes.toString("latin1", start, bytes.indexOf(0, start)) !== program) continue;
      const code =
        section(bytes.readUInt16LE(at + 6)).offset + Number(bytes.readBigUInt64LE(at + 8));
      REFUSED.copy(broken, code);
      return broken;
    }
  }
  throw new Error(`The object has no program ${program}`);
}

export interface Sums {
  rxWireBytes: number;
  txWireBytes: number;
  rxPayloadBytes: number;
  txPayloadBytes: number;
}

export interface Reading {
  ofPid(pid: number): Sums;
  /** All rows with this local or remote port, whosever they are. */
  ofPort(port: number): Sums;
  readonly overflow: { rxBytes: number; txBytes: number; payloadBytes: number };
  readonly health: CollectorHealth;
}

/** Reads until all that has happened is counted. Sums begin with the collector: only for one that was just opened. */
export async function sumsOf(collector: LinuxCollector): Promise<Reading> {
  const last = new Map<number, Float64Array>();
  const pids = new Map<number, number>();
  const lines: { process: number; ports: number[]; sums: Sums }[] = [];
  let health: CollectorHealth | undefined;
  for (let reading = 0; reading < 5; reading += 1) {
    const { flows, processes, health: now } = collector.read();
    health = now;
    for (const { id, pid } of processes) pids.set(id, pid);
    for (let row = 0; row < flows.length; row += 1) {
      const index = flows.index[row] ?? 0;
      const counters = flows.counters.slice(row * COUNTERS_PER_FLOW, (row + 1) * COUNTERS_PER_FLOW);
      const old = last.get(index);
      last.set(index, counters);
      const grown = (at: number) => (counters[at] ?? 0) - (old?.[at] ?? 0);
      lines.push({
        process: flows.process[row] ?? 0,
        ports: [flows.localPort[row] ?? 0, flows.remotePort[row] ?? 0],
        sums: {
          rxWireBytes: grown(DEVICE_BYTES) + grown(SEGMENT_BYTES),
          txWireBytes: grown(TX + DEVICE_BYTES) + grown(TX + SEGMENT_BYTES),
          rxPayloadBytes: grown(PAYLOAD_BYTES),
          txPayloadBytes: grown(TX + PAYLOAD_BYTES),
        },
      });
    }
    await sleep(30);
  }
  if (health === undefined) throw new Error("nothing was read");
  const sum = (wanted: (line: (typeof lines)[number]) => boolean) => {
    const total = { rxWireBytes: 0, txWireBytes: 0, rxPayloadBytes: 0, txPayloadBytes: 0 };
    for (const { sums } of lines.filter(wanted)) {
      for (const name of Object.keys(total) as (keyof Sums)[]) total[name] += sums[name];
    }
    return total;
  };
  return {
    ofPid: (pid) => sum((line) => pids.get(line.process) === pid),
    ofPort: (port) => sum(({ ports }) => ports.includes(port)),
    overflow: {
      rxBytes: health.overflowRxBytes,
      txBytes: health.overflowTxBytes,
      payloadBytes: health.overflowPayloadBytes,
    },
    health,
  };
}
