/** `monitauri` alone: what it is, whether it runs, and what to do next. */

import type { Command } from "commander";
import { MonitauriError } from "../../model/error.ts";
import { formatDuration } from "../../model/format.ts";
import { formatBitRate } from "../../model/rate.ts";
import { type CommandContext, daemonOf } from "../context.ts";

export async function showOverview(program: Command, context: CommandContext): Promise<void> {
  const { terminal } = context;
  terminal.print(program.description());
  terminal.print("");
  for (const line of await state(context)) terminal.print(line);
  terminal.print(MORE);
}

async function state(context: CommandContext): Promise<string[]> {
  try {
    const { startedAtMs, atMs, privileged, rxBytesPerSecond, txBytesPerSecond } = await daemonOf(
      context,
      {},
    ).status();
    const how = privileged ? "" : ", without root: it sees less (monitauri doctor)";
    return [
      `It runs since ${formatDuration(atMs - startedAtMs)}${how}. Now ${formatBitRate(rxBytesPerSecond)} down, ${formatBitRate(txBytesPerSecond)} up.`,
      "",
      "Next:",
      "  monitauri top        watch it live",
      "  monitauri ps         who uses the network",
      "  monitauri open       the page in a browser",
    ];
  } catch (error) {
    if (!(error instanceof MonitauriError)) throw error;
    if (error.code === "forbidden") return [error.message];
    if (error.code !== "unreachable") throw error;
    return [
      "It does not run.",
      "",
      "Next:",
      "  sudo monitauri start (in a checkout: sudo npm start)",
    ];
  }
}

const MORE = `
All commands: monitauri --help`;
