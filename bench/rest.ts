// Figure 6: the real daemon at rest, its share of a core and its memory, every ten seconds.
// node bench/rest.ts [minutes]
import { setTimeout as sleep } from "node:timers/promises";
import { startMonitauri } from "./monitors.ts";
import { cpuSecondsOf, memoryOf } from "./process-cost.ts";
import { argument, machineLine, row, writeResults } from "./results.ts";
import { slope } from "./statistics.ts";

const STEP_MS = 10_000;
const SECONDS_PER_HOUR = 3600;

interface Point {
  readonly atSeconds: number;
  /** Of one core since the point before, or since the daemon said that it counts. */
  readonly cpuShare: number;
  readonly pssBytes: number;
  readonly anonymousPssBytes: number;
  readonly kernelMapBytes: number;
}

const minutes = argument(1, { otherwise: 10 });
if (minutes * 60_000 < STEP_MS) throw new RangeError("Too short: one point takes ten seconds");
const points = await measure();
report();
writeResults("rest", { minutes, points });

async function measure(): Promise<Point[]> {
  await using monitor = await startMonitauri();
  const began = performance.now();
  const found: Point[] = [];
  let lastMs = began;
  let lastCpu = cpuSecondsOf(monitor.pid);
  for (let step = 1; step * STEP_MS <= minutes * 60_000; step++) {
    await sleep(began + step * STEP_MS - performance.now());
    const nowMs = performance.now();
    const cpu = cpuSecondsOf(monitor.pid);
    const cpuShare = (cpu - lastCpu) / ((nowMs - lastMs) / 1000);
    found.push({ atSeconds: (nowMs - began) / 1000, cpuShare, ...memoryOf(monitor.pid) });
    [lastMs, lastCpu] = [nowMs, cpu];
  }
  return found;
}

function report(): void {
  console.log(`${machineLine()}; ${points.length} points, one every ${STEP_MS / 1000} s\n`);
  console.log(row("quantity", "first", "last", "max", "slope per hour", "of the second half"));
  console.log(row("---", "---", "---", "---", "---", "---"));
  line("CPU, % of a core", ({ cpuShare }) => cpuShare * 100);
  line("PSS, MiB", ({ pssBytes }) => pssBytes / 2 ** 20);
  line("of it anonymous, MiB", ({ anonymousPssBytes }) => anonymousPssBytes / 2 ** 20);
  line("kernel maps, MiB", ({ kernelMapBytes }) => kernelMapBytes / 2 ** 20);
}

function line(name: string, of: (point: Point) => number): void {
  const values = points.map(of);
  const perHour = (some: readonly Point[]) =>
    slope(some.map((point) => ({ x: point.atSeconds, y: of(point) }))) * SECONDS_PER_HOUR;
  // The first minutes are those of a new process: only the second half tells a leak.
  const late = points.slice(points.length >> 1);
  const cells = [values[0], values.at(-1), Math.max(...values), perHour(points), perHour(late)];
  console.log(row(name, ...cells.map((value) => (value ?? Number.NaN).toFixed(2))));
}
