/** `connections`: who talks to whom, the busiest first. */

import { type Command, InvalidArgumentError } from "commander";
import { formatBytes, formatRate } from "../../model/format.ts";
import type { Connection } from "../../model/sample.ts";
import {
  type CommandContext,
  daemonOf,
  printJson,
  type ReadOptions,
  readCommand,
} from "../context.ts";
import { type Column, formatTable } from "../table.ts";
import { safe } from "../terminal.ts";

/** What the daemon returns at most. */
const MAX_LIMIT = 10_000;

interface ConnectionsOptions extends ReadOptions {
  readonly limit?: number;
}

export function addConnections(program: Command, context: CommandContext): void {
  readCommand(program, "connections", "connections with their program and traffic")
    .option(
      "--limit <number>",
      `at most this many rows, the busiest (default: ${MAX_LIMIT})`,
      readLimit,
    )
    .addHelpText(
      "after",
      "\nExamples:\n  monitauri connections --limit 20\n  monitauri connections --json | jq '.connections[].remoteAddress'",
    )
    .action(async ({ limit, ...options }: ConnectionsOptions) => {
      const query = limit === undefined ? {} : { limit };
      const list = await daemonOf(context, options).connections(query);
      if (options.json) printJson(context, list);
      else print(list.connections, list.count, context);
    });
}

function readLimit(text: string): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= MAX_LIMIT) return limit;
  throw new InvalidArgumentError(`Give a number from 1 to ${MAX_LIMIT}.`);
}

function print(
  connections: readonly Connection[],
  count: number,
  { terminal }: CommandContext,
): void {
  const [titles = "", ...lines] = formatTable(connections, COLUMNS, terminal.columns);
  terminal.print(terminal.paint("bold", titles));
  for (const line of lines) terminal.print(line);
  if (count === 0) terminal.print("There are no connections.");
  if (count > connections.length) {
    terminal.print(terminal.paint("dim", `${connections.length} of ${count} connections.`));
  }
}

const COLUMNS: readonly Column<Connection>[] = [
  { title: "PROTO", align: "left", text: ({ protocol }) => safe(protocol) },
  {
    title: "LOCAL",
    align: "left",
    text: (c) => endpoint(c.localAddress, c.localPort),
    shrinksTo: 12,
  },
  {
    title: "REMOTE",
    align: "left",
    text: (c) => endpoint(c.remoteAddress, c.remotePort),
    shrinksTo: 12,
  },
  { title: "STATE", align: "left", text: ({ state }) => safe(state ?? "-"), shrinksTo: 5 },
  {
    title: "APPLICATION",
    align: "left",
    text: ({ application }) => safe(application),
    shrinksTo: 10,
  },
  { title: "PID", align: "right", text: ({ pid }) => (pid === undefined ? "-" : String(pid)) },
  { title: "DOWN/S", align: "right", text: ({ rxBytesPerSecond }) => formatRate(rxBytesPerSecond) },
  { title: "UP/S", align: "right", text: ({ txBytesPerSecond }) => formatRate(txBytesPerSecond) },
  { title: "DOWN", align: "right", text: ({ total }) => formatBytes(total.rxBytes) },
  { title: "UP", align: "right", text: ({ total }) => formatBytes(total.txBytes) },
];

function endpoint(address: string | undefined, port: number | undefined): string {
  if (address === undefined) return "*";
  const host = address.includes(":") ? `[${safe(address)}]` : safe(address);
  return port ? `${host}:${port}` : host;
}
