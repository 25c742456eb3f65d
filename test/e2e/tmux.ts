// A real terminal for tests: tmux draws what a program writes, and says what a person would see.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd, host, runSync } from "./generators/place.ts";
import { until } from "./real-daemon.ts";

export interface TmuxOptions {
  columns: number;
  rows: number;
  env?: Record<string, string>;
}

export interface Tmux extends AsyncDisposable {
  /** What is seen, without blanks at the ends of lines. */
  screen(): Promise<string[]>;
  /** Resolves to the screen when it has all of this. @throws with the screen when it does not come. */
  shows(...patterns: readonly RegExp[]): Promise<string[]>;
  /** Text as it is typed, or names as tmux has them: "Enter", "C-c". */
  type(...keys: readonly string[]): Promise<void>;
  resize(size: { columns: number; rows: number }): Promise<void>;
}

/** What is missing here, as a sentence; undefined: nothing. */
export async function whyNoTmux(): Promise<string | undefined> {
  try {
    await host.exec("tmux", ["-V"]);
    return undefined;
  } catch {
    return "not installed: tmux";
  }
}

/** A shell that has cleared its screen. */
export async function openTmux({ columns, rows, env = {} }: TmuxOptions): Promise<Tmux> {
  const folder = mkdtempSync(join(tmpdir(), "monitauri-tmux-"));
  const server = ["-u", "-f", "/dev/null", "-S", join(folder, "socket")];
  const tmux = (...args: string[]) => host.exec("tmux", [...server, ...args]);
  const variables = Object.entries({ LC_ALL: "C.UTF-8", ...env });
  await tmux(
    ...["new-session", "-d", "-x", String(columns), "-y", String(rows)],
    ...variables.flatMap(([name, value]) => ["-e", `${name}=${value}`]),
    "sh",
  );
  const release = atEnd(() => runSync("tmux", [...server, "kill-server"]));
  const screen = async () =>
    (await tmux("capture-pane", "-p")).split("\n").map((line) => line.trimEnd());
  const terminal: Tmux = {
    screen,
    async shows(...patterns) {
      let seen: string[] = [];
      const found = await until(async () => {
        seen = await screen();
        return patterns.every((pattern) => pattern.test(seen.join("\n")));
      });
      if (!found) throw new Error(`The screen does not show ${patterns}:\n${seen.join("\n")}`);
      return seen;
    },
    async type(...keys) {
      await tmux("send-keys", ...keys);
    },
    async resize({ columns: x, rows: y }) {
      await tmux("resize-window", "-x", String(x), "-y", String(y));
    },
    async [Symbol.asyncDispose]() {
      release();
      await tmux("kill-server").catch(() => {});
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    // Root's shell takes no prompt from its environment.
    await terminal.shows(/\S/);
    await terminal.type("PS1='shell> '; clear", "Enter");
    await terminal.shows(/^shell>$/m);
    return terminal;
  } catch (error) {
    await terminal[Symbol.asyncDispose]();
    throw error;
  }
}
