/** `connections`: who talks to whom, the busiest first. */

import type { Command } from "commander";
import { formatBytes } from "../../model/format.ts";
import type { ConnectionList, ConnectionOrder, ConnectionsQuery } from "../../model/monitauri.ts";
import type { Connection } from "../../model/sample.ts";
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
import { endpoint } from "../endpoint.ts";
import { otherEnd, placeText, spokenText } from "../other-end.ts";
import { roundTrip } from "../round-trip.ts";
import { type Column, formatTable } from "../table.ts";
import { safe } from "../terminal.ts";

/** What the daemon returns at most. */
const MOST_ROWS = 10_000;

const SORTS: Readonly<Record<string, ConnectionOrder>> = {
  rate: "rate",
  down: "rx",
  up: "tx",
  "total-down": "rxTotal",
  "total-up": "txTotal",
  application: "application",
  remote: "remote",
  local: "local",
  state: "state",
  opened: "opened",
  rtt: "rtt",
  retransmits: "retransmits",
};

type ConnectionsOptions = ListOptions & RateOptions & { readonly numeric?: boolean };

export function addConnections(program: Command, context: CommandContext): void {
  const command = readCommand(program, "connections", "connections with their program and traffic");
  listCommand(command, { sorts: Object.keys(SORTS), mostRows: MOST_ROWS });
  rateOptions(command)
    .option("-N, --numeric", "addresses instead of names")
    .addHelpText("after", HELP)
    .action(async (words: string[], options: ConnectionsOptions) => {
      const query = queryOf(words, options);
      const daemon = daemonOf(context, options);
      await show(context, options, {
        ask: () => daemon.connections(query),
        lines: (list) => linesOf(list, options, context),
      });
    });
}

const HELP = `
DOWN/S and UP/S are bits a second (--bytes: bytes), DOWN and UP bytes since the connection was first seen.
REMOTE is the name that the program asked for, where it was seen ("~": it may cover another site, with Encrypted Client
Hello), PROTO what is spoken ("?": guessed from the port), PLACE the country or the kind of network.

Examples:
  monitauri connections --limit 20                    the 20 busiest
  monitauri connections app:ssh                       those of one program
  monitauri connections port:443 remote:10.0.0.0/8    to a network, on a port
  monitauri connections country:US -org:google        by where the other end is
  monitauri connections --sort rtt --watch 1s         the slowest answers, every second
  monitauri connections --json | jq -r '.connections[].remoteAddress'

Filters: "monitauri help filters".`;

function queryOf(words: readonly string[], options: ConnectionsOptions): ConnectionsQuery {
  const { limit, reverse } = options;
  const filter = filterOf(words, options);
  const sort = options.sort === undefined ? undefined : SORTS[options.sort];
  return {
    ...(limit === undefined ? {} : { limit }),
    ...(filter === undefined ? {} : { filter }),
    ...(sort === undefined ? {} : { sort }),
    ...(reverse === undefined ? {} : { reverse }),
  };
}

function linesOf(
  { connections, count, total }: ConnectionList,
  options: ConnectionsOptions,
  { terminal }: CommandContext,
): string[] {
  if (total === 0) return ["There are no connections."];
  if (count === 0) return [`None of ${total} connections fits.`];
  const table = formatTable(connections, columnsFor(options), terminal.columns);
  const [titles = "", ...lines] = table;
  const rest =
    count > connections.length
      ? [terminal.paint("dim", `${connections.length} of ${count} connections.`)]
      : [];
  return [terminal.paint("bold", titles), ...lines, ...rest];
}

function columnsFor(options: ConnectionsOptions): readonly Column<Connection>[] {
  const rate = rateFormat(options);
  return [
    { title: "PROTO", align: "left", text: spokenText, shrinksTo: 5, leaves: 6 },
    {
      title: "LOCAL",
      align: "left",
      text: (c) => endpoint(c.localAddress, c.localPort),
      shrinksTo: 12,
      leaves: 5,
    },
    {
      title: "REMOTE",
      align: "left",
      text: (c) => otherEnd(c, options),
      shrinksTo: 12,
    },
    { title: "PLACE", align: "left", text: placeText, shrinksTo: 5, leaves: 9 },
    {
      title: "STATE",
      align: "left",
      text: ({ state }) => safe(state ?? "-"),
      shrinksTo: 5,
      leaves: 7,
    },
    {
      title: "APPLICATION",
      align: "left",
      text: ({ application }) => safe(application),
      shrinksTo: 10,
    },
    {
      title: "PID",
      align: "right",
      text: ({ pid }) => (pid === undefined ? "-" : String(pid)),
      leaves: 4,
    },
    { title: "DOWN/S", align: "right", text: (c) => rate(c.rxBytesPerSecond) },
    { title: "UP/S", align: "right", text: (c) => rate(c.txBytesPerSecond) },
    { title: "DOWN", align: "right", text: ({ total }) => formatBytes(total.rxBytes), leaves: 3 },
    { title: "UP", align: "right", text: ({ total }) => formatBytes(total.txBytes), leaves: 3 },
    {
      title: "RTT",
      align: "right",
      text: ({ rttMs }) => roundTrip(rttMs),
      leaves: 8,
    },
  ];
}
