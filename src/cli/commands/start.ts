/** `start`: the daemon in the foreground. */

import { type Command, InvalidArgumentError } from "commander";
import type { CommandContext } from "../context.ts";

interface StartOptions {
  readonly data?: string;
  readonly interval?: string;
}

export function addStart(program: Command, context: CommandContext): void {
  program
    .command("start")
    .description("count in the foreground, until Ctrl-C")
    .option(
      "--data <folder>",
      "keep data, socket and configuration in this folder (also MONITAURI_DATA)",
    )
    .option("--interval <time>", "time between two samples, as 1s or 500ms (default: 1s)")
    .addHelpText(
      "after",
      "\nExamples:\n  sudo monitauri start\n  sudo monitauri start --interval 500ms\n  monitauri start --data ./mine",
    )
    .action(async ({ data, interval }: StartOptions, command: Command) => {
      const intervalMs = interval === undefined ? undefined : await readInterval(interval, command);
      context.exitCode = await context.host.start({ data, intervalMs });
    });
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
