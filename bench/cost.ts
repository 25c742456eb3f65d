// Figure 4: what counting costs. Each pair runs without a monitor, with Monitauri and with each other monitor back to
// back, in an order that rotates; then the kernel's statistics say what each program takes.
// node bench/cost.ts [pairs] [seconds] [loads: TCP,UDP,connections] [--keep]
// With --keep, pairs that earlier runs measured are counted too: a long series can be made in parts.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { makeWorld } from "../test/e2e/world.ts";
import { CONNECTIONS, CONNECTIONS_PER_SECOND, type Load, openLoads } from "./loads.ts";
import { findRivals, type Monitor, startMonitauri } from "./monitors.ts";
import { cpuSecondsOf, type Memory, memoryOf, programsOf } from "./process-cost.ts";
import { countPrograms, type ProgramRuns } from "./program-cost.ts";
import { machineLine, row, wholeNumber, writeResults } from "./results.ts";
import { type Estimate, median, ratioOfPairs } from "./statistics.ts";

/** After the load the monitor takes in what it has not read yet: both look once per second. */
const LAST_READING_MS = 1100;

interface Measured {
  readonly variant: string;
  readonly pair: number;
  readonly load: string;
  readonly values: Record<string, number>;
  /** Of the device, both directions, an offloaded packet once. */
  readonly bytes: number;
  readonly packets: number;
  readonly cpuSeconds: number;
  readonly memory: Memory | undefined;
}

const { values, positionals } = parseArgs({
  options: { keep: { type: "boolean", default: false } },
  allowPositionals: true,
});
const pairs = wholeNumber(positionals[0], { otherwise: 20 });
const seconds = wholeNumber(positionals[1], { otherwise: 2 });
const rivals = await findRivals();

await using world = await makeWorld({ host: true });
using loads = await openLoads(world, { seconds });
const chosen = positionals[2]?.split(",") ?? loads.all.map(({ name }) => name);

const variants: Record<string, () => Promise<Monitor | undefined>> = {
  off: async () => undefined,
  Monitauri: () => startMonitauri(),
};
for (const { name, version, start } of rivals) {
  if (version !== undefined) variants[name] = () => start(world.a.device);
}
const names = Object.keys(variants);

const earlier = values.keep ? readEarlier() : { measured: [], programs: {} };
const measured: Measured[] = [...earlier.measured];
for (const load of loads.all.filter(({ name }) => chosen.includes(name))) {
  await load.run(); // Caches, and the first connections to a new peer.
  const first = 1 + Math.max(-1, ...pairsOf(load.name));
  for (let pair = first; pair < first + pairs; pair++) {
    for (let i = 0; i < names.length; i++) {
      const variant = names[(pair + i) % names.length] as string;
      measured.push(await measure(load, { variant, pair }));
    }
  }
  console.error(`${load.name}: ${pairs} pairs measured`);
}
const programs = { ...earlier.programs, ...(await measurePrograms()) };
const throughput = summarizeThroughput();
writeResults("cost", {
  seconds,
  versions: Object.fromEntries(rivals.map(({ name, version }) => [name, version ?? null])),
  throughput,
  programs,
  measured,
});
report();

function readEarlier(): { measured: Measured[]; programs: Record<string, ProgramRuns[]> } {
  const path = join(import.meta.dirname, "results", "cost.json");
  return existsSync(path) ? JSON.parse(readFileSync(path, "utf8")) : { measured: [], programs: {} };
}

function pairsOf(load: string): number[] {
  return measured.filter((one) => one.load === load).map(({ pair }) => pair);
}

async function measure(
  load: Load,
  { variant, pair }: { variant: string; pair: number },
): Promise<Measured> {
  await using monitor = await variants[variant]?.();
  const cpuBefore = monitor === undefined ? 0 : cpuSecondsOf(monitor.pid);
  const before = await world.a.link();
  const values = await load.run();
  await sleep(LAST_READING_MS); // Without a monitor too: all variants rest alike.
  const after = await world.a.link();
  const grown = (what: "bytes" | "packets") =>
    after.rx[what] - before.rx[what] + after.tx[what] - before.tx[what];
  return {
    variant,
    pair,
    load: load.name,
    values,
    bytes: grown("bytes"),
    packets: grown("packets"),
    cpuSeconds: monitor === undefined ? 0 : cpuSecondsOf(monitor.pid) - cpuBefore,
    memory: monitor === undefined ? undefined : memoryOf(monitor.pid),
  };
}

