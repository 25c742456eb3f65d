/** `listeners`: which programs wait for others, and where. */

import type { Command } from "commander";
import { type Filterable, parseFilter } from "../../model/filter.ts";
import type { Listener } from "../../model/monitauri.ts";
import { show } from "../answer.ts";
import {
  type CommandContext,
  daemonOf,
  filterOf,
  type ListOptions,
  listCommand,
  readCommand,
} from "../context.ts";
import { endpoint } from "../endpoint.ts";
import { type Column, formatTable } from "../table.ts";
import { safe } from "../terminal.ts";

const MOST_ROWS = 100_000;

const ORDERS: Readonly<Record<string, (a: Listener, b: Listener) => number>> = {
  port: (a, b) => a.localPort - b.localPort,
  address: (a, b) => a.localAddress.localeCompare(b.localAddress),
  application: (a, b) => a.application.localeCompare(b.application),
  user: (a, b) => (a.user ?? "").localeCompare(b.user ?? ""),
  pid: (a, b) => (a.pid ?? 0) - (b.pid ?? 0),
};

export function addListeners(program: Command, context: CommandContext): void {
  const command = readCommand(program, "listeners", "programs that wait for others, and where");
  listCommand(command, { sorts: Object.keys(ORDERS), mostRows: MOST_ROWS })
    .addHelpText("after", HELP)
    .action(async (words: string[], options: ListOptions) => {
      const fits = parseFilter(filterOf(words, options) ?? "");
      const daemon = daemonOf(context, options);
      await show(context, options, {
        ask: async () =>
          arranged(
            (await daemon.listeners()).filter((each) => fits(factsOf(each))),
            options,
          ),
        lines: (listeners) => linesOf(listeners, context),
      });
    });
}

const HELP = `
An address 0.0.0.0 or [::] takes part in every network; 127.0.0.1 and [::1] only in this machine.

Examples:
  monitauri listeners                       what could be reached, by port
  monitauri listeners lport:1-1023          only the ports of the system
  monitauri listeners '!local:127.0.0.1'    what others can reach, too
  monitauri listeners --json | jq '.[] | select(.pid == null)'

Filters: "monitauri help filters".`;

function arranged(listeners: readonly Listener[], options: ListOptions): readonly Listener[] {
  const { sort = "port", reverse = false, limit } = options;
  const order = ORDERS[sort] ?? (() => 0);
  const compare = (a: Listener, b: Listener) =>
    order(a, b) || a.localPort - b.localPort || a.protocol.localeCompare(b.protocol);
  return listeners.toSorted(reverse ? (a, b) => compare(b, a) : compare).slice(0, limit);
}

function factsOf({ key, pid, ...listener }: Listener): Filterable {
  return {
    ...listener,
    key: key ?? "",
    pids: pid === null ? [] : [pid],
    interfaces: [],
    rxBytesPerSecond: 0,
    txBytesPerSecond: 0,
    totalBytes: 0,
  };
}

function linesOf(listeners: readonly Listener[], { terminal }: CommandContext): string[] {
  if (listeners.length === 0) return ["Nothing listens that fits."];
  const [titles = "", ...lines] = formatTable(listeners, COLUMNS, terminal.columns);
  return [terminal.paint("bold", titles), ...lines];
}

const COLUMNS: readonly Column<Listener>[] = [
  { title: "PROTO", align: "left", text: ({ protocol }) => safe(protocol) },
  {
    title: "LOCAL",
    align: "left",
    text: ({ localAddress, localPort }) => endpoint(localAddress, localPort),
  },
  {
    title: "APPLICATION",
    align: "left",
    text: ({ application, usualDaemon }) =>
      safe(usualDaemon === undefined ? application : `${application} (${usualDaemon}?)`),
    shrinksTo: 10,
  },
  { title: "SERVICE", align: "left", text: ({ service }) => safe(service ?? "-"), leaves: 4 },
  { title: "PID", align: "right", text: ({ pid }) => (pid === null ? "-" : String(pid)) },
  {
    title: "USER",
    align: "left",
    text: ({ user }) => safe(user ?? "-"),
    shrinksTo: 4,
    leaves: 1,
  },
  {
    title: "CONTAINER",
    align: "left",
    text: ({ container }) => safe(container ?? "-"),
    shrinksTo: 6,
    leaves: 2,
  },
  {
    title: "PATH",
    align: "left",
    text: ({ path }) => safe(path ?? "-"),
    shrinksTo: 10,
    leaves: 3,
  },
];
