/** `top`: the live screen. */

import type { Command } from "commander";
import { MonitauriError } from "../../model/error.ts";
import {
  type CommandContext,
  type DataOptions,
  daemonOf,
  dataCommand,
  filterOf,
  type RateOptions,
  rateOptions,
  redactOption,
} from "../context.ts";

type TopChoices = DataOptions & RateOptions & { readonly filter?: string };

export function addTop(program: Command, context: CommandContext): void {
  const command = redactOption(
    dataCommand(program, "top", "live screen: who uses the network now"),
  );
  rateOptions(command)
    .argument("[filter...]", "show only what fits, as app:firefox rate:>1mbit")
    .option("--filter <expression>", "the same as an option")
    .addHelpText("after", HELP)
    .action(async (words: string[], options: TopChoices) => {
      const { stdin, stdout, env } = process;
      if (!stdin.isTTY || !stdout.isTTY || env.TERM === "dumb") {
        throw new MonitauriError(
          "unsupported",
          "Cannot show the live screen: this is no terminal that can draw it. Use: monitauri ps --watch",
        );
      }
      const filter = filterOf(words, options) ?? "";
      const daemon = daemonOf(context, options);
      // Before the screen changes: whoever has no daemon wants to read that.
      await daemon.status();
      const { runTop } = await import("../top/run.ts");
      context.exitCode = await runTop(daemon, { bytes: options.bytes ?? false, filter });
    });
}

const HELP = `
Keys: 1 2 3 or Tab for applications, processes, connections; Enter looks into one, Esc goes back; d u t n sort by
download, upload, total, name; / filters; i changes the network; b bits or bytes; Space pauses; ? help; q quits.

Examples:
  monitauri top
  monitauri top user:ada
  ssh -t host monitauri top      on another machine`;
