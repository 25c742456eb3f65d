/** `open`: a way into the page, in a browser or as an address to copy. */

import type { Command } from "commander";
import { formatDuration } from "../../model/format.ts";
import { type CommandContext, type DataOptions, daemonOf, dataCommand } from "../context.ts";

interface OpenOptions extends DataOptions {
  readonly print?: boolean;
}

export function addOpen(program: Command, context: CommandContext): void {
  dataCommand(program, "open", "open the page in a browser")
    .option("--print", "only print the address")
    .addHelpText("after", HELP)
    .action(async (options: OpenOptions) => {
      const { terminal, host } = context;
      const { url, expiresAtMs } = await daemonOf(context, options).invite();
      terminal.print(url);
      if (options.print) return;
      const opened = await host.openBrowser(url);
      const leftMs = expiresAtMs - Date.now();
      process.stderr.write(
        opened
          ? "Opened in your browser.\n"
          : `There is no display to open a browser on. Open the address within ${formatDuration(leftMs)}, or ask for a new one.\n`,
      );
    });
}

const HELP = `
The address works once and for a short time: whoever has it sees what the daemon sees. As root the browser is that
of the user who called sudo; without a display the address is printed.

Examples:
  monitauri open
  monitauri open --print
  ssh -L 8473:127.0.0.1:8473 host monitauri open --print     a page on another machine`;
