// Figure 4: what counting costs. Each pair runs without a monitor, with Monitauri and with nethogs back to back, in an
// order that rotates; then the kernel's statistics say what each program takes.
// node bench/cost.ts [pairs] [seconds]
import { setTimeout as sleep } from "node:timers/promises";
import { makeWorld } from "../test/e2e/world.ts";
import { CONNECTIONS, CONNECTIONS_PER_SECOND, type Load, openLoads } from "./loads.ts";
import { type Monitor, nethogsVersion, startMonitauri, startNethogs } from "./monitors.ts";
import { cpuSecondsOf, type Memory, memoryOf, programsOf } from "./process-cost.ts";
import { countPrograms, type ProgramRuns } from "./program-cost.ts";
import { argument, machineLine, row, writeResults } from "./results.ts";
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

const pairs = argument(1, { otherwise: 20 });
const seconds = argument(2, { otherwise: 2 });
const nethogs = await nethogsVersion();

await using world = await makeWorld({ host: true });
using loads = await openLoads(world, { seconds });

const variants: Record<string, () => Promise<Monitor | undefined>> = {
  off: async () => undefined,
  Monitauri: startMonitauri,
  ...(nethogs === undefined ? {} : { nethogs: () => startNethogs(world.a.device) }),
};
const names = Object.keys(variants);

const measured: Measured[] = [];
for (const load of loads.all) {
  await load.run(); // Caches, and the first connections to a new peer.
  for (let pair = 0; pair < pairs; pair++) {
    for (let i = 0; i < names.length; i++) {
      const variant = names[(pair + i) % names.length] as string;
      measured.push(await measure(load, { variant, pair }));
    }
  }
  console.error(`${load.name}: ${pairs} pairs measured`);
}
const programs = await measurePrograms();
const throughput = summarizeThroughput();
writeResults("cost", {
  pairs,
  seconds,
  nethogs: nethogs ?? "not measured",
  throughput,
  programs,
  measured,
});
report();

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
    for (const load of loads.all) found[load.name] = await countPrograms(ids, load.run);
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
  console.log(`${machineLine()}; nethogs: ${nethogs ?? "not measured (not installed)"}\n`);
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
