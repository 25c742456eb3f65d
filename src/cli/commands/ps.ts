/** `ps`: applications or processes and their traffic, the busiest first. */

import { type Command, Option } from "commander";
import { formatBytes, formatRate } from "../../model/format.ts";
import type { PsRow } from "../../model/monitauri.ts";
import {
  type CommandContext,
  daemonOf,
  printJson,
  type ReadOptions,
  readCommand,
} from "../context.ts";
import { type Column, formatTable } from "../table.ts";
import { safe } from "../terminal.ts";

interface PsOptions extends ReadOptions {
  readonly by: "application" | "process";
}

export function addPs(program: Command, context: CommandContext): void {
  readCommand(program, "ps", "applications or processes and their traffic")
    .addOption(
      new Option("--by <kind>", "one row per application or per process")
        .choices(["application", "process"])
        .default("application"),
    )
    .addHelpText(
      "after",
      "\nTotals run since the daemon started; an application that has exited keeps its row." +
        "\n\nExamples:\n  monitauri ps\n  monitauri ps --by process\n  monitauri ps --json | jq '.[0]'",
    )
    .action(async (options: PsOptions) => {
      const rows = [...(await daemonOf(context, options).ps({ by: options.by }))].sort(
        busiestFirst,
      );
      if (options.json) printJson(context, rows);
      else print(rows, context);
    });
}

function busiestFirst(a: PsRow, b: PsRow): number {
  return (
    b.rxBytesPerSecond + b.txBytesPerSecond - (a.rxBytesPerSecond + a.txBytesPerSecond) ||
    b.rxBytes + b.txBytes - (a.rxBytes + a.txBytes) ||
    a.application.localeCompare(b.application)
  );
}

function print(rows: readonly PsRow[], { terminal }: CommandContext): void {
  const [titles = "", ...lines] = formatTable(rows, COLUMNS, terminal.columns);
  terminal.print(terminal.paint("bold", titles));
  for (const [at, line] of lines.entries()) {
    const row = rows[at];
    terminal.print(row !== undefined && hasExited(row) ? terminal.paint("dim", line) : line);
  }
  if (rows.length === 0) terminal.print("No traffic has been counted yet.");
}

const COLUMNS: readonly Column<PsRow>[] = [
  { title: "APPLICATION", align: "left", text: nameOf, shrinksTo: 12 },
  { title: "PID", align: "right", text: processesOf },
  { title: "USER", align: "left", text: ({ user }) => safe(user ?? "-"), shrinksTo: 4 },
  { title: "DOWN/S", align: "right", text: ({ rxBytesPerSecond }) => formatRate(rxBytesPerSecond) },
  { title: "UP/S", align: "right", text: ({ txBytesPerSecond }) => formatRate(txBytesPerSecond) },
  { title: "DOWN", align: "right", text: ({ rxBytes }) => formatBytes(rxBytes) },
  { title: "UP", align: "right", text: ({ txBytes }) => formatBytes(txBytes) },
  { title: "CONN", align: "right", text: ({ connections }) => String(connections) },
];

function nameOf(row: PsRow): string {
  const tunnel = row.carries === null ? "" : ` (carries ${row.carries})`;
  return safe(`${row.application}${tunnel}${hasExited(row) ? " (exited)" : ""}`);
}

function hasExited({ running, remainder }: PsRow): boolean {
  return !running && remainder === null;
}

function processesOf({ pid, pids, remainder }: PsRow): string {
  if (remainder !== null) return "-";
  return pid === null ? `${pids.length} procs` : String(pid);
}
