/** `history`: what used the network in the past. */

import { type Command, InvalidArgumentError, Option } from "commander";
import { type CsvValue, csvRow } from "../../model/csv.ts";
import { MonitauriError } from "../../model/error.ts";
import { parseDuration } from "../../model/format.ts";
import {
  DEFAULT_TOP,
  HISTORY_GROUPINGS,
  type HistoryGrouping,
  type HistoryQuery,
  type HistoryState,
  type HistoryTraffic,
  MAX_TOP,
} from "../../model/history.ts";
import { show } from "../answer.ts";
import { type CommandContext, daemonOf, type ReadOptions, readCommand } from "../context.ts";
import { chartSteps } from "../history-chart.ts";
import { type FilterOptions, filterFor, filterOptions, scopeOf } from "../history-filter.ts";
import { historyLines, type ShownAnswer } from "../history-lines.ts";
import { choosePeriod, PERIOD_WORDS, type PeriodOptions, periodOptions } from "../period.ts";
import { safe } from "../terminal.ts";
import { isUnicode } from "../top/paint.ts";

interface HistoryOptions extends ReadOptions, PeriodOptions, FilterOptions {
  readonly by: HistoryGrouping;
  readonly top?: number;
  readonly step?: number | "auto";
  readonly compare?: boolean;
  readonly percentile?: boolean;
  readonly csv?: boolean;
}

export function addHistory(program: Command, context: CommandContext): void {
  const command = readCommand(program, "history", "what used the network in the past")
    .argument("[period]", `${PERIOD_WORDS.join(", ")} (default: today)`)
    .addOption(
      new Option("--by <kind>", "one row for each of these")
        .choices(HISTORY_GROUPINGS)
        .default("application"),
    )
    .option(
      "-n, --top <number>",
      `this many rows, the rest as one (default: ${DEFAULT_TOP})`,
      readTop,
    )
    .option("--compare", "with the same time of the day, week, month or cycle before")
    .option("--percentile", "also the 95th percentile of the rate, as some contracts count")
    .option(
      "--step <time>",
      "bars of this length, as 15min, 1h or 1d; also a series in --json",
      readStep,
    )
    .option("--csv", "print CSV: rows, or with --step the series");
  filterOptions(periodOptions(command))
    .addHelpText("after", HELP)
    .action(async (word: string | undefined, options: HistoryOptions) => {
      if (options.csv === true && (options.json === true || options.watch !== undefined)) {
        throw new MonitauriError("invalid", "Cannot print CSV with --json or --watch. Choose one");
      }
      await show(context, options, reading(context, word, options));
    });
}

const HELP = `
Days are those of this computer's clock. Shown is what crossed a network; what never left the machine is left out and
said below. --scope all adds it as LOOPBACK, --scope loopback shows it alone. With --by scope it is a row. SHARE is of
all that is asked for. "unknown" is what nobody told, and can be filtered: --country unknown.

Examples:
  monitauri history                                 who used the network today
  monitauri history --last 7d --by remote           the hosts of the last week
  monitauri history month --compare                 this month against the last one, up to the same time
  monitauri history --cycle-day 15                  this billing cycle
  monitauri history --from 2026-11-01 --to 2026-11-08 --app firefox --by remote
  monitauri history yesterday --by country --scope internet
  monitauri history --scope loopback --by process   who talks within this machine
  monitauri history --last 30d --step 1d --csv      a line a day, for a spreadsheet
  monitauri history --last 24h --json | jq .rows`;