/** Apart from the pairs: the statistics themselves cost time. */
async function measurePrograms(): Promise<Record<string, ProgramRuns[]>> {
  const found: Record<string, ProgramRuns[]> = {};
  try {
    await using monitor = await startMonitauri();
    const ids = programsOf(monitor.pid);
    for (const load of loads.all) {
      if (chosen.includes(load.name)) found[load.name] = await countPrograms(ids, load.run);
    }
  } catch (error) {
    // The pairs took a quarter of an hour: they are not lost with this.
    console.error(`Programs not measured: ${(error as Error).message}`);
  }
  return found;
}

interface Kept extends Estimate {
  readonly load: string;
  readonly what: string;
  readonly variant: string;
  readonly off: number;
}

/** For each figure of each load: the share that is kept with a monitor. */
function summarizeThroughput(): Kept[] {
  return loads.all.flatMap(({ name: load }) => {
    const off = measured.filter((one) => one.load === load && one.variant === "off");
    if (off.length === 0) return [];
    const figures = Object.keys(off[0]?.values ?? {});
    return figures.flatMap((what) =>
      names.slice(1).map((variant) => {
        const on = measured.filter((one) => one.load === load && one.variant === variant);
        const value = (one: Measured | undefined) => one?.values[what] ?? Number.NaN;
        const ratios = off.map((one) => ({
          without: value(one),
          with: value(on.find(({ pair }) => pair === one.pair)),
        }));
        return { load, what, variant, off: median(off.map(value)), ...ratioOfPairs(ratios) };
      }),
    );
  });
}

function report(): void {
  const others = rivals.map(({ name, version }) => `${name} ${version ?? "not measured"}`);
  console.log(`${machineLine()}; ${others.join(", ")}\n`);
  console.log(row("load", "without", "monitor", "kept, median", "interval", "confidence"));
  console.log(row("---", "---", "---", "---", "---", "---"));
  for (const { what, off, variant, median, low, high, confidence } of throughput) {
    const interval = `${percent(low)} to ${percent(high)}`;
    console.log(
      row(what, off.toPrecision(4), variant, percent(median), interval, percent(confidence)),
    );
  }
  for (const variant of names) {
    const of = measured.filter((one) => one.variant === variant);
    const took = of.flatMap(
      ({ values }) => CONNECTIONS / (values[CONNECTIONS_PER_SECOND] ?? Number.NaN),
    );
    const known = took.filter(Number.isFinite);
    if (known.length === 0) continue;
    console.log(
      `\n${CONNECTIONS} short connections, ${variant}: ${median(known).toFixed(3)} s (median)`,
    );
  }
  console.log();
  console.log(
    row(
      "load",
      "monitor",
      "CPU s per GB",
      "CPU s per million packets",
      "PSS MiB",
      "of it anonymous",
      "kernel maps MiB",
    ),
  );
  console.log(row("---", "---", "---", "---", "---", "---", "---"));
  for (const { name: load } of loads.all)
    for (const variant of names.slice(1)) reportCost(load, variant);
  console.log();
  console.log(row("load", "program", "runs", "ns per run", "ns less an empty program's"));
  console.log(row("---", "---", "---", "---", "---"));
  for (const [load, list] of Object.entries(programs)) {
    const nsOf = ({ runs, runTimeNs }: ProgramRuns) => runTimeNs / runs;
    const empty = list.find(({ name }) => name === "bench_empty");
    for (const one of list) {
      const less = empty === undefined ? "not measured" : (nsOf(one) - nsOf(empty)).toFixed(0);
      console.log(row(load, one.name, one.runs, nsOf(one).toFixed(0), less));
    }
  }
}

function reportCost(load: string, variant: string): void {
  const of = measured.filter((one) => one.load === load && one.variant === variant);
  if (of.length === 0) return;
  const sum = (what: "bytes" | "packets" | "cpuSeconds") =>
    of.reduce((total, one) => total + one[what], 0);
  const memory = (what: keyof Memory) =>
    (Math.max(...of.map((one) => one.memory?.[what] ?? 0)) / 2 ** 20).toFixed(1);
  const cpu = sum("cpuSeconds");
  console.log(
    row(
      load,
      variant,
      (cpu / (sum("bytes") / 1e9)).toFixed(4),
      (cpu / (sum("packets") / 1e6)).toFixed(4),
      memory("pssBytes"),
      memory("anonymousPssBytes"),
      memory("kernelMapBytes"),
    ),
  );
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
