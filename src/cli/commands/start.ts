/** `start`: the daemon in the foreground. */

import { type Command, InvalidArgumentError } from "commander";
import type { CommandContext } from "../context.ts";

interface StartOptions {
  readonly data?: string;
  readonly interval?: string;
  readonly port?: number;
  readonly open: boolean;
}

export function addStart(program: Command, context: CommandContext): void {
  program
    .command("start")
    .description("count in the foreground, until Ctrl-C")
    .option("--port <number>", "the page's port (a free one from 0)", readPort)
    .option("--no-open", "do not open the page in a browser")
    .option(
      "--data <folder>",
      "keep data, socket and configuration in this folder (also MONITAURI_DATA)",
    )
    .option("--interval <time>", "time between two samples, as 1s or 500ms (default: 1s)")
    .addHelpText("after", HELP)
    .action(async ({ data, interval, port, open }: StartOptions, command: Command) => {
      const intervalMs = interval === undefined ? undefined : await readInterval(interval, command);
      context.exitCode = await context.host.start({ data, intervalMs, port, open });
    });
}

const HELP = `
Prints the page's address and opens it in the browser of whoever started it, if there is a display. As root the
kernel counts every byte of every program; without root it shows less and says what.

Examples:
  sudo monitauri start                     count everything, until Ctrl-C
  sudo monitauri start --no-open --port 7000
  sudo monitauri start --interval 500ms
  monitauri start --data ./mine            one of your own, beside others`;

const HIGHEST_PORT = 65_535;

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= HIGHEST_PORT) return port;
  throw new InvalidArgumentError(`Give a number from 0 to ${HIGHEST_PORT}.`);
}

async function readInterval(text: string, command: Command): Promise<number> {
  // Loaded here: the validation library would cost the other commands a third of their time.
  const { parseInterval } = await import("../../model/config.ts");
  try {
    return parseInterval(text);
  } catch (error) {
    return command.error(`error: option '--interval <time>': ${(error as Error).message}.`, {
      code: new InvalidArgumentError("").code,
    });
  }
}
