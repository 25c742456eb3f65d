/** `status`: what runs, since when, how it counts and how much of the traffic has an owner. */

import type { Command } from "commander";
import type { AlertStatus } from "../../model/alert-status.ts";
import { formatBytes, formatDuration, formatShare } from "../../model/format.ts";
import type { Status } from "../../model/monitauri.ts";
import type { InterfaceCoverage } from "../../model/sample.ts";
import { learningWords } from "../alert-learning.ts";
import { clock, show } from "../answer.ts";
import {
  type CommandContext,
  daemonOf,
  type RateOptions,
  type ReadOptions,
  rateFormat,
  rateOptions,
  readCommand,
} from "../context.ts";
import { type Column, formatTable } from "../table.ts";
import { safe } from "../terminal.ts";

const SHOWN_GAPS = 5;

type StatusOptions = ReadOptions & RateOptions;

export function addStatus(program: Command, context: CommandContext): void {
  rateOptions(
    readCommand(
      program,
      "status",
      "what runs, since when, and how much of the traffic has an owner",
    ),
  )
    .addHelpText("after", HELP)
    .action(async (options: StatusOptions) => {
      const daemon = daemonOf(context, options);
      await show(context, options, {
        ask: () => daemon.status(),
        lines: (status) => linesOf(status, options, context),
      });
    });
}

const HELP = `
OWNED is the share of what an interface counted itself that has a program or another name here.

Examples:
  monitauri status
  monitauri status --watch 1s
  monitauri status --json | jq .interfaces`;

function linesOf(status: Status, options: RateOptions, { terminal }: CommandContext): string[] {
  const lines = facts(status, rateFormat(options)).map(
    ([title, text]) => `${terminal.paint("bold", title.padEnd(12))}${text}`,
  );
  for (const { name, state, restarts, lastError } of status.threads) {
    if (state === "running" && restarts === 0 && lastError === undefined) continue;
    const why = lastError === undefined ? "" : `: ${safe(lastError)}`;
    const again = restarts === 0 ? "" : `, started again ${restarts} times`;
    lines.push(terminal.paint("yellow", `Thread ${name} is ${state}${again}${why}`));
  }
  lines.push(...alertTroubles(status.alerts).map((line) => terminal.paint("yellow", line)));
  for (const { fromMs, toMs, reason } of status.gaps.slice(-SHOWN_GAPS)) {
    lines.push(
      terminal.paint(
        "yellow",
        `Gap of ${formatDuration(toMs - fromMs)} at ${clock(fromMs)}: ${reason}`,
      ),
    );
  }
  if (status.interfaces.length === 0) return lines;
  const [titles = "", ...table] = formatTable(status.interfaces, COLUMNS, terminal.columns);
  return [...lines, "", terminal.paint("bold", titles), ...table];
}

function facts(
  status: Status,
  rate: (bytesPerSecond: number) => string,
): [title: string, text: string][] {
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
    ["Running", `${formatDuration(ranMs)}, since ${clock(status.startedAtMs)}`],
    ["Counting", `${counting}; every ${formatDuration(intervalMs)}`],
    ["Now", `${rate(status.rxBytesPerSecond)} down, ${rate(status.txBytesPerSecond)} up`],
    ["Counted", `${formatBytes(total.rxBytes)} down, ${formatBytes(total.txBytes)} up`],
    ["Alerts", alertFacts(status.alerts)],
    ["Own cost", `${share} of a CPU, ${formatBytes(own.residentBytes)} memory${kernel}`],
  ];
}

function alertFacts(alerts: AlertStatus): string {
  const { rules, activeRules, faultyRules, unread, ongoing, waiting } = alerts;
  if (rules === 0 && unread + waiting === 0) return "no rules";
  const parts = [
    `${activeRules} of ${rules} ${rules === 1 ? "rule" : "rules"} active`,
    ...(faultyRules === 0 ? [] : [`${faultyRules} cannot work`]),
    `${unread} unread`,
    ...(ongoing === 0 ? [] : [`${ongoing} going on`]),
    `${waiting} ${waiting === 1 ? "message" : "messages"} waiting`,
  ];
  return parts.join(", ");
}

/** What is wrong, and what is not told yet. */
function alertTroubles({ troubles, learning, lastFailure }: AlertStatus): string[] {
  const lines = troubles.map(
    ({ ruleId, text }) => `Alerts${ruleId === null ? "" : `, rule ${ruleId}`}: ${safe(text)}`,
  );
  for (const one of learning) lines.push(`Alerts: ${learningWords(one)}`);
  if (lastFailure === null) return lines;
  const { channel, atMs, said, remedy, isOver } = lastFailure;
  const now = isOver ? "; it works again" : "";
  const todo = isOver || remedy === "" ? "" : `. What to do: ${safe(remedy)}`;
  return [
    ...lines,
    `Alert channel ${safe(channel)} failed at ${clock(atMs)}: ${safe(said)}${now}${todo}`,
  ];
}

const COLUMNS: readonly Column<InterfaceCoverage>[] = [
  { title: "INTERFACE", align: "left", text: ({ name }) => safe(name), shrinksTo: 9 },
  {
    title: "KIND",
    align: "left",
    text: ({ kind, present }) => (present ? kind : `${kind} (gone)`),
    leaves: 1,
  },
  { title: "DOWN", align: "right", text: ({ rxBytes }) => formatBytes(rxBytes) },
  { title: "UP", align: "right", text: ({ txBytes }) => formatBytes(txBytes) },
  { title: "OWNED DOWN", align: "right", text: ({ rxCoverage }) => share(rxCoverage) },
  { title: "OWNED UP", align: "right", text: ({ txCoverage }) => share(txCoverage) },
];

function share(value: number | undefined): string {
  return value === undefined ? "-" : formatShare(value);
}
