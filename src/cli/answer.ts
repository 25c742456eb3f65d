/** Asks the daemon and shows the answer: as text or JSON, once or again and again. */

import { setTimeout as sleep } from "node:timers/promises";
import type { CommandContext, ReadOptions } from "./context.ts";

/** What a command shows: how to get it, and its lines. */
export interface Reading<Answer> {
  ask(): Promise<Answer>;
  lines(answer: Answer): readonly string[];
}

const EVERY_MS = 2_000;

/** With --watch until the command is ended. */
export async function show<Answer>(
  context: CommandContext,
  { json = false, watch }: ReadOptions,
  { ask, lines }: Reading<Answer>,
): Promise<void> {
  const { terminal } = context;
  if (watch === undefined) {
    const answer = await ask();
    terminal.print(json ? JSON.stringify(answer, null, 2) : lines(answer).join("\n"));
    return;
  }
  const everyMs = typeof watch === "number" ? watch : EVERY_MS;
  for (let dueMs = performance.now(); ; dueMs = Math.max(dueMs + everyMs, performance.now())) {
    await sleep(Math.max(0, dueMs - performance.now()));
    const answer = await ask();
    if (json) terminal.print(JSON.stringify(answer));
    else if (terminal.columns === undefined) terminal.print(block(lines(answer)));
    else terminal.redraw(lines(answer));
  }
}

/** For a file: when it was, and what. */
function block(lines: readonly string[]): string {
  return [clock(Date.now()), ...lines, ""].join("\n");
}

/** Local time, as a clock on the wall shows it: "2026-11-23 11:04:48". */
export function clock(atMs: number): string {
  return new Date(atMs).toLocaleString("sv-SE");
}
