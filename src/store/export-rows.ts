/** What the rows of an export are, and the SQL that reads a page of them after a place. */

import type { DatabaseSync } from "node:sqlite";
import {
  type ExportKind,
  type ExportQuery,
  HISTORY_SCOPES,
  type HistoryFilter,
  type HistoryTraffic,
} from "../model/history.ts";
import { pairCondition, usageCondition, valuesOf } from "./dimensions.ts";
import { LEVELS, MACHINE } from "./schema.ts";

export const PART_ROWS = 2_000;

export type ExportRows = Pick<ExportQuery, "level" | "by" | "filter" | "traffic">;

/** What a row is of; a filter by processes leaves no other kind. */
export function exportKind({ by, filter }: ExportRows): ExportKind {
  return by ?? (filter?.process === undefined ? "service" : "process");
}

/** Names of the columns, in their order. */
export function exportColumns(rows: ExportRows): readonly string[] {
  if (exportKind(rows) === "process") return [...USAGE_KEYS, ...PROCESS_KEYS, ...USAGE_SUMS];
  const isDetail = LEVELS[rows.level].detail !== undefined;
  return isDetail ? [...KEYS, ...DETAIL_SUMS] : [...USAGE_KEYS, ...USAGE_SUMS];
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
/** `process` is its name. Without a pid: what no process explains of its application. */
const PROCESS_KEYS = ["pid", "started", "process", "user", "container"];
const DETAIL_SUMS = ["rx_bytes", "tx_bytes", "connections_opened"];
const USAGE_SUMS = ["rx_bytes", "tx_bytes", "rx_loopback_bytes", "tx_loopback_bytes"];
const OF_ROW = USAGE_SUMS.map((sum) => `r.${sum}`).join(", ");

/** Rows with `at`, `owner` and `inner`, by which they are ordered; ?1 to ?2 is the time, ?3 and ?4 the place in ?1 that was
 * reached. */
export function exportSql(db: DatabaseSync, rows: ExportRows): string {
  if (exportKind(rows) === "process") return processSql(db, rows);
  return LEVELS[rows.level].detail === undefined ? usageSql(db, rows) : detailSql(db, rows);
}

function usageSql(db: DatabaseSync, { level, filter = {}, traffic }: ExportRows): string {
  const page = `
    SELECT at, application, application AS owner, interface AS inner, ${sumsOf(traffic)}
    FROM ${LEVELS[level].usage}
    WHERE ${all(
      "at >= ?1 AND at < ?2 AND (at, application, interface) > (?1, ?3, ?4)",
      `application <> ${MACHINE}`,
      usageCondition(db, filter),
      trafficCondition(traffic),
    )}
    ORDER BY at, application, interface LIMIT ${PART_ROWS}`;
  return `
    SELECT r.at, r.owner, r.inner, ${OF_ROW}, a.key AS application, a.name AS application_name, i.value AS interface
    FROM (${page}) r JOIN application a ON a.id = r.application JOIN text i ON i.id = r.inner
    ORDER BY r.at, r.owner, r.inner`;
}

function detailSql(db: DatabaseSync, { level, filter = {}, traffic }: ExportRows): string {
  const page = `
    SELECT * FROM ${LEVELS[level].detail}
    WHERE ${all(
      "at >= ?1 AND at < ?2 AND (at, application, pair) > (?1, ?3, ?4)",
      `application <> ${MACHINE}`,
      pairCondition(db, filter),
      scopeCondition(traffic),
    )}
    ORDER BY at, application, pair LIMIT ${PART_ROWS}`;
  return `
    SELECT r.at, r.rx_bytes, r.tx_bytes, r.connections_opened, r.application AS owner, r.pair AS inner,
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

/** Processes, and per application and interface what none of them explains, so that sums are the applications'. An owner
 * below zero is such an application. */
function processSql(db: DatabaseSync, { level, filter = {}, traffic }: ExportRows): string {
  const { process: table, usage } = LEVELS[level];
  const after = (owner: string) =>
    `r.at >= ?1 AND r.at < ?2 AND (r.at, ${owner}, r.interface) > (?1, ?3, ?4)`;
  const ids = (by: keyof HistoryFilter, column: string) => {
    const keys = filter[by];
    return keys === undefined ? "" : `${column} IN (${[...valuesOf(db, by, keys)].join(", ")})`;
  };
  const shared = [ids("interface", "r.interface"), trafficCondition(traffic)];
  const processes = `
    SELECT r.at, r.process AS owner, r.interface AS inner, b.application, ${sumsOf(traffic)}
    FROM ${table} r JOIN process b ON b.id = r.process
    WHERE ${all(
      after("r.process"),
      ids("application", "b.application"),
      ids("process", "b.id"),
      ids("user", "b.user"),
      ids("container", "b.container"),
      ...shared,
    )}`;
  const unexplained = USAGE_SUMS.map(
    (sum) => `
      u.${sum} - coalesce((SELECT sum(m.${sum}) FROM ${table} m JOIN process b ON b.id = m.process
        WHERE m.at = u.at AND m.interface = u.interface AND b.application = u.application), 0) AS ${sum}`,
  );
  const rest = `
    SELECT r.at, -r.application AS owner, r.interface AS inner, r.application, ${sumsOf(traffic)}
    FROM (
      SELECT u.at, u.application, u.interface, ${unexplained.join(",")} FROM ${usage} u
      WHERE u.at >= ?1 AND u.at < ?2 AND u.application <> ${MACHINE}
    ) r
    WHERE ${all(
      after("-r.application"),
      ids("application", "r.application"),
      "(rx_bytes <> 0 OR tx_bytes <> 0)",
      ...shared,
    )}`;
  const parts = isRestAsked(filter) ? [processes, rest] : [processes];
  return `
    SELECT r.at, r.owner, r.inner, ${OF_ROW}, a.key AS application, a.name AS application_name, i.value AS interface, b.pid, b.started_ms AS started,
      n.value AS process, u.value AS user, c.value AS container
    FROM (${parts.join(" UNION ALL ")} ORDER BY 1, 2, 3 LIMIT ${PART_ROWS}) r
    JOIN application a ON a.id = r.application
    JOIN text i ON i.id = r.inner
    LEFT JOIN process b ON b.id = r.owner
    LEFT JOIN text n ON n.id = b.name
    LEFT JOIN text u ON u.id = b.user
    LEFT JOIN text c ON c.id = b.container
    ORDER BY r.at, r.owner, r.inner`;
}

/** Of a user or container it is not known. */
function isRestAsked({ process, user, container }: HistoryFilter): boolean {
  if (user !== undefined || container !== undefined) return false;
  return process === undefined || process.includes("");
}

/** The columns of a usage table with only the bytes that are asked for. */
function sumsOf(traffic: HistoryTraffic | undefined): string {
  if (traffic === undefined) return USAGE_SUMS.join(", ");
  return ["rx", "tx"]
    .flatMap((way) => {
      const loopback = `${way}_loopback_bytes`;
      return traffic === "loopback"
        ? [`${loopback} AS ${way}_bytes`, loopback]
        : [`${way}_bytes - ${loopback} AS ${way}_bytes`, `0 AS ${loopback}`];
    })
    .join(", ");
}

/** Rows that have nothing of it are left out. */
function trafficCondition(traffic: HistoryTraffic | undefined): string {
  if (traffic === undefined) return "";
  return traffic === "loopback"
    ? "(rx_loopback_bytes <> 0 OR tx_loopback_bytes <> 0)"
    : "(rx_bytes <> rx_loopback_bytes OR tx_bytes <> tx_loopback_bytes)";
}

function scopeCondition(traffic: HistoryTraffic | undefined): string {
  if (traffic === undefined) return "";
  const loopback = HISTORY_SCOPES.indexOf("loopback");
  return `pair IN (SELECT id FROM pair WHERE scope ${traffic === "loopback" ? "=" : "<>"} ${loopback})`;
}

function all(...conditions: readonly string[]): string {
  return conditions.filter((condition) => condition !== "").join(" AND ");
}
