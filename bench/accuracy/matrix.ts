// Runs scenarios under monitors, each pair alone: a monitor would disturb another one.
import { setTimeout as sleep } from "node:timers/promises";
import { makeWorld, type World } from "../../test/e2e/world.ts";
import type { Monitor, Running } from "./monitors/monitor.ts";
import { isNotHere, type Measured, type Scenario, type Stage } from "./scenario.ts";
import { type MonitorRow, type Score, score } from "./score.ts";
import { slowDown } from "./wire.ts";

export interface Cell {
  readonly scenario: string;
  readonly title: string;
  readonly monitor: string;
  readonly score: Score;
  /** What the scenario moved and the monitor answered, where not all is right. */
  readonly measured?: Omit<Measured, "held">;
  readonly rows?: readonly MonitorRow[];
  readonly seconds: number;
}

export interface MatrixOptions {
  readonly scenarios: readonly Scenario[];
  readonly monitors: readonly Monitor[];
  /** A tenth of the traffic, and no pauses. */
  readonly quick: boolean;
  onCell(cell: Cell): void;
}

/** A tenth of the full amount, for a run that only asks whether all is right. */
const QUICK_SHARE = 0.1;
const QUICK_LOOK_MS = 50;
/** Half of what a monitor may be off. */
const SURE_WITHIN = 0.005;

/** One cell for each scenario and monitor, the monitors of a scenario back to back. */
export async function runMatrix(options: MatrixOptions): Promise<Cell[]> {
  const cells: Cell[] = [];
  await using world = await makeWorld({ host: true, offloads: false });
  await slowDown(world);
  for (const scenario of options.scenarios) {
    for (const monitor of options.monitors) {
      const startedMs = performance.now();
      const found = await runCell(scenario, monitor, { world, quick: options.quick });
      const cell: Cell = {
        scenario: scenario.id,
        title: scenario.title,
        monitor: monitor.name,
        ...found,
        seconds: Math.round((performance.now() - startedMs) / 100) / 10,
      };
      cells.push(cell);
      options.onCell(cell);
    }
  }
  return cells;
}

async function runCell(
  scenario: Scenario,
  monitor: Monitor,
  { world, quick }: { world: World; quick: boolean },
): Promise<Pick<Cell, "score" | "measured" | "rows">> {
  let running: Running | undefined;
  const stage: Stage = {
    world,
    name: `mt-${scenario.id}`,
    amount: (full) => (quick ? Math.ceil(full * QUICK_SHARE) : full),
    async watch({ devices = [world.a.device] } = {}) {
      running ??= await monitor.start(devices);
    },
    look: () => sleep(quick ? QUICK_LOOK_MS : monitor.lookMs),
  };
  try {
    const measured = await scenario.run(stage);
    if (isNotHere(measured)) return { score: unscored("not here", measured.notHere) };
    await using _held = measured.held;
    if (!isSure(measured)) {
      throw new Error(
        `Two counters of the kernel disagree: ${measured.wire.txBytes} bytes sent, ${measured.nftTxBytes} arrived`,
      );
    }
    const rows = (await running?.report(measured.processes.map(({ pid }) => pid))) ?? [];
    const marks = score(measured, rows, monitor.traits);
    const isRight = marks.why === "";
    if (isRight) return { score: marks };
    const { held: _, ...plain } = measured;
    return { score: marks, measured: plain, rows: relevant(rows, measured) };
  } catch (error) {
    // One that cannot be measured here does not take the others with it; it is said, and it is no pass.
    return { score: unscored("not measured", oneLine(error as Error)) };
  } finally {
    await running?.[Symbol.asyncDispose]();
  }
}

/** The sender's qdisc and the receiver's nft have counted the same. */
export function isSure({ wire, nftTxBytes = wire.txBytes }: Measured): boolean {
  return Math.abs(wire.txBytes - nftTxBytes) <= SURE_WITHIN * (wire.txBytes + wire.rxBytes);
}

/** Rows of the processes in question, and of nobody; not of whatever else runs on this machine. */
function relevant(rows: readonly MonitorRow[], { processes }: Measured): MonitorRow[] {
  const isOurs = ({ pid, name }: MonitorRow) =>
    processes.some((one) => (pid === undefined ? one.name === name : one.pid === pid));
  return rows.filter((row) => isOurs(row) || (row.pid === undefined && row.name === undefined));
}

/** What was tried, and the last word on why it failed. */
function oneLine({ message }: Error): string {
  const lines = message.trim().split("\n");
  return lines.length === 1 ? message : `${lines[0]}: ${lines.at(-1)}`;
}

function unscored(mark: "not here" | "not measured", why: string): Score {
  return { attribution: mark, bytes: mark, sawBytes: 0, trueBytes: 0, why };
}
