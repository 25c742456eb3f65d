// What it costs to observe names: the daemon with `names = true` and `names = false`, one after the other, in turns. The kernel's
// own statistics say what its programs take for a short connection and for a datagram of a flood; of the daemon its CPU.
// node bench/names-cost.ts [rounds]
import { makeWorld } from "../test/e2e/world.ts";
import { type Loads, openLoads } from "./loads.ts";
import { startMonitauri } from "./monitors.ts";
import { cpuSecondsOf, programsOf } from "./process-cost.ts";
import { countPrograms, EMPTY_PROGRAM } from "./program-cost.ts";
import { machineLine, row, wholeNumber } from "./results.ts";
import { median } from "./statistics.ts";

/** Both ends are in this kernel, so that four first packets of each are copied: of these all find a slot. */
const PACED = 800;
const PAUSE_US = 4_000;
/** As fast as they go: most first packets find no slot, and are counted as lost. */
const FAST = 10_000;
const SECONDS = 1;
/** On a busy machine fewer rounds are made: after this time no more is begun. */
const LONGEST_MS = 170_000;

/** By what it is of: nanoseconds. */
type Figures = Readonly<Record<string, number>>;

const rounds = wholeNumber(process.argv[2], { otherwise: 4 });
const measured: Record<"on" | "off", Figures[]> = { on: [], off: [] };
{
  await using world = await makeWorld({ host: true });
  using loads = await openLoads(world, { seconds: SECONDS });
  const endMs = performance.now() + LONGEST_MS;
  for (let round = 0; round < rounds && performance.now() < endMs; round += 1) {
    const order = round % 2 === 0 ? (["on", "off"] as const) : (["off", "on"] as const);
    for (const names of order) measured[names].push(await measure(names, loads));
    console.error(`round ${round + 1} of ${rounds}`);
  }
}
report();

async function measure(names: "on" | "off", loads: Loads): Promise<Figures> {
  await using monitor = await startMonitauri(`names = ${names === "on"}\n`);
  const ids = programsOf(monitor.pid);
  await loads.connect(100); // Caches, and the first connections to a new peer.
  const of = async (count: number, pauseUs: number) => {
    const cpuBefore = cpuSecondsOf(monitor.pid);
    const took = nanosecondsOf(await countPrograms(ids, () => loads.connect(count, pauseUs)));
    return [took / count, ((cpuSecondsOf(monitor.pid) - cpuBefore) * 1e9) / count] as const;
  };
  const [paced, pacedCpu] = await of(PACED, PAUSE_US);
  const [fast, fastCpu] = await of(FAST, 0);
  let sent = 0;
  const flood = nanosecondsOf(
    await countPrograms(ids, async () => {
      const rates = await loads.all.find(({ name }) => name === "UDP")?.run();
      sent = (rates?.["UDP 64 bytes, sent/s"] ?? Number.NaN) * SECONDS;
    }),
  );
  return {
    "a connection, 250 a second": paced,
    "a connection, as fast as they go": fast,
    "a datagram of a flood, both ends": flood / sent,
    "the daemon's CPU for a connection, 250 a second": pacedCpu,
    "the daemon's CPU for a connection, as fast as they go": fastCpu,
  };
}

function nanosecondsOf(programs: Awaited<ReturnType<typeof countPrograms>>): number {
  return programs
    .filter(({ name }) => name !== EMPTY_PROGRAM)
    .reduce((sum, { runTimeNs }) => sum + runTimeNs, 0);
}

function report(): void {
  console.log(
    `${machineLine()}; ${measured.on.length} rounds, medians; "more" is the median of pairs\n`,
  );
  console.log(row("ns of", "names off", "on", "more", "ratio"));
  console.log(row("---", "---", "---", "---", "---"));
  for (const what of Object.keys(measured.on[0] ?? {})) {
    const [on, off] = [measured.on, measured.off].map((all) => all.map((one) => one[what] ?? 0));
    if (on === undefined || off === undefined) continue;
    const more = median(on.map((ns, round) => ns - (off[round] ?? 0)));
    const ratio = median(on.map((ns, round) => ns / (off[round] ?? 0)));
    const whole = (ns: number) => String(Math.round(ns));
    console.log(row(what, whole(median(off)), whole(median(on)), whole(more), ratio.toFixed(3)));
  }
}
