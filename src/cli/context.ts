/** What every command has at hand, and the options that commands share. */

import type { Command } from "commander";
import type { Monitauri } from "../model/monitauri.ts";
import { connectDaemon } from "./connect.ts";
import type { CliHost } from "./host.ts";
import type { Terminal } from "./terminal.ts";

export interface CommandContext {
  readonly host: CliHost;
  readonly terminal: Terminal;
  exitCode: number;
}

export interface ReadOptions {
  readonly data?: string;
  readonly json?: boolean;
}

/** A command that asks the daemon. */
export function readCommand(program: Command, name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .option("--json", "print JSON with stable fields")
    .option("--data <folder>", "the daemon's data folder (also MONITAURI_DATA)");
}

export function daemonOf({ host }: CommandContext, { data }: ReadOptions): Monitauri {
  return connectDaemon(host.sockets(data));
}

export function printJson({ terminal }: CommandContext, value: unknown): void {
  terminal.print(JSON.stringify(value, null, 2));
}
