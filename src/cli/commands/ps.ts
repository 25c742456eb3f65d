/** `ps`: applications or processes and their traffic, the busiest first. */

import { type Command, Option } from "commander";
import { formatBytes } from "../../model/format.ts";
import type { PsRow } from "../../model/monitauri.ts";
import { show } from "../answer.ts";
import {
  type CommandContext,
  daemonOf,
  filterOf,
  type ListOptions,
  listCommand,
  type RateOptions,
  rateFormat,
  rateOptions,
  readCommand,
} from "../context.ts";
import { mostlyWith } from "../other-end.ts";
import { type OnInterface, onInterface, PS_SORTS, type PsSort, sortRows } from "../ps-rows.ts";
import { type Column, formatTable } from "../table.ts";
import { safe } from "../terminal.ts";

interface PsOptions extends ListOptions, RateOptions {
  readonly by: "application" | "process";
  readonly interface?: string;
}

/** More than a daemon has. */
const MOST_ROWS = 100_000;

export function addPs(program: Command, context: CommandContext): void {
  const command = readCommand(program, "ps", "applications or processes and their traffic");
  listCommand(command, { sorts: PS_SORTS, mostRows: MOST_ROWS }).addOption(
    new Option("--by <kind>", "one row per application or per process")
      .choices(["application", "process"])
      .default("application"),
  );
  rateOptions(command)
    .option("-i, --interface <name>", "totals of this interface alone, as eth0 or lo")
    .addHelpText("after", HELP)
    .action(async (words: string[], options: PsOptions) => {
      const filter = filterOf(words, options);
      const query = { by: options.by, ...(filter === undefined ? {} : { filter }) };
      const daemon = daemonOf(context, options);
      await show(context, options, {
        ask: async () => arranged(await daemon.ps(query), options),
        lines: (rows) => linesOf(rows, options, context),
      });
    });
}

const HELP = `
Rates are bits a second (--bytes: bytes), volumes are bytes since the daemon started. Traffic within this machine
is not in DOWN and UP: it has a column of its own. An application that has exited keeps its row. MOSTLY WITH is the other
end of most bytes of its open connections, with its country ("~": the name may cover another site).

Examples:
  monitauri ps                               who uses the network, the busiest first
  monitauri ps --watch                       the same, every 2 seconds
  monitauri ps --by process --sort total     every process, by what it has moved
  monitauri ps app:firefox rate:'>1mbit'     only what fits (a shell wants > in quotes)
  monitauri ps country:DE,AT org:hetzner     programs that talk to somebody there
  monitauri ps --interface eth0              totals of one interface
  monitauri ps --json | jq '.[0]'            for a script: all that is known of a row

Filters: "monitauri help filters".`;

function arranged(rows: readonly PsRow[], options: PsOptions): readonly PsRow[] {
  const { interface: name, limit, reverse = false } = options;
  const sort = (options.sort ?? (name === undefined ? "rate" : "total")) as PsSort;
  const there =
    name === undefined ? rows : rows.filter((row) => onInterface(row, name) !== undefined);
  return sortRows(there, { sort, reverse, name }).slice(0, limit);
}

function linesOf(
  rows: readonly PsRow[],
  options: PsOptions,
  { terminal }: CommandContext,
): string[] {
  if (rows.length === 0) return ["Nothing to show: no traffic that fits has been counted yet."];
  const [titles = "", ...lines] = formatTable(rows, columnsFor(rows, options), terminal.columns);
  const painted = lines.map((line, at) => {
    const row = rows[at];
    return row !== undefined && hasExited(row) ? terminal.paint("dim", line) : line;
  });
  return [terminal.paint("bold", titles), ...painted];
}

function columnsFor(rows: readonly PsRow[], options: PsOptions): readonly Column<PsRow>[] {
  const { interface: name } = options;
  const part = (row: PsRow): OnInterface =>
    onInterface(row, name) ?? { rxBytes: 0, txBytes: 0, rxBytesPerSecond: 0, txBytesPerSecond: 0 };
  const rate = rateFormat(options);
  const volumes: Column<PsRow>[] = [
    { title: "DOWN", align: "right", text: (row) => formatBytes(part(row).rxBytes) },
    { title: "UP", align: "right", text: (row) => formatBytes(part(row).txBytes) },
  ];
  const whose: Column<PsRow>[] = [
    { title: "APPLICATION", align: "left", text: nameOf, shrinksTo: 16 },
    { title: "PID", align: "right", text: processesOf, leaves: 2 },
    {
      title: "USER",
      align: "left",
      text: ({ user }) => safe(user ?? "-"),
      shrinksTo: 4,
      leaves: 3,
    },
  ];
  const links: Column<PsRow>[] = [
    { title: "CONN", align: "right", text: ({ connections }) => String(connections), leaves: 4 },
    { title: "MOSTLY WITH", align: "left", text: mostlyWith, shrinksTo: 12, leaves: 6 },
  ];
  // Rates are known for a program as a whole, not for each interface it uses.
  if (name !== undefined) return [...whose, ...volumes, ...links];
  return [
    ...whose,
    { title: "DOWN/S", align: "right", text: (row) => rate(part(row).rxBytesPerSecond) },
    { title: "UP/S", align: "right", text: (row) => rate(part(row).txBytesPerSecond) },
    ...volumes.map((column) => ({ ...column, leaves: 1 })),
    ...(rows.some((row) => loopbackOf(row) > 0) ? LOOPBACK : []),
    ...links,
  ];
}

const LOOPBACK: readonly Column<PsRow>[] = [
  {
    title: "LOOPBACK",
    align: "right",
    text: (row) => (loopbackOf(row) === 0 ? "-" : formatBytes(loopbackOf(row))),
    leaves: 5,
  },
];

function loopbackOf({ rxLoopbackBytes, txLoopbackBytes }: PsRow): number {
  return rxLoopbackBytes + txLoopbackBytes;
}

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
