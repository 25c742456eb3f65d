/** `doctor`: what this machine can do, what is missing and what to do about it; without a daemon, too. */

import type { Command } from "commander";
import { MonitauriError } from "../../model/error.ts";
import { formatShare } from "../../model/format.ts";
import type { Diagnosis, Finding } from "../../model/monitauri.ts";
import type { InterfaceCoverage } from "../../model/sample.ts";
import type { Bound } from "../../model/snapshot.ts";
import {
  type CommandContext,
  daemonOf,
  printJson,
  type ReadOptions,
  readCommand,
} from "../context.ts";
import { formatTable } from "../table.ts";
import { type Style, safe } from "../terminal.ts";

const STYLES: Record<Finding["state"], Style> = { ok: "green", limited: "yellow", missing: "red" };

/** Without a daemon `daemon` is false, and bounds and coverage are empty. */
interface Report extends Diagnosis {
  readonly daemon: boolean;
  readonly coverage: readonly InterfaceCoverage[];
}

export function addDoctor(program: Command, context: CommandContext): void {
  readCommand(program, "doctor", "what this machine can do, what is missing and what to do")
    .addHelpText(
      "after",
      "\nWorks without a daemon, too; with one it also shows how full its tables are.",
    )
    .action(async (options: ReadOptions) => {
      const report = (await askDaemon(context, options)) ?? (await lookHere(context, options));
      if (options.json) printJson(context, report);
      else print(report, context);
    });
}

async function askDaemon(
  context: CommandContext,
  options: ReadOptions,
): Promise<Report | undefined> {
  const daemon = daemonOf(context, options);
  try {
    const [diagnosis, { interfaces }] = await Promise.all([daemon.doctor(), daemon.status()]);
    return { daemon: true, ...diagnosis, coverage: interfaces };
  } catch (error) {
    // What this machine can do is no secret: whoever may not ask the daemon looks for himself.
    const alone =
      error instanceof MonitauriError && ["unreachable", "forbidden"].includes(error.code);
    if (alone) return undefined;
    throw error;
  }
}

async function lookHere({ host }: CommandContext, { data }: ReadOptions): Promise<Report> {
  return {
    daemon: false,
    findings: await host.diagnose(data),
    bounds: [],
    missing: [],
    coverage: [],
  };
}

function print(
  { daemon, findings, bounds, missing, coverage }: Report,
  context: CommandContext,
): void {
  const { terminal } = context;
  for (const { feature, state, detail, remedy } of findings) {
    terminal.print(
      `${terminal.paint(STYLES[state], state.padEnd(8))}${safe(feature)}: ${safe(detail)}`,
    );
    if (remedy !== undefined) terminal.print(`        To do: ${safe(remedy)}`);
  }
  for (const { feature, reason, remedy } of missing) {
    terminal.print(`${terminal.paint("yellow", "limited ")}${safe(feature)}: ${safe(reason)}`);
    terminal.print(`        To do: ${safe(remedy)}`);
  }
  for (const { name, rxCoverage, txCoverage } of coverage) {
    if (rxCoverage === undefined && txCoverage === undefined) continue;
    terminal.print(
      `        Owned on ${safe(name)}: ${share(rxCoverage)} down, ${share(txCoverage)} up`,
    );
  }
  if (bounds.length > 0) {
    terminal.print("");
    for (const line of formatTable(bounds, BOUND_COLUMNS, terminal.columns)) terminal.print(line);
  }
  if (!daemon)
    terminal.print("\nNo daemon was asked: these are the findings of this command itself.");
}

function share(value: number | undefined): string {
  return value === undefined ? "-" : formatShare(value);
}

const BOUND_COLUMNS = [
  { title: "TABLE", align: "left", text: ({ name }: Bound) => safe(name), shrinksTo: 12 },
  { title: "USED", align: "right", text: ({ used }: Bound) => String(used) },
  { title: "LIMIT", align: "right", text: ({ limit }: Bound) => String(limit) },
  {
    title: "FULL",
    align: "right",
    text: ({ used, limit }: Bound) => (limit > 0 ? formatShare(used / limit) : "-"),
  },
  {
    title: "WHEN FULL",
    align: "left",
    text: ({ whenFull }: Bound) => safe(whenFull),
    shrinksTo: 20,
  },
] as const;
