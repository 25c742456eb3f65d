/** `export`: the history as it is stored, of any size, for other programs. */

import { once } from "node:events";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { type Command, Option } from "commander";
import { MonitauriError } from "../../model/error.ts";
import {
  EXPORT_FORMATS,
  EXPORT_KINDS,
  type ExportFormat,
  type ExportKind,
  HISTORY_LEVELS,
  type HistoryLevel,
  PARQUET,
} from "../../model/history.ts";
import {
  type CommandContext,
  type DataOptions,
  daemonOf,
  dataCommand,
  redactOption,
} from "../context.ts";
import { createExportProgress } from "../export-progress.ts";
import { type FilterOptions, filterFor, filterOptions, scopeOf } from "../history-filter.ts";
import { choosePeriod, PERIOD_WORDS, type PeriodOptions, periodOptions } from "../period.ts";
import { safe } from "../terminal.ts";

interface ExportOptions extends DataOptions, PeriodOptions, FilterOptions {
  readonly format: ExportFormat | typeof PARQUET;
  readonly level: HistoryLevel;
  readonly by?: ExportKind;
  readonly output?: string;
}

export function addExport(program: Command, context: CommandContext): void {
  const command = redactOption(
    dataCommand(program, "export", "the history as CSV, JSON lines or Parquet"),
  )
    .argument("[period]", `${PERIOD_WORDS.join(", ")} (default: the last 30 days)`)
    .addOption(
      new Option("--format <format>", "how").choices([...EXPORT_FORMATS, PARQUET]).default("csv"),
    )
    .addOption(new Option("--level <level>", "how fine").choices(HISTORY_LEVELS).default("minute"))
    .addOption(
      new Option(
        "--by <kind>",
        "what a row is (default: service, or process with --process)",
      ).choices(EXPORT_KINDS),
    )
    .option("-o, --output <file>", "into this file, which is whole or not there (default: stdout)");
  filterOptions(periodOptions(command))
    .addHelpText("after", HELP)
    .action(async (word: string | undefined, options: ExportOptions) => {
      const { level, by, format, output } = options;
      const { fromMs, toMs } = choosePeriod(word, options, {
        nowMs: Date.now(),
        otherwise: { last: "30d" },
      });
      const daemon = daemonOf(context, options);
      const filter = await filterFor(daemon, options, { fromMs, toMs });
      if (format === PARQUET && output === undefined && process.stdout.isTTY) {
        const remedy = "Give a file with --output, or write into a program";
        throw new MonitauriError("invalid", `Cannot show Parquet in a terminal. ${remedy}`);
      }
      // All that is stored, unless a part is asked for.
      const traffic = options.scope === undefined ? undefined : scopeOf(options).traffic;
      const query = {
        fromMs,
        toMs,
        level,
        ...(by === undefined ? {} : { by }),
        ...(traffic === undefined ? {} : { traffic }),
        ...(filter === undefined ? {} : { filter }),
      };
      const pieces: AsyncIterable<string | Uint8Array> =
        format === PARQUET
          ? daemon.exportParquet(query)
          : daemon.exportHistory({ ...query, format });
      using progress = createExportProgress({ fromMs, toMs }, output !== undefined);
      if (output === undefined) await writeAll(pieces, process.stdout, progress.add);
      else await writeFile(pieces, output, progress.add);
    });
}

const HELP = `
Minutes, hours and days have the remote host, port, protocol, direction, scope, user, container and country; seconds
have applications and interfaces only. With --by process minutes (of the last week) and hours have the process instead; a
row without one is what no process explains of its application. Times are UTC. What never left the machine is among
the rows; --scope networks leaves it out. An export of a damaged connection ends with an error, never with fewer rows.

Examples:
  monitauri export --output history.csv
  monitauri export --level day --last 365d > days.csv
  monitauri export --format jsonl --app firefox yesterday | jq .remote
  monitauri export --level second --last 10min
  monitauri export --by process --level hour --scope networks week
  monitauri export --format parquet --last 365d --level hour --output year.parquet`;

type Told = (piece: string | Uint8Array) => void;

async function writeAll(
  pieces: AsyncIterable<string | Uint8Array>,
  stream: NodeJS.WriteStream,
  told: Told,
): Promise<void> {
  for await (const piece of pieces) {
    const shown = stream.isTTY && typeof piece === "string" ? harmless(piece) : piece;
    if (!stream.write(shown)) await once(stream, "drain");
    told(piece);
  }
}

/** A terminal obeys what a hostile name may hold; a file gets it as it is. */
function harmless(text: string): string {
  return text.split(/\r?\n/).map(safe).join("\n");
}

async function writeFile(
  pieces: AsyncIterable<string | Uint8Array>,
  path: string,
  told: Told,
): Promise<void> {
  const part = `${path}.part`;
  // It says what everybody on this machine did.
  const file = await attempt(path, () => open(part, "w", 0o600));
  try {
    for await (const piece of pieces) {
      await attempt(path, () => file.writeFile(piece));
      told(piece);
    }
    await attempt(path, () => finish(file, part, path));
  } catch (error) {
    await file.close();
    await rm(part, { force: true });
    throw error;
  }
}

async function finish(file: FileHandle, part: string, path: string): Promise<void> {
  await file.sync();
  await rename(part, path);
  await file.close();
}

async function attempt<T>(path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new MonitauriError("failed", `Cannot write ${path}: ${reason}`, { cause });
  }
}
