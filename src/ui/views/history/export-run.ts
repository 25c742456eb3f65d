/** Streams the rows of an export into a file. */

import {
  EXPORT_FORMATS,
  EXPORT_KINDS,
  type ExportKind,
  type ExportQuery,
  HISTORY_LEVELS,
  type HistoryLevel,
  type HistoryState,
  PARQUET,
  type Period,
  PROCESS_GROUPINGS,
  PROCESS_MINUTE_DAYS,
} from "../../../model/history.ts";
import { clientUntil } from "../../store/live.ts";
import { openSink, type Piece } from "./export-file.ts";
import { progressIn } from "./export-progress.ts";
import { filterOf, type Step } from "./question.ts";
import type { Zone } from "./zone.ts";

export const FILE_FORMATS = [...EXPORT_FORMATS, PARQUET] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

export interface ExportWhat extends Pick<ExportQuery, "level" | "filter" | "traffic"> {
  readonly format: FileFormat;
  readonly by: ExportKind;
  readonly period: Period;
}

export interface Progress {
  readonly bytes: number;
  /** 0..1; undefined while it is not known. */
  readonly share: number | undefined;
}

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly name: string;
  readonly onProgress: (progress: Progress) => void;
}

const TYPES: Readonly<Record<FileFormat, string>> = {
  csv: "text/csv",
  jsonl: "application/x-ndjson",
  parquet: "application/vnd.apache.parquet",
};
/** What is written more often nobody can read. */
const SAID_EVERY_MS = 100;

/** undefined: no file was chosen. @throws what the daemon or the disk says; the file is gone then. */
export async function runExport(
  { period: { fromMs, toMs }, format, ...what }: ExportWhat,
  { signal, name, onProgress }: RunOptions,
): Promise<Progress | undefined> {
  const sink = await openSink({ name, type: TYPES[format] });
  if (sink === undefined) return undefined;
  let progress: Progress = { bytes: 0, share: undefined };
  let saidMs = Number.NEGATIVE_INFINITY;
  onProgress(progress);
  try {
    const query = { fromMs, toMs, ...what };
    const client = clientUntil(signal);
    const pieces =
      format === PARQUET ? client.exportParquet(query) : client.exportHistory({ ...query, format });
    for await (const piece of pieces) {
      signal.throwIfAborted();
      await sink.write(piece);
      progress = progressAfter(progress, piece, { fromMs, toMs });
      if (performance.now() - saidMs < SAID_EVERY_MS) continue;
      saidMs = performance.now();
      onProgress(progress);
    }
    signal.throwIfAborted();
    await sink.close();
    return progress;
  } catch (error) {
    await sink.abort().catch(() => undefined);
    throw error;
  }
}

const encoder = new TextEncoder();

/** Text says how far it is, in the times of its rows; of Parquet only the size is known. */
function progressAfter({ bytes, share }: Progress, piece: Piece, period: Period): Progress {
  if (typeof piece !== "string") return { bytes: bytes + piece.length, share };
  return {
    bytes: bytes + encoder.encode(piece).length,
    share: progressIn(piece, period) ?? share,
  };
}

/** The rows behind what is shown: as there, loopback is only among them where it is asked for. */
export function exportFilter(steps: readonly Step[]): Pick<ExportWhat, "filter" | "traffic"> {
  const { filter, traffic } = filterOf(steps);
  return {
    ...(filter === undefined ? {} : { filter }),
    ...(traffic === undefined ? {} : { traffic }),
  };
}

/** What rows there are of what is filtered by. */
export function kindsOf(steps: readonly Step[]): readonly ExportKind[] {
  const isOfProcess = steps.some(({ by }) => by === "process");
  const isKept = steps.every(({ by }) => PROCESS_GROUPINGS.includes(by));
  return EXPORT_KINDS.filter((kind) => (kind === "process" ? isKept : !isOfProcess));
}

/** Those that know what is filtered by. */
export function levelsOf(steps: readonly Step[], kind: ExportKind): readonly HistoryLevel[] {
  if (kind === "process") return ["minute", "hour"];
  const isCoarse = steps.some(({ by }) => by !== "application" && by !== "interface");
  return HISTORY_LEVELS.filter((level) => !(isCoarse && level === "second"));
}

const DAY_MS = 86_400_000;

/** As fine as is kept of all of it, and still of a size that other programs like. */
export function levelFor(
  { fromMs, toMs }: Period,
  { by, state, levels }: { by: ExportKind; state: HistoryState; levels: readonly HistoryLevel[] },
): HistoryLevel {
  const lengthMs = toMs - fromMs;
  const processesFromMs = (state.lastAtMs ?? toMs) - PROCESS_MINUTE_DAYS * DAY_MS;
  const isKept = (level: HistoryLevel) =>
    state.keptFromMs[level] <= fromMs &&
    !(by === "process" && level === "minute" && fromMs < processesFromMs);
  const most = {
    second: 600_000,
    minute: 31 * DAY_MS,
    hour: 366 * DAY_MS,
    day: Number.POSITIVE_INFINITY,
  };
  return levels.find((level) => lengthMs <= most[level] && isKept(level)) ?? levels.at(-1) ?? "day";
}

/** "monitauri-2026-11-08-to-2026-11-14-hours.csv", or "-processes-hours.csv" */
export function fileNameOf({ period, by, level, format }: ExportWhat, zone: Zone): string {
  const [first, last] = [zone.dayOf(period.fromMs).date, zone.dayOf(period.toMs - 1).date];
  const days = first === last ? first : `${first}-to-${last}`;
  return `monitauri-${days}${by === "process" ? "-processes" : ""}-${level}s.${format}`;
}
