/** Rows as they are stored, as text: piece by piece, so that an export of any size needs little memory. */

import type { DatabaseSync } from "node:sqlite";
import { type CsvValue, csvLine } from "../model/csv.ts";
import { MonitauriError } from "../model/error.ts";
import {
  EXPORT_FORMATS,
  EXPORT_KINDS,
  type ExportKind,
  type ExportPart,
  type ExportQuery,
  HISTORY_DIRECTIONS,
  HISTORY_LEVELS,
  HISTORY_SCOPES,
  type HistoryLevel,
} from "../model/history.ts";
import { protocolName } from "../model/protocol.ts";
import { checkFilter, filtered, needsDetails } from "./dimensions.ts";
import { exportColumns, exportKind, exportSql, PART_ROWS } from "./export-rows.ts";
import { checkProcesses } from "./processes.ts";
import { checkPeriod, checkTraffic } from "./query.ts";
import { unitMs } from "./scan.ts";
import { LEVELS } from "./schema.ts";

/** How much of a level is looked through for a part, in its unit: a filter may leave little of it. Of processes less, since
 * what they do not explain is reckoned anew for each part. */
const WINDOWS: Readonly<Record<ExportKind, Readonly<Record<HistoryLevel, number>>>> = {
  service: { second: 3_600, minute: 1_440, hour: 31 * 1_440, day: 366 * 1_440 },
  process: { second: 0, minute: 60, hour: 1_440, day: 0 },
};
/** Before every place in a time. */
const START = -999_999_999_999_999;

/**
 * The part at `cursor`, the first where it is null. Nothing is held between parts, so that a slow reader holds up nobody.
 * Hours and days reach to the last whole minute. @throws MonitauriError "invalid".
 */
export function exportPart(
  db: DatabaseSync,
  query: ExportQuery,
  cursor: string | null,
): ExportPart {
  check(query);
  const unit = unitMs(query.level);
  const { first, end } = boundsOf(db, query.level);
  const from = Math.max(Math.ceil(query.fromMs / unit), first);
  const to = Math.max(from, Math.min(Math.ceil(query.toMs / unit), end));
  const start = cursor === null ? { at: from, owner: START, inner: START } : parseCursor(cursor);
  const until = Math.min(to, start.at + WINDOWS[exportKind(query)][query.level]);
  const rows = db.prepare(exportSql(db, query)).all(start.at, until, start.owner, start.inner);
  const names = exportColumns(query);
  const texts = rows.map((row) => {
    const values = names.map((name) => valueOf(name, row, unit));
    return query.format === "csv" ? csvLine(values.map(plain)) : jsonLine(names, values);
  });
  const head = cursor === null && query.format === "csv" ? csvLine(names) : "";
  const last = rows.at(-1);
  const isFull = rows.length === PART_ROWS && last !== undefined;
  const next = isFull
    ? `${last.at}:${last.owner}:${last.inner}`
    : until < to
      ? `${until}:${START}:${START}`
      : null;
  const reached = isFull ? Number(last.at) : until;
  const progress = to === from ? 1 : (reached - from) / (to - from);
  return { text: head + texts.join(""), next, progress };
}

/** From the first row to behind the last one: what is asked for beyond is not looked through. */
function boundsOf(db: DatabaseSync, level: HistoryLevel): { first: number; end: number } {
  const row = db
    .prepare(`SELECT min(at) AS first, max(at) AS last FROM ${LEVELS[level].usage}`)
    .get();
  return { first: Number(row?.first ?? 0), end: Number(row?.last ?? -1) + 1 };
}

/** All parts after each other. */
export async function* exportParts(
  part: (cursor: string | null) => ExportPart | Promise<ExportPart>,
): AsyncGenerator<ExportPart> {
  let cursor: string | null = null;
  do {
    const one: ExportPart = await part(cursor);
    yield one;
    cursor = one.next;
  } while (cursor !== null);
}

/** null: not known, where that is no empty text. */
type ExportValue = CsvValue | null;

function plain(value: ExportValue): CsvValue {
  return value ?? "";
}

function valueOf(name: string, row: Record<string, unknown>, unit: number): ExportValue {
  switch (name) {
    case "from":
      return new Date(Number(row.at) * unit).toISOString();
    case "started":
      return row.started === null ? null : new Date(Number(row.started)).toISOString();
    case "pid":
      return row.pid === null ? null : Number(row.pid);
    case "direction":
      return HISTORY_DIRECTIONS[Number(row.direction)] ?? "out";
    case "scope":
      return HISTORY_SCOPES[Number(row.scope)] ?? "other";
    case "ip_protocol":
      return row.ip_protocol === 0 ? "" : protocolName(Number(row.ip_protocol));
    default: {
      const value = row[name];
      return typeof value === "number" ? value : String(value ?? "");
    }
  }
}

function jsonLine(names: readonly string[], values: readonly ExportValue[]): string {
  return `${JSON.stringify(Object.fromEntries(names.map((name, n) => [name, values[n]])))}\n`;
}

function parseCursor(cursor: string): { at: number; owner: number; inner: number } {
  const [, at, owner, inner] = /^(-?\d{1,15}):(-?\d{1,15}):(-?\d{1,15})$/.exec(cursor) ?? [];
  if (at === undefined) throw new MonitauriError("invalid", "Cannot go on: no such place");
  return { at: Number(at), owner: Number(owner), inner: Number(inner) };
}

function check(query: ExportQuery): void {
  checkPeriod(query);
  const filter = query.filter ?? {};
  checkFilter(filter);
  if (!HISTORY_LEVELS.includes(query.level) || !EXPORT_FORMATS.includes(query.format)) {
    throw new MonitauriError(
      "invalid",
      `Cannot export: there are ${HISTORY_LEVELS.join(", ")} as ${EXPORT_FORMATS.join(", ")}`,
    );
  }
  checkTraffic(query);
  if (query.by !== undefined && !EXPORT_KINDS.includes(query.by)) {
    throw new MonitauriError(
      "invalid",
      `Cannot export by ${query.by}: there are ${EXPORT_KINDS.join(", ")}`,
    );
  }
  if (exportKind(query) === "process") checkOfProcesses(query);
  else if (filter.process !== undefined) {
    throw new MonitauriError(
      "invalid",
      "Cannot filter services by process: who a process talked to is not kept. Export processes",
    );
  }
  if (query.level === "second" && needsDetails(undefined, filter)) {
    const names = filtered(filter).join(", ");
    throw new MonitauriError(
      "invalid",
      `Cannot filter seconds by ${names}: they have applications and interfaces only. Export minutes`,
    );
  }
}

function checkOfProcesses({ level, filter = {} }: ExportQuery): void {
  if (LEVELS[level].process === undefined) {
    throw new MonitauriError(
      "invalid",
      `Cannot export processes by ${level}: they are kept by minute for a week, and by hour. Choose one of these levels`,
    );
  }
  checkProcesses("process", filter);
}
