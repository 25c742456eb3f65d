/** `doctor`: what this machine can do, what is missing and what to do about it; without a daemon, too. */

import type { Command } from "commander";
import { MonitauriError } from "../../model/error.ts";
import { formatShare } from "../../model/format.ts";
import type { Diagnosis, Finding } from "../../model/monitauri.ts";
import type { InterfaceCoverage } from "../../model/sample.ts";
import type { Bound } from "../../model/snapshot.ts";
import { show } from "../answer.ts";
import { type CommandContext, daemonOf, type ReadOptions, readCommand } from "../context.ts";
import { type Column, formatTable } from "../table.ts";
import { type Style, safe } from "../terminal.ts";

const STYLES: Record<Finding["state"], Style> = { ok: "green", limited: "yellow", missing: "red" };

/** Without a daemon `daemon` is false, and bounds and coverage are empty. */
interface Report extends Diagnosis {
  readonly daemon: boolean;
  readonly coverage: readonly InterfaceCoverage[];
}

export function addDoctor(program: Command, context: CommandContext): void {
  readCommand(program, "doctor", "what this machine can do, what is missing and what to do")
    .addHelpText("after", HELP)
    .action(async (options: ReadOptions) => {
      await show(context, options, {
        ask: async () => (await askDaemon(context, options)) ?? (await lookHere(context, options)),
        lines: (report) => linesOf(report, context),
      });
    });
}

const HELP = `
Works without a daemon, too; with one it also shows how full its tables are.

Examples:
  monitauri doctor
  sudo monitauri doctor      what would be possible as root
  monitauri doctor --json | jq '.findings[] | select(.state != "ok")'`;

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
    credits: [],
    coverage: [],
  };
}

function linesOf(report: Report, { terminal }: CommandContext): string[] {
  const { daemon, findings, bounds, missing, coverage, credits } = report;
  const lines: string[] = [];
  for (const { feature, state, detail, remedy } of findings) {
    lines.push(
      `${terminal.paint(STYLES[state], state.padEnd(8))}${safe(feature)}: ${safe(detail)}`,
    );
    if (remedy !== undefined) lines.push(`        To do: ${safe(remedy)}`);
  }
  for (const { feature, reason, remedy } of missing) {
    lines.push(`${terminal.paint("yellow", "limited ")}${safe(feature)}: ${safe(reason)}`);
    lines.push(`        To do: ${safe(remedy)}`);
  }
  for (const { name, rxCoverage, txCoverage } of coverage) {
    if (rxCoverage === undefined && txCoverage === undefined) continue;
    lines.push(
      `        Owned on ${safe(name)}: ${share(rxCoverage)} down, ${share(txCoverage)} up`,
    );
  }
  if (bounds.length > 0) lines.push("", ...formatTable(bounds, BOUND_COLUMNS, terminal.columns));
  if (credits.length > 0) lines.push("");
  for (const { gives, credit, link, licence, collectedAtMs } of credits) {
    const day = new Date(collectedAtMs).toISOString().slice(0, 10);
    lines.push(
      `Data (${safe(gives)}): ${safe(credit)}, ${safe(link)}, ${safe(licence)}, of ${day}`,
    );
  }
  if (!daemon)
    lines.push("", "No daemon was asked: these are the findings of this command itself.");
  return lines;
}

function share(value: number | undefined): string {
  return value === undefined ? "-" : formatShare(value);
}

const BOUND_COLUMNS: readonly Column<Bound>[] = [
  { title: "TABLE", align: "left", text: ({ name }) => safe(name), shrinksTo: 12 },
  { title: "USED", align: "right", text: ({ used }) => String(used) },
  { title: "LIMIT", align: "right", text: ({ limit }) => String(limit) },
  {
    title: "FULL",
    align: "right",
    text: ({ used, limit }) => (limit > 0 ? formatShare(used / limit) : "-"),
  },
  {
    title: "WHEN FULL",
    align: "left",
    text: ({ whenFull }) => safe(whenFull),
    shrinksTo: 20,
  },
];
