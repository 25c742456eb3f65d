/** The configuration: what may stand in config.toml, its defaults and its bounds. */

import { z } from "zod";
import { MonitauriError } from "./error.ts";
import { formatDuration, parseDuration } from "./format.ts";
import { type CsvLogSettings, DEFAULT_HISTORY_SETTINGS, type HistorySettings } from "./history.ts";
import { HISTORY_BOUNDS } from "./history-bounds.ts";

export const LOG_LEVELS = ["error", "warn", "info", "debug"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const MIN_INTERVAL_MS = 100;
export const MAX_INTERVAL_MS = 60_000;

export const REVERSE_DNS = ["off", "public", "all"] as const;

export interface Config {
  /** Time from one sample to the next. */
  readonly intervalMs: number;
  readonly logLevel: LogLevel;
  /** Serve the page, on this machine only. */
  readonly page: boolean;
  /** Port of the page; undefined: the usual one, or one of those after it. 0: any that is free. */
  readonly port: number | undefined;
  /** Read names and protocols from the first packets of connections. */
  readonly names: boolean;
  /** Ask name servers for the names of remote addresses that have none: of none, of public ones, of all. */
  readonly reverseDns: (typeof REVERSE_DNS)[number];
  /** Another file of countries and networks than the one that comes along; scripts/build-networks.mjs makes one. */
  readonly networks: string | undefined;
  /** Keep what happened. */
  readonly history: boolean;
  /** For how long, and how much of it. */
  readonly historyKeep: HistorySettings;
  /** Whom the commands of alert channels may run as besides "nobody": who may set channels is not therefore them. */
  readonly alertCommandUsers: readonly string[];
  /** Plain files beside it; undefined: none. */
  readonly csvLog: CsvLogConfig | undefined;
}

/** Where not given, the folder is "csv" in the data folder. */
export type CsvLogConfig = Omit<CsvLogSettings, "folder"> & {
  readonly folder?: string | undefined;
};

const intervalMs = z.int().min(MIN_INTERVAL_MS).max(MAX_INTERVAL_MS);

const { secondHours, minuteDays, hourDays, dayDays, remotes, remoteDays, maxBytes } =
  HISTORY_BOUNDS;
const historyKeep = z.strictObject({
  secondHours: secondHours.default(DEFAULT_HISTORY_SETTINGS.secondHours),
  minuteDays: minuteDays.default(DEFAULT_HISTORY_SETTINGS.minuteDays),
  hourDays: hourDays.default(DEFAULT_HISTORY_SETTINGS.hourDays),
  // Where not given: for ever.
  dayDays: dayDays.optional().transform((days) => days ?? null),
  remotes: remotes.default(DEFAULT_HISTORY_SETTINGS.remotes),
  remoteDays: remoteDays.optional().transform((days) => days ?? null),
  maxBytes: maxBytes.default(DEFAULT_HISTORY_SETTINGS.maxBytes),
});

const csvLog = z.strictObject({
  folder: z
    .string()
    .max(4096)
    .startsWith("/", { error: "give a path that begins with /" })
    .optional(),
  keepDays: z.int().min(1).max(3_660).default(31),
  maxBytes: maxBytes.default(2 ** 30),
});

const configSchema = z.strictObject({
  intervalMs: intervalMs.default(1000),
  logLevel: z.enum(LOG_LEVELS).default("info"),
  page: z.boolean().default(true),
  port: z.int().min(0).max(65_535).optional(),
  names: z.boolean().default(true),
  reverseDns: z.enum(REVERSE_DNS).default("off"),
  networks: z.string().min(1).max(4096).optional(),
  history: z.boolean().default(true),
  historyKeep: historyKeep.prefault({}),
  alertCommandUsers: z.array(z.string().min(1).max(64)).max(100).default([]),
  csvLog: csvLog.optional(),
});

/** @throws MonitauriError "invalid" that names every wrong entry; unknown entries are wrong, they may be misspelt. */
export function parseConfig(value: unknown): Config {
  const parsed = configSchema.safeParse(value);
  if (parsed.success)
    return { port: undefined, networks: undefined, csvLog: undefined, ...parsed.data };
  throw new MonitauriError("invalid", parsed.error.issues.map(sayIssue).join("; "));
}

/** "1s" or "500ms" in milliseconds. @throws MonitauriError "invalid" where it is no duration or out of bounds. */
export function parseInterval(text: string): number {
  const value = parseDuration(text);
  if (value !== undefined && intervalMs.safeParse(value).success) return value;
  throw new MonitauriError(
    "invalid",
    `"${text}" is no interval between ${formatDuration(MIN_INTERVAL_MS)} and ` +
      `${formatDuration(MAX_INTERVAL_MS)}; write 1s or 500ms`,
  );
}

function sayIssue(issue: z.core.$ZodIssue): string {
  if (issue.code === "unrecognized_keys") {
    const at = issue.path.join(".");
    const { shape } = { historyKeep, csvLog }[at] ?? configSchema;
    const known = Object.keys(shape);
    return `${at === "" ? "" : `${at}: `}unknown: ${issue.keys.join(", ")} (known: ${known.join(", ")})`;
  }
  return issue.path.length === 0 ? issue.message : `${issue.path.join(".")}: ${issue.message}`;
}
