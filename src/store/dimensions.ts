/** What rows can be grouped and filtered by, and from which of the two kinds of table. */

import type { DatabaseSync } from "node:sqlite";
import { MonitauriError } from "../model/error.ts";
import {
  HISTORY_DIRECTIONS,
  HISTORY_GROUPINGS,
  HISTORY_SCOPES,
  type HistoryFilter,
  type HistoryGrouping,
  MAX_FILTER_KEYS,
} from "../model/history.ts";
import { protocolName } from "../model/protocol.ts";
import { processIds, processLabel } from "./processes.ts";

/** A column of `pair`, and what its value means. */
const COLUMNS: Readonly<Record<Exclude<HistoryGrouping, "process">, string>> = {
  application: "application",
  remote: "remote",
  country: "country",
  protocol: "CASE spoken WHEN 0 THEN -1 - ip_protocol ELSE spoken END",
  user: "user",
  interface: "interface",
  container: "container",
  scope: "scope",
  port: "port",
  direction: "direction",
};

/** Both kinds of table have these; the usage tables have far fewer rows. */
const IN_USAGE: readonly HistoryGrouping[] = ["application", "interface"];

function columnOf(by: HistoryGrouping): string {
  if (by === "process") throw new RangeError("Pairs have no process");
  return COLUMNS[by];
}

/** Whether the question needs details. */
export function needsDetails(groupBy: HistoryGrouping | undefined, filter: HistoryFilter): boolean {
  const used = [...(groupBy === undefined ? [] : [groupBy]), ...filtered(filter)];
  return used.some((by) => !IN_USAGE.includes(by));
}

export function filtered(filter: HistoryFilter): HistoryGrouping[] {
  return HISTORY_GROUPINGS.filter((by) => filter[by] !== undefined);
}

/** @throws MonitauriError "invalid". */
export function checkFilter(filter: HistoryFilter): void {
  for (const [by, keys] of Object.entries(filter)) {
    const isKnown = HISTORY_GROUPINGS.some((known) => known === by);
    if (!isKnown || keys.length > MAX_FILTER_KEYS) {
      const problem = isKnown
        ? `more than ${MAX_FILTER_KEYS} of ${by}`
        : `"${by}" is no grouping; there are ${HISTORY_GROUPINGS.join(", ")}`;
      throw new MonitauriError("invalid", `Cannot filter: ${problem}`);
    }
  }
}

/** Numbers of these keys as the tables have them. A key that was never seen has none. */
export function valuesOf(
  db: DatabaseSync,
  by: HistoryGrouping,
  keys: readonly string[],
): Set<number> {
  return new Set(keys.flatMap((key) => valueOf(db, by, key)));
}

function valueOf(db: DatabaseSync, by: HistoryGrouping, key: string): number[] {
  const find = (sql: string) =>
    db
      .prepare(sql)
      .all(key)
      .map(({ id }) => Number(id));
  switch (by) {
    case "application":
      return find("SELECT id FROM application WHERE key = ?").filter((id) => id !== 0);
    case "process":
      return processIds(db, key);
    case "scope":
      return positionIn(HISTORY_SCOPES, key);
    case "direction":
      return positionIn(HISTORY_DIRECTIONS, key);
    case "port":
      return /^\d{1,5}$/.test(key) ? [Number(key)] : [];
    case "protocol":
      return key === ""
        ? [-1]
        : [...find("SELECT id FROM text WHERE value = ?"), ...ipProtocols(key)];
    case "remote":
    case "country":
    case "user":
    case "interface":
    case "container":
      return find("SELECT id FROM text WHERE value = ?");
  }
}

/** Numbers of IP protocols are below those of texts, see COLUMNS. */
function ipProtocols(name: string): number[] {
  const all = Array.from({ length: 263 }, (_, number) => number);
  return all.filter((number) => protocolName(number) === name).map((number) => -1 - number);
}

function positionIn(names: readonly string[], key: string): number[] {
  const at = names.indexOf(key);
  return at < 0 ? [] : [at];
}

/** Which rows of a detail table pass, as SQL; "" for all. */
export function pairCondition(db: DatabaseSync, filter: HistoryFilter): string {
  const conditions = conditionsOf(db, filter);
  if (conditions.length === 0) return "";
  return `pair IN (SELECT id FROM pair WHERE ${conditions.join(" AND ")})`;
}

/** The same of a usage table, for filters that need no details. */
export function usageCondition(db: DatabaseSync, filter: HistoryFilter): string {
  return conditionsOf(db, filter).join(" AND ");
}

// Only numbers that we looked up are written into it.
function conditionsOf(db: DatabaseSync, filter: HistoryFilter): string[] {
  return filtered(filter).map((by) => {
    const wanted = [...valuesOf(db, by, filter[by] ?? [])];
    return `${columnOf(by)} IN (${wanted.join(", ")})`;
  });
}

/** Key and name of a number; the reverse of valuesOf(). */
export function labelOf(
  db: DatabaseSync,
  by: HistoryGrouping,
  value: number,
): { key: string; name: string } {
  switch (by) {
    case "application": {
      const found = db.prepare("SELECT key, name FROM application WHERE id = ?").get(value);
      return { key: String(found?.key ?? ""), name: String(found?.name ?? "") };
    }
    case "process":
      return processLabel(db, value);
    case "scope":
      return same(HISTORY_SCOPES[value] ?? "other");
    case "direction":
      return same(HISTORY_DIRECTIONS[value] ?? "out");
    case "port":
      return same(value === 0 ? "" : String(value));
    case "protocol":
      if (value < 0) return same(value === -1 ? "" : protocolName(-1 - value));
      return textLabel(db, value);
    case "remote":
    case "country":
    case "user":
    case "interface":
    case "container":
      return textLabel(db, value);
  }
}

function textLabel(db: DatabaseSync, value: number): { key: string; name: string } {
  return same(String(db.prepare("SELECT value FROM text WHERE id = ?").get(value)?.value ?? ""));
}

function same(key: string): { key: string; name: string } {
  return { key, name: key };
}

/** Of each pair by its id: the group it is in, -1 where the filter leaves it out; and whether it is loopback. */
export interface PairMap {
  readonly group: Int32Array;
  readonly isLoopback: Uint8Array;
  /** Value of the grouping by group; one group of value 0 where there is no grouping. */
  readonly values: readonly number[];
}

export function mapPairs(
  db: DatabaseSync,
  groupBy: HistoryGrouping | undefined,
  filter: HistoryFilter,
): PairMap {
  const length = Number(db.prepare("SELECT max(id) AS id FROM pair").get()?.id ?? 0) + 1;
  const group = new Int32Array(length).fill(-1);
  const isLoopback = new Uint8Array(length);
  const values: number[] = [];
  const groups = new Map<number, number>();
  const conditions = conditionsOf(db, filter);
  const loopback = HISTORY_SCOPES.indexOf("loopback");
  const where = conditions.length === 0 ? "" : `WHERE ${conditions.join(" AND ")}`;
  const column = groupBy === undefined ? "0" : columnOf(groupBy);
  db.function("map_pair", (id, value, scope) => {
    const of = value as number;
    let known = groups.get(of);
    if (known === undefined) {
      known = values.push(of) - 1;
      groups.set(of, known);
    }
    group[id as number] = known;
    if (scope === loopback) isLoopback[id as number] = 1;
    return null;
  });
  db.prepare(`SELECT count(map_pair(id, ${column}, scope)) FROM pair ${where}`).get();
  return { group, isLoopback, values };
}
