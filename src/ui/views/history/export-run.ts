/** Streams the rows of an export into a file. */

import {
  EXPORT_FORMATS,
  type ExportQuery,
  HISTORY_LEVELS,
  type HistoryFilter,
  type HistoryLevel,
  type HistoryState,
  PARQUET,
  type Period,
} from "../../../model/history.ts";
import { clientUntil } from "../../store/live.ts";
import { openSink, type Piece } from "./export-file.ts";
import { progressIn } from "./export-progress.ts";
import { filterOf, type Step } from "./question.ts";
import type { Zone } from "./zone.ts";

export const FILE_FORMATS = [...EXPORT_FORMATS, PARQUET] as const;
export type FileFormat = (typeof FILE_FORMATS)[number];

export interface ExportWhat extends Pick<ExportQuery, "level"> {
  readonly format: FileFormat;
  readonly period: Period;
  readonly filter?: HistoryFilter;
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
  { period: { fromMs, toMs }, level, format, filter }: ExportWhat,
  { signal, name, onProgress }: RunOptions,
): Promise<Progress | undefined> {
  const sink = await openSink({ name, type: TYPES[format] });
  if (sink === undefined) return undefined;
  let progress: Progress = { bytes: 0, share: undefined };
  let saidMs = Number.NEGATIVE_INFINITY;
  onProgress(progress);
  try {
    const query = { fromMs, toMs, level, ...(filter === undefined ? {} : { filter }) };
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

/** The export tells loopback by its scope, as it tells everything. */
export function exportFilter(steps: readonly Step[]): Pick<ExportWhat, "filter"> {
  const { filter, traffic } = filterOf(steps);
  const all = traffic === "loopback" ? { ...filter, scope: ["loopback"] } : filter;
  return all === undefined ? {} : { filter: all };
}

/** Those that know what is filtered by. */
export function levelsOf(steps: readonly Step[]): readonly HistoryLevel[] {
  const isCoarse = steps.some(({ by }) => by !== "application" && by !== "interface");
  return HISTORY_LEVELS.filter((level) => !(isCoarse && level === "second"));
}

const DAY_MS = 86_400_000;

/** As fine as is kept of all of it, and still of a size that other programs like. */
export function levelFor(
  { fromMs, toMs }: Period,
  { state, levels }: { state: HistoryState; levels: readonly HistoryLevel[] },
): HistoryLevel {
  const lengthMs = toMs - fromMs;
  const most = {
    second: 600_000,
    minute: 31 * DAY_MS,
    hour: 366 * DAY_MS,
    day: Number.POSITIVE_INFINITY,
  };
  return (
    levels.find((level) => lengthMs <= most[level] && state.keptFromMs[level] <= fromMs) ?? "day"
  );
}

/** "monitauri-2026-11-08-to-2026-11-14-hours.csv" */
export function fileNameOf({ period, level, format }: ExportWhat, zone: Zone): string {
  const [first, last] = [zone.dayOf(period.fromMs).date, zone.dayOf(period.toMs - 1).date];
  const days = first === last ? first : `${first}-to-${last}`;
  return `monitauri-${days}-${level}s.${format}`;
}
