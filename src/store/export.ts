/** Rows as they are stored, as text: piece by piece, so that an export of any size needs little memory. */

import type { DatabaseSync } from "node:sqlite";
import { type CsvValue, csvLine } from "../model/csv.ts";
import { MonitauriError } from "../model/error.ts";
import {
  EXPORT_FORMATS,
  type ExportPart,
  type ExportQuery,
  HISTORY_DIRECTIONS,
  HISTORY_LEVELS,
  HISTORY_SCOPES,
  type HistoryLevel,
} from "../model/history.ts";
import { protocolName } from "../model/protocol.ts";
import {
  checkFilter,
  filtered,
  needsDetails,
  pairCondition,
  usageCondition,
} from "./dimensions.ts";
import { checkPeriod } from "./query.ts";
import { unitMs } from "./scan.ts";
import { LEVELS, MACHINE } from "./schema.ts";

const PART_ROWS = 2_000;
/** How much of a level is looked through for a part, in its unit: a filter may leave little of it. */
const WINDOWS: Readonly<Record<HistoryLevel, number>> = {
  second: 3_600,
  minute: 1_440,
  hour: 31 * 1_440,
  day: 366 * 1_440,
};

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
  const from = Math.ceil(query.fromMs / unit);
  const to = Math.ceil(query.toMs / unit);
  const start = cursor === null ? { at: from, application: -1, inner: -1 } : parseCursor(cursor);
  const until = Math.min(to, start.at + WINDOWS[query.level]);
  const rows = db.prepare(sqlOf(db, query)).all(start.at, until, start.application, start.inner);
  const names = exportColumns(query.level);
  const texts = rows.map((row) => {
    const values = names.map((name) => valueOf(name, row, unit));
    return query.format === "csv" ? csvLine(values) : jsonLine(names, values);
  });
  const head = cursor === null && query.format === "csv" ? csvLine(names) : "";
  const last = rows.at(-1);
  const isFull = rows.length === PART_ROWS && last !== undefined;
  const next = isFull
    ? `${last.at}:${last.application_id}:${last.inner}`
    : until < to
      ? `${until}:-1:-1`
      : null;
  const reached = isFull ? Number(last.at) : until;
  return { text: head + texts.join(""), next, progress: (reached - from) / Math.max(1, to - from) };
}

/** Names of the columns, in their order. */
export function exportColumns(level: HistoryLevel): readonly string[] {
  const isDetail = LEVELS[level].detail !== undefined;
  return isDetail ? [...KEYS, ...DETAIL_SUMS] : [...USAGE_KEYS, ...USAGE_SUMS];
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

const USAGE_KEYS = ["from", "application", "application_name", "interface"];
const KEYS = [
  ...USAGE_KEYS,
  "remote",
  "port",
  "ip_protocol",
  "protocol",
  "direction",
  "scope",
  "user",
  "container",
  "country",
];
const DETAIL_SUMS = ["rx_bytes", "tx_bytes", "connections_opened"];
const USAGE_SUMS = ["rx_bytes", "tx_bytes", "rx_loopback_bytes", "tx_loopback_bytes"];

function sqlOf(db: DatabaseSync, { level, filter = {} }: ExportQuery): string {
  const { usage, detail } = LEVELS[level];
  const inner = detail === undefined ? "interface" : "pair";
  const condition = detail === undefined ? usageCondition(db, filter) : pairCondition(db, filter);
  const page = `
    SELECT * FROM ${detail ?? usage}
    WHERE at >= ?1 AND at < ?2 AND (at, application, ${inner}) > (?1, ?3, ?4)
      AND application <> ${MACHINE} ${condition === "" ? "" : `AND ${condition}`}
    ORDER BY at, application, ${inner} LIMIT ${PART_ROWS}`;
  if (detail === undefined) {
    return `
      SELECT r.*, r.application AS application_id, r.interface AS inner, a.key AS application, a.name AS application_name,
        i.value AS interface
      FROM (${page}) r JOIN application a ON a.id = r.application JOIN text i ON i.id = r.interface
      ORDER BY r.at, r.application, r.interface`;
  }
  return `
    SELECT r.at, r.rx_bytes, r.tx_bytes, r.connections_opened, r.application AS application_id, r.pair AS inner,
      a.key AS application, a.name AS application_name, i.value AS interface, m.value AS remote, p.port, p.ip_protocol,
      s.value AS protocol, p.direction, p.scope, u.value AS user, c.value AS container, o.value AS country
    FROM (${page}) r
    JOIN pair p ON p.id = r.pair
    JOIN application a ON a.id = r.application
    JOIN text i ON i.id = p.interface
    JOIN text m ON m.id = p.remote
    JOIN text s ON s.id = p.spoken
    JOIN text u ON u.id = p.user
    JOIN text c ON c.id = p.container
    JOIN text o ON o.id = p.country
    ORDER BY r.at, r.application, r.pair`;
}

function valueOf(name: string, row: Record<string, unknown>, unit: number): CsvValue {
  switch (name) {
    case "from":
      return new Date(Number(row.at) * unit).toISOString();
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

function jsonLine(names: readonly string[], values: readonly CsvValue[]): string {
  return `${JSON.stringify(Object.fromEntries(names.map((name, n) => [name, values[n]])))}\n`;
}

function parseCursor(cursor: string): { at: number; application: number; inner: number } {
  const [, at, application, inner] = /^(-?\d{1,15}):(-?\d{1,15}):(-?\d{1,15})$/.exec(cursor) ?? [];
  if (at === undefined) throw new MonitauriError("invalid", "Cannot go on: no such place");
  return { at: Number(at), application: Number(application), inner: Number(inner) };
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
  if (filter.process !== undefined) {
    throw new MonitauriError(
      "invalid",
      "Cannot export by process: rows have applications. Ask for it: history --by process --csv",
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
