// What each kernel program takes by the kernel's own statistics, and an empty one beside them: the statistics' two
// clock readings are part of every figure.
import { closeSync, openSync, readFileSync, writeFileSync } from "node:fs";
import koffi from "koffi";
import { findCgroup2 } from "../src/native/cgroup2.ts";
import { systemCall } from "../src/native/libc.ts";
import { atEnd, run } from "../test/e2e/generators/place.ts";

export interface ProgramRuns {
  readonly name: string;
  readonly runs: number;
  readonly runTimeNs: number;
}

const SWITCH = "/proc/sys/kernel/bpf_stats_enabled";
/** The one beside them. */
export const EMPTY_PROGRAM = "bench_empty";
const BPF_SYSTEM_CALL = process.arch === "arm64" ? 280 : 321;
const BPF_PROG_LOAD = 5;
const BPF_LINK_CREATE = 28;
const BPF_PROG_TYPE_CGROUP_SKB = 8;
const BPF_CGROUP_INET_EGRESS = 1;

/** Runs a load with the statistics on: what each of these programs, and an empty egress program, did meanwhile. */
export async function countPrograms(
  ids: ReadonlySet<number>,
  load: () => Promise<unknown>,
): Promise<ProgramRuns[]> {
  using _ = statisticsOn();
  using empty = attachEmpty();
  const wanted = (id: number, name: string) =>
    ids.has(id) || (name === EMPTY_PROGRAM && empty.attached);
  const before = await readPrograms(wanted);
  await load();
  const found: ProgramRuns[] = [];
  for (const [id, { name, runs, runTimeNs }] of await readPrograms(wanted)) {
    const old = before.get(id) ?? { runs: 0, runTimeNs: 0 };
    const grown = { name, runs: runs - old.runs, runTimeNs: runTimeNs - old.runTimeNs };
    if (grown.runs > 0) found.push(grown);
  }
  return found.sort((a, b) => b.runTimeNs - a.runTimeNs);
}

async function readPrograms(
  wanted: (id: number, name: string) => boolean,
): Promise<Map<number, ProgramRuns>> {
  type Shown = { id: number; name?: string; run_cnt?: number; run_time_ns?: number };
  const shown: Shown[] = JSON.parse(await run("bpftool", ["prog", "show", "--json"]));
  return new Map(
    shown
      .filter(({ id, name = "" }) => wanted(id, name))
      .map(({ id, name = "", run_cnt = 0, run_time_ns = 0 }) => [
        id,
        { name, runs: run_cnt, runTimeNs: run_time_ns },
      ]),
  );
}

/** The switch is the whole machine's: it gets its old value back whatever happens. */
function statisticsOn(): Disposable {
  const old = readFileSync(SWITCH, "latin1");
  const restore = () => writeFileSync(SWITCH, old);
  const release = atEnd(restore);
  writeFileSync(SWITCH, "1");
  return {
    [Symbol.dispose]() {
      restore();
      release();
    },
  };
}

/** A program of two instructions, `r0 = 1; exit`, at the egress of the root cgroup. Not attached where refused. */
function attachEmpty(): Disposable & { readonly attached: boolean } {
  const cgroup = findCgroup2(readFileSync("/proc/self/mountinfo", "utf8"));
  const descriptors: number[] = [];
  if (cgroup !== undefined) {
    const target = openSync(cgroup, "r");
    descriptors.push(target);
    const program = loadEmpty();
    if (program >= 0) {
      descriptors.unshift(program);
      const attributes = Buffer.alloc(64);
      attributes.writeUInt32LE(program, 0);
      attributes.writeUInt32LE(target, 4);
      attributes.writeUInt32LE(BPF_CGROUP_INET_EGRESS, 8);
      const link = systemCall(BPF_SYSTEM_CALL, BPF_LINK_CREATE, attributes, attributes.length);
      if (link >= 0) descriptors.unshift(link);
    }
  }
  return {
    attached: descriptors.length === 3,
    [Symbol.dispose]() {
      for (const fd of descriptors) closeSync(fd);
    },
  };
}

function loadEmpty(): number {
  const instructions = Buffer.from("b7000000010000009500000000000000", "hex");
  const license = Buffer.from("GPL\0");
  // union bpf_attr of BPF_PROG_LOAD (linux/bpf.h).
  const attributes = Buffer.alloc(128);
  attributes.writeUInt32LE(BPF_PROG_TYPE_CGROUP_SKB, 0);
  attributes.writeUInt32LE(2, 4);
  attributes.writeBigUInt64LE(BigInt(koffi.address(instructions)), 8);
  attributes.writeBigUInt64LE(BigInt(koffi.address(license)), 16);
  attributes.write(EMPTY_PROGRAM, 48, "latin1"); // prog_name
  attributes.writeUInt32LE(BPF_CGROUP_INET_EGRESS, 68); // expected_attach_type
  return systemCall(BPF_SYSTEM_CALL, BPF_PROG_LOAD, attributes, attributes.length);
}