function reading(context: CommandContext, word: string | undefined, options: HistoryOptions) {
  const { terminal } = context;
  const daemon = daemonOf(context, options);
  let state: HistoryState | undefined;
  let title = "";
  let isFiltered = false;
  let traffic: HistoryTraffic | undefined;
  return {
    async ask(): Promise<ShownAnswer> {
      const period = choosePeriod(word, options, { nowMs: Date.now(), otherwise: "today" });
      const filter = await filterFor(daemon, options, period);
      const { fromMs, toMs, before } = period;
      const asked = { fromMs, toMs, ...(filter === undefined ? {} : { filter }) };
      traffic = trafficOf(options);
      const steps = stepOf(options, toMs - fromMs, terminal.columns);
      const query: HistoryQuery = {
        ...asked,
        groupBy: options.by,
        ...(traffic === undefined ? {} : { traffic }),
        ...(options.top === undefined ? {} : { top: options.top }),
        ...(options.compare === true ? { before } : {}),
        ...(options.percentile === true ? { percentile: true } : {}),
        ...(steps === undefined ? {} : { stepMs: steps }),
      };
      const answer = await daemon.history(query);
      title = period.title;
      isFiltered = filter !== undefined;
      state = answer.rows.length === 0 ? await daemon.historyState() : undefined;
      if (traffic !== "networks" || options.scope !== undefined)
        return { ...answer, leftOut: null };
      const { total } = await daemon.history({ ...asked, traffic: "loopback" });
      return { ...answer, leftOut: { rxBytes: total.rxBytes, txBytes: total.txBytes } };
    },
    lines(answer: ShownAnswer): readonly string[] {
      if (options.csv === true) {
        const csv = options.step === undefined ? rowsCsv(answer) : seriesCsv(answer);
        return terminal.columns === undefined ? csv : csv.map(safe);
      }
      const ascii = !isUnicode(process.env);
      const { by } = options;
      return historyLines(answer, { title, by, traffic, isFiltered, ascii, state }, terminal);
    },
  };
}

/** Where networks are told apart loopback is one of them. */
function trafficOf(options: HistoryOptions): HistoryTraffic | undefined {
  const isApart = options.by === "scope" && options.scope === undefined;
  return isApart ? undefined : scopeOf(options).traffic;
}

/** Not asked for: as many as the terminal is wide, where a chart is drawn. */
function stepOf(
  { step, json, csv }: HistoryOptions,
  lengthMs: number,
  columns = 80,
): number | "auto" | undefined {
  if (step !== undefined) return step;
  return json === true || csv === true ? undefined : Math.ceil(lengthMs / chartSteps(columns));
}

function rowsCsv({ rows, others }: ShownAnswer): string[] {
  const titles = ["key", "name", "rx_bytes", "tx_bytes", "rx_loopback_bytes", "tx_loopback_bytes"];
  const more = ["connections_opened", "rx_bytes_before", "tx_bytes_before"];
  const all = others === null ? rows : [...rows, others];
  const lines = all.map((row): CsvValue[] => [
    row.key,
    row.name,
    row.rxBytes,
    row.txBytes,
    row.rxLoopbackBytes,
    row.txLoopbackBytes,
    row.connectionsOpened ?? "",
    row.before?.rxBytes ?? "",
    row.before?.txBytes ?? "",
  ]);
  return [csvRow([...titles, ...more]), ...lines.map(csvRow)];
}

function seriesCsv({ series }: ShownAnswer): string[] {
  const lines = (series?.startsMs ?? []).map((atMs, at): CsvValue[] => [
    new Date(atMs).toISOString(),
    series?.observedMs[at] ?? 0,
    series?.rxBytes[at] ?? 0,
    series?.txBytes[at] ?? 0,
  ]);
  return [csvRow(["from", "observed_ms", "rx_bytes", "tx_bytes"]), ...lines.map(csvRow)];
}

function readTop(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) >= 1 && Number(text) <= MAX_TOP) return Number(text);
  throw new InvalidArgumentError(`Give a number from 1 to ${MAX_TOP}.`);
}

function readStep(text: string): number | "auto" {
  if (text === "auto") return text;
  const stepMs = parseDuration(text);
  if (stepMs !== undefined && stepMs >= 1_000) return stepMs;
  throw new InvalidArgumentError("Give auto, or a time as 1min, 1h or 1d.");
}
