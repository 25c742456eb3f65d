// The accuracy matrix: every scenario under every monitor that is installed, scored against the kernel's own counters.
// node bench/run.ts [--quick] [--only s05,s12] [--monitors monitauri,nethogs] [--keep] [--report FILE] [--plots FOLDER]
// With --keep, what is not run now stays as the last run on this machine left it.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { skipWithoutWorld } from "../test/e2e/world.ts";
import { KNOWN } from "./accuracy/known.ts";
import { type Cell, runMatrix } from "./accuracy/matrix.ts";
import { bandwhich } from "./accuracy/monitors/bandwhich.ts";
import { iftop } from "./accuracy/monitors/iftop.ts";
import { monitauri } from "./accuracy/monitors/monitauri.ts";
import type { Monitor } from "./accuracy/monitors/monitor.ts";
import { nethogs } from "./accuracy/monitors/nethogs.ts";
import { rustnet } from "./accuracy/monitors/rustnet.ts";
import { betweenMarkers } from "./accuracy/report.ts";
import { SCENARIOS } from "./accuracy/scenarios/all.ts";
import { scorecards } from "./accuracy/scorecard.ts";
import { surprises } from "./accuracy/verdict.ts";
import { writePlots } from "./plot.ts";
import { machineLine, writeResults } from "./results.ts";

const MONITORS: readonly Monitor[] = [monitauri, nethogs, bandwhich, rustnet, iftop];

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    monitors: { type: "string" },
    keep: { type: "boolean", default: false },
    report: { type: "string" },
    plots: { type: "string" },
  },
});

const missing = await skipWithoutWorld();
if (missing !== false) {
  console.error(`Cannot measure: ${missing}`);
  process.exit(1);
}

const scenarios = chosen(SCENARIOS, values.only, ({ id }) => id);
const wanted = values.monitors ?? (values.quick ? "monitauri" : undefined);
const asked = chosen(MONITORS, wanted, ({ name }) => name);
const last = values.keep ? readResults() : { versions: {}, cells: [] };
const versions: Record<string, string> = { ...last.versions };
const absent: Record<string, string> = {};
for (const monitor of asked) {
  const found = await monitor.installed();
  if ("version" in found) versions[monitor.name] = found.version;
  else absent[monitor.name] = found.missing;
}

const startedMs = performance.now();
const cells = await runMatrix({
  scenarios,
  monitors: asked.filter(({ name }) => !(name in absent)),
  quick: values.quick,
  onCell: say,
});
const now = [...cells, ...asked.flatMap((monitor) => notMeasured(monitor))];
const isNew = new Set(now.map(({ scenario, monitor }) => `${scenario} ${monitor}`));
const all = inOrder([
  ...now,
  ...last.cells.filter(({ scenario, monitor }) => !isNew.has(`${scenario} ${monitor}`)),
]);
const text = `${machineLine()}\n\n${scorecards(all, versions)}`;
console.log(`\n${text}\n\n${Math.round((performance.now() - startedMs) / 1000)} s`);
if (!values.quick) writeResults("accuracy", { versions, absent, cells: all });
if (values.report !== undefined) {
  writeFileSync(values.report, betweenMarkers(readFileSync(values.report, "utf8"), text));
}
if (values.plots !== undefined) writePlots(values.plots, all);

const wrong = surprises(
  now.filter(({ monitor }) => monitor === monitauri.name),
  KNOWN,
);
for (const sentence of wrong) console.error(sentence);
if (values.quick) {
  const judged = now.flatMap(({ score }) => [score.attribution, score.bytes]);
  const passed = judged.filter((verdict) => verdict === "pass").length;
  console.log(`${passed} passed, ${wrong.length} failed`);
}
if (wrong.length > 0) process.exitCode = 1;

function readResults(): { versions: Record<string, string>; cells: Cell[] } {
  const path = join(import.meta.dirname, "results", "accuracy.json");
  return JSON.parse(readFileSync(path, "utf8"));
}

/** By a list of names with commas between; all where there is none. @throws RangeError for a name that nothing has. */
function chosen<T>(all: readonly T[], list: string | undefined, nameOf: (one: T) => string): T[] {
  if (list === undefined) return [...all];
  const names = list.toLowerCase().split(",");
  const known = all.map((one) => nameOf(one).toLowerCase());
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new RangeError(`There is no "${unknown}". There are: ${known.join(", ")}`);
  }
  return all.filter((one) => names.includes(nameOf(one).toLowerCase()));
}

function say({ scenario, monitor, score, seconds }: Cell): void {
  const marks = `attribution ${score.attribution}, bytes ${score.bytes}`;
  console.error(`${scenario.padEnd(5)}${monitor.padEnd(11)}${marks} (${seconds} s) ${score.why}`);
}

/** One that is not installed has not failed. */
function notMeasured({ name }: Monitor): Cell[] {
  const why = absent[name];
  if (why === undefined) return [];
  return scenarios.map(({ id, title }) => ({
    scenario: id,
    title,
    monitor: name,
    score: {
      attribution: "not measured",
      bytes: "not measured",
      sawBytes: 0,
      trueBytes: 0,
      why: "",
    },
    seconds: 0,
  }));
}

/** Monitors as they are listed here, whether measured or not. */
function inOrder(found: Cell[]): Cell[] {
  const place = ({ monitor }: Cell) => MONITORS.findIndex(({ name }) => name === monitor);
  return found.sort((x, y) => x.scenario.localeCompare(y.scenario) || place(x) - place(y));
}
