// `history` and `export` in this process: the commands' own code asks the real API on a real socket, which asks a real
// store. The clock and its zone are the test's, for the commands and the store alike.
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { mock } from "node:test";
import { Command } from "commander";
import { listenOnSocket } from "../src/api/listen.ts";
import { createApp } from "../src/api/routes.ts";
import { addExport } from "../src/cli/commands/export.ts";
import { addHistory } from "../src/cli/commands/history.ts";
import type { CommandContext } from "../src/cli/context.ts";
import type { ShownAnswer } from "../src/cli/history-lines.ts";
import type { CliHost } from "../src/cli/host.ts";
import { createMonitauri, type MonitauriParts } from "../src/daemon/monitauri.ts";
import type { ExportQuery, HistoryQuery } from "../src/model/history.ts";
import { type HistoryStore, openHistoryStore } from "../src/store/open.ts";

export interface PastCommands extends AsyncDisposable {
  readonly store: HistoryStore;
  /** What `history` prints. @throws what the command throws. */
  text(...words: string[]): Promise<string>;
  /** What `history --json` prints. */
  answer(...words: string[]): Promise<ShownAnswer>;
  /** The file that `export` writes. */
  exported(...words: string[]): Promise<Buffer>;
}

export interface PastOptions {
  /** Of the commands and of the days in the store. */
  readonly zone: string;
  /** Local time of that zone, as the commands' clock shows it. */
  readonly now: string;
  /** So long ago Monitauri was started. */
  readonly days: number;
  /** Writes what there is. */
  fill(store: HistoryStore, times: { readonly fromMs: number; readonly nowMs: number }): void;
}

export async function openPastCommands(options: PastOptions): Promise<PastCommands> {
  const { zone, now, days, fill } = options;
  const before = process.env.TZ;
  process.env.TZ = zone;
  const nowMs = new Date(now).getTime();
  mock.timers.enable({ apis: ["Date"], now: nowMs });
  // Each tick is synced to the disk: in memory that takes no time, and nothing here is about disks.
  const folder = mkdtempSync(
    join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "monitauri-past-"),
  );
  const fromMs = nowMs - days * 86_400_000;
  let clockMs = fromMs;
  const store = openHistoryStore({
    path: join(folder, "history.db"),
    version: "1.0.0",
    now: () => clockMs,
    zone,
  });
  const append: HistoryStore["append"] = (tick, lost) => {
    clockMs = tick.atMs;
    store.append(tick, lost);
  };
  fill({ ...store, append }, { fromMs, nowMs });
  clockMs = nowMs;
  const socket = join(folder, "daemon.sock");
  const monitauri = createMonitauri({
    history: partOf(store),
    alerts: {},
  } as unknown as MonitauriParts);
  const app = createApp(monitauri, {
    version: "1.0.0",
    onBug(error) {
      throw error;
    },
  });
  const listener = await listenOnSocket((asked) => app.fetch(asked), {
    path: socket,
    gid: undefined,
  });
  const run = async (words: readonly string[]): Promise<string> => {
    const printed: string[] = [];
    const context: CommandContext = {
      host: { sockets: () => [socket] } as unknown as CliHost,
      terminal: {
        columns: undefined,
        rows: undefined,
        paint: (_, text) => text,
        print: (text) => void printed.push(text),
        redraw() {},
      },
      exitCode: 0,
    };
    const program = new Command().exitOverride().configureOutput({ writeErr() {} });
    addHistory(program, context);
    addExport(program, context);
    await program.parseAsync([...words], { from: "user" });
    return printed.join("\n");
  };
  return {
    store,
    text: (...words) => run(["history", ...words]),
    answer: async (...words) => JSON.parse(await run(["history", ...words, "--json"])),
    async exported(...words) {
      const file = join(folder, "rows");
      await run(["export", ...words, "--output", file]);
      return readFileSync(file);
    },
    async [Symbol.asyncDispose]() {
      await listener[Symbol.asyncDispose]();
      store.close();
      rmSync(folder, { recursive: true });
      mock.timers.reset();
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    },
  };
}

/** The history thread's answers, without the thread. */
function partOf(store: HistoryStore) {
  return {
    state: () => store.state(),
    async ask(topic: string, what: unknown) {
      if (topic === "query") return store.query(what as HistoryQuery);
      const { query, cursor } = what as { query: ExportQuery; cursor: string | null };
      return store.exportPart(query, cursor);
    },
  };
}
