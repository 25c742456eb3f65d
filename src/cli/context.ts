/** What every command has at hand, and the options that commands share. */

import { type Command, InvalidArgumentError, Option } from "commander";
import { parseFilter } from "../model/filter.ts";
import { formatRate, parseDuration } from "../model/format.ts";
import type { Monitauri } from "../model/monitauri.ts";
import { formatBitRate } from "../model/rate.ts";
import { createRedactor } from "../model/redact.ts";
import { connectDaemon } from "./connect.ts";
import type { CliHost } from "./host.ts";
import type { Terminal } from "./terminal.ts";

export interface CommandContext {
  readonly host: CliHost;
  readonly terminal: Terminal;
  exitCode: number;
}

export interface DataOptions {
  readonly data?: string;
  /** Without names of people, hosts and places. */
  readonly redact?: boolean;
}

export interface JsonOptions extends DataOptions {
  readonly json?: boolean;
}

export interface ReadOptions extends JsonOptions {
  /** Milliseconds between two answers; true: as usual. */
  readonly watch?: number | true;
}

export interface RateOptions {
  readonly bytes?: boolean;
}

export interface ListOptions extends ReadOptions {
  readonly filter?: string;
  readonly sort?: string;
  readonly reverse?: boolean;
  readonly limit?: number;
}

/** More often asks for the same sample again. */
const SHORTEST_WATCH_MS = 100;
const LONGEST_WATCH_MS = 24 * 3_600_000;

/** A command that asks the daemon. */
export function readCommand(program: Command, name: string, description: string): Command {
  return redactOption(dataCommand(program, name, description))
    .option("--json", "print JSON with stable fields; with --watch one document a line")
    .option("-w, --watch [interval]", "show it again every 2s, or as often as you say", readWatch);
}

/** For a picture, a report or a file that others see. */
export function redactOption(command: Command): Command {
  return command.option("--redact", "other names for hosts, addresses, users, homes, containers");
}

export function dataCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("--data <folder>", "the daemon's data folder (also MONITAURI_DATA)");
}

export interface ListForm {
  readonly sorts: readonly string[];
  readonly mostRows: number;
}

/** Adds a filter as arguments, an order and a number of rows. */
export function listCommand(command: Command, { sorts, mostRows }: ListForm): Command {
  return command
    .argument("[filter...]", "show only what fits, as app:firefox rate:>1mbit")
    .option("--filter <expression>", "the same as an option")
    .addOption(new Option("-s, --sort <key>", "what to sort by").choices(sorts))
    .option("-r, --reverse", "the other way round")
    .option("-n, --limit <number>", "at most this many rows", (text) => readLimit(text, mostRows));
}

export function rateOptions(command: Command): Command {
  return command
    .option("--bits", "rates in bits a second, as network people count (the default)")
    .option("--bytes", "rates in bytes a second, as volumes are");
}

/** How rates are written. */
export function rateFormat({ bytes = false }: RateOptions): (bytesPerSecond: number) => string {
  return bytes ? formatRate : formatBitRate;
}

/** Words and --filter together; undefined: none. @throws MonitauriError "invalid" */
export function filterOf(words: readonly string[], { filter }: ListOptions): string | undefined {
  const expression = [...words, filter ?? ""].join(" ").trim();
  if (expression === "") return undefined;
  parseFilter(expression);
  return expression;
}

export function daemonOf(
  { host }: CommandContext,
  { data, redact = false }: DataOptions,
): Monitauri {
  return connectDaemon(host.sockets(data), redact ? createRedactor() : undefined);
}

function readWatch(text: string): number {
  const everyMs = parseDuration(text) ?? (/^\d+$/.test(text) ? Number(text) * 1000 : Number.NaN);
  if (everyMs >= SHORTEST_WATCH_MS && everyMs <= LONGEST_WATCH_MS) return everyMs;
  throw new InvalidArgumentError(
    "Give a time as 1s, 500ms or 5min. (A filter stands before --watch, or after --watch=2s.)",
  );
}

function readLimit(text: string, most: number): number {
  const limit = Number(text);
  if (/^\d+$/.test(text) && limit >= 1 && limit <= most) return limit;
  throw new InvalidArgumentError(`Give a number from 1 to ${most}.`);
}
