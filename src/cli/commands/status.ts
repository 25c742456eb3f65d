/** `status`: what runs, since when, how it counts and how much of the traffic has an owner. */

import type { Command } from "commander";
import { formatBytes, formatDuration, formatRate, formatShare } from "../../model/format.ts";
import type { Status } from "../../model/monitauri.ts";
import type { InterfaceCoverage } from "../../model/sample.ts";
import {
  type CommandContext,
  daemonOf,
  printJson,
  type ReadOptions,
  readCommand,
} from "../context.ts";
import { type Column, formatTable } from "../table.ts";
import { safe } from "../terminal.ts";

const SHOWN_GAPS = 5;

export function addStatus(program: Command, context: CommandContext): void {
  readCommand(program, "status", "what runs, since when, and how much of the traffic has an owner")
    .addHelpText(
      "after",
      "\nExamples:\n  monitauri status\n  monitauri status --json | jq .interfaces",
    )
    .action(async (options: ReadOptions) => {
      const status = await daemonOf(context, options).status();
      if (options.json) printJson(context, status);
      else print(status, context);
    });
}

function print(status: Status, { terminal }: CommandContext): void {
  for (const [title, text] of facts(status)) {
    terminal.print(`${terminal.paint("bold", title.padEnd(12))}${text}`);
  }
  for (const { name, state, restarts, lastError } of status.threads) {
    if (state === "running" && restarts === 0) continue;
    const why = lastError === undefined ? "" : `: ${safe(lastError)}`;
    terminal.print(
      terminal.paint("yellow", `Thread ${name} is ${state}, started again ${restarts} times${why}`),
    );
  }
  for (const { fromMs, toMs, reason } of status.gaps.slice(-SHOWN_GAPS)) {
    terminal.print(
      terminal.paint(
        "yellow",
        `Gap of ${formatDuration(toMs - fromMs)} at ${time(fromMs)}: ${reason}`,
      ),
    );
  }
  if (status.interfaces.length === 0) return;
  const [titles = "", ...lines] = formatTable(status.interfaces, COLUMNS, terminal.columns);
  terminal.print(`\n${terminal.paint("bold", titles)}`);
  for (const line of lines) terminal.print(line);
}

function facts(status: Status): [title: string, text: string][] {
  const { collector, total, own, intervalMs } = status;
  const ranMs = status.atMs - status.startedAtMs;
  const counting =
    collector === undefined ? "not now" : `${safe(collector.source)}, ${safe(collector.level)}`;
  const share = ranMs > 0 ? formatShare(own.cpuMs / ranMs) : "-";
  const kernel =
    collector === undefined ? "" : `, ${formatBytes(collector.kernelBytes)} in the kernel`;
  return [
    [
      "Monitauri",
      `${status.version}, pid ${status.pid}, ${status.privileged ? "as root" : "without root"}`,
    ],
    ["Running", `${formatDuration(ranMs)}, since ${time(status.startedAtMs)}`],
    ["Counting", `${counting}; every ${formatDuration(intervalMs)}`],
    [
      "Now",
      `${formatRate(status.rxBytesPerSecond)} down, ${formatRate(status.txBytesPerSecond)} up`,
    ],
    ["Counted", `${formatBytes(total.rxBytes)} down, ${formatBytes(total.txBytes)} up`],
    ["Own cost", `${share} of a CPU, ${formatBytes(own.residentBytes)} memory${kernel}`],
  ];
}

const COLUMNS: readonly Column<InterfaceCoverage>[] = [
  { title: "INTERFACE", align: "left", text: ({ name }) => safe(name), shrinksTo: 9 },
  {
    title: "KIND",
    align: "left",
    text: ({ kind, present }) => (present ? kind : `${kind} (gone)`),
  },
  { title: "DOWN", align: "right", text: ({ rxBytes }) => formatBytes(rxBytes) },
  { title: "UP", align: "right", text: ({ txBytes }) => formatBytes(txBytes) },
  { title: "OWNED DOWN", align: "right", text: ({ rxCoverage }) => share(rxCoverage) },
  { title: "OWNED UP", align: "right", text: ({ txCoverage }) => share(txCoverage) },
];

function share(value: number | undefined): string {
  return value === undefined ? "-" : formatShare(value);
}

/** Local time, as a clock on the wall shows it: "2026-11-23 11:04:48". */
function time(atMs: number): string {
  return new Date(atMs).toLocaleString("sv-SE");
}
