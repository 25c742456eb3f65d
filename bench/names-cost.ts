// What names cost: the kernel programs' time for a packet and for a connection with and without copying first packets, by
// the kernel's own statistics, and this process's time for reading them. Alternating, medians.
// node bench/names-cost.ts [rounds = 4]. Needs root, iperf3 and a C compiler.
import { openLinuxCollector } from "../src/collector/linux.ts";
import { isUnavailable } from "../src/model/unavailable.ts";
import { createNames } from "../src/names/names.ts";
import { makeWorld } from "../test/e2e/world.ts";
import { CONNECTIONS, type Load, openLoads } from "./loads.ts";
import { programsOf } from "./process-cost.ts";
import { countPrograms } from "./program-cost.ts";
import { argument, machineLine, row, writeResults } from "./results.ts";
import { median } from "./statistics.ts";

const rounds = argument(1, { otherwise: 4 });
const SECONDS = 2;
/** Often enough that what 20,000 connections in a moment say finds room. */
const READ_MS = 40;
const SETTLE_MS = 300;

interface Cost {
  readonly nsPerPacket: number;
  readonly nsPerConnection: number;
  readonly usOfThisProcessPerConnection: number;
}

await using world = await makeWorld({ host: true });
using loads = await openLoads(world, { seconds: SECONDS });
const found: Record<"off" | "on", Cost[]> = { off: [], on: [] };
let lost = 0;
for (let round = 0; round < rounds; round++) {
  for (const which of ["off", "on"] as const) found[which].push(await measure(which === "on"));
}
const names = Object.keys(found.on[0] ?? {}) as (keyof Cost)[];
const results = names.map((name) => {
  const of = (which: "off" | "on") => median(found[which].map((cost) => cost[name]));
  return { name, off: of("off"), on: of("on") };
});
writeResults("names-cost", { rounds, results, lost });
console.log(`${machineLine()}\n`);
console.log(row("median of each", "names off", "names on"));
console.log(row("---", "---", "---"));
for (const { name, off, on } of results) console.log(row(name, off.toFixed(1), on.toFixed(1)));
console.log(`\nfirst packets lost: ${lost}`);

async function measure(observe: boolean): Promise<Cost> {
  const collector = openLinuxCollector({ observe });
  if (isUnavailable(collector)) throw new Error(collector.reason);
  const reader = observe ? createNames() : undefined;
  const read = () => {
    const snapshot = collector.read();
    reader?.learn(snapshot);
    return snapshot;
  };
  const timer = setInterval(read, READ_MS);
  try {
    const packets = await count(named("TCP"));
    const before = process.cpuUsage();
    const connections = await count(named("connections"));
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
    const { user, system } = process.cpuUsage(before);
    lost += read().health.lostObservations;
    return {
      nsPerPacket: packets.ns / packets.runs,
      nsPerConnection: connections.ns / CONNECTIONS,
      usOfThisProcessPerConnection: (user + system) / CONNECTIONS,
    };
  } finally {
    clearInterval(timer);
    collector.close();
  }
}

/** The packet programs alone: those that copy. */
async function count(load: Load): Promise<{ ns: number; runs: number }> {
  const programs = await countPrograms(programsOf(process.pid), () => load.run());
  const own = programs.filter(({ name }) => /^count_(in|e)gress/.test(name));
  return {
    ns: own.reduce((sum, { runTimeNs }) => sum + runTimeNs, 0),
    runs: own.reduce((sum, { runs }) => sum + runs, 0),
  };
}

function named(name: string): Load {
  const load = loads.all.find((one) => one.name === name);
  if (load === undefined) throw new Error(`No load is called "${name}"`);
  return load;
}
