/** Processes in the history: each has a number in its book; rows by minute (for a week) and hour have what it did. Who it talked to is not
 * kept by process, and after a year only its application is known: days have no processes. */

import type { DatabaseSync } from "node:sqlite";
import { MonitauriError } from "../model/error.ts";
import {
  type HistoryFilter,
  type HistoryGrouping,
  type HistoryProcess,
  PROCESS_GROUPINGS,
} from "../model/history.ts";
import type { OwnedBytes } from "../model/live.ts";
import type { Dictionary } from "./dictionary.ts";
import { whole } from "./reconcile.ts";

/** New processes of a day: what further ones do stands in their applications alone. A loop that starts one program after
 * the other would else fill the disk. */
export const MAX_PROCESSES_A_DAY = 10_000;
/** Remembered; with more the memory starts anew. */
const MAX_REMEMBERED = 20_000;
/** Value of the group of what no process explains. */
export const NO_PROCESS = -1;

export interface ProcessBook {
  /** Its number; undefined: there were too many today. `day`: start of the local day, minutes. */
  idOf(process: HistoryProcess, ids: { application: number; day: number }): number | undefined;
  /** After a rollback. */
  forget(): void;
}

export function createProcessBook(
  db: DatabaseSync,
  { text }: Pick<Dictionary, "text">,
  limit = MAX_PROCESSES_A_DAY,
): ProcessBook {
  const find = db.prepare(
    `SELECT id, used_minute FROM process WHERE pid = ? AND started_ms = ? AND application = ? AND name = ? AND user = ?
     AND container = ?`,
  );
  const add = db.prepare(
    "INSERT INTO process (pid, started_ms, application, name, user, container, used_minute) VALUES (?, ?, ?, ?, ?, ?, ?)",
  );
  const use = db.prepare("UPDATE process SET used_minute = max(used_minute, ?) WHERE id = ?");
  const count = db.prepare("SELECT count(*) AS n FROM process WHERE used_minute = ?");
  const known = new Map<string, { id: number; day: number }>();
  let used: { day: number; processes: number } | undefined;

  return {
    idOf(process, { application, day }) {
      const { pid, startedAtMs, name, user, container } = process;
      const key = `${pid} ${startedAtMs} ${application} ${name}\0${user}\0${container}`;
      const found = known.get(key);
      if (found?.day === day) return found.id;
      const values = [
        whole(pid),
        whole(startedAtMs),
        application,
        text(name),
        text(user),
        text(container),
      ];
      const row = find.get(...values);
      const isUsedToday = row?.used_minute === day;
      if (used?.day !== day) used = { day, processes: Number(count.get(day)?.n) };
      if (!isUsedToday && used.processes >= limit) return undefined;
      const id = Number(row?.id ?? add.run(...values, day).lastInsertRowid);
      if (!isUsedToday) used.processes += 1;
      if (row !== undefined && !isUsedToday) use.run(day, id);
      if (known.size >= MAX_REMEMBERED) known.clear();
      known.set(key, { id, day });
      return id;
    },
    forget() {
      known.clear();
      used = undefined;
    },
  };
}

/** A process's bytes by interface, the loopback ones told apart: those of "lo" first, as in reconcile(). */
export function cellsOf(process: HistoryProcess): (OwnedBytes & { interface: string })[] {
  const left = { rx: whole(process.rxLoopbackBytes), tx: whole(process.txLoopbackBytes) };
  const isLo = ({ name }: { name: string }) => name.startsWith("lo");
  return process.interfaces
    .toSorted((a, b) => Number(isLo(b)) - Number(isLo(a)))
    .map(({ name, rxBytes: rx, txBytes: tx }) => {
      const [rxBytes, txBytes] = [whole(rx), whole(tx)];
      const rxLoopbackBytes = Math.min(rxBytes, left.rx);
      const txLoopbackBytes = Math.min(txBytes, left.tx);
      left.rx -= rxLoopbackBytes;
      left.tx -= txLoopbackBytes;
      return { interface: name, rxBytes, txBytes, rxLoopbackBytes, txLoopbackBytes };
    });
}

/** Whether the question is about processes. */
export function needsProcesses(
  groupBy: HistoryGrouping | undefined,
  filter: HistoryFilter,
): boolean {
  return groupBy === "process" || filter.process !== undefined;
}

/** @throws MonitauriError "invalid" where it also wants what is not kept by process. */
export function checkProcesses(groupBy: HistoryGrouping | undefined, filter: HistoryFilter): void {
  if (!needsProcesses(groupBy, filter)) return;
  const used = [...(groupBy === undefined ? [] : [groupBy]), ...Object.keys(filter)];
  const wrong = used.filter((by) => !PROCESS_GROUPINGS.some((known) => known === by));
  if (wrong.length === 0) {
    const isApart = groupBy === undefined || groupBy === "process";
    if (isApart || filter.process?.includes("") !== true) return;
    throw new MonitauriError(
      "invalid",
      `Cannot tell what no process explains by ${groupBy}. Leave out the grouping`,
    );
  }
  throw new MonitauriError(
    "invalid",
    `Cannot tell processes by ${wrong.join(", ")}: that is kept by application. ` +
      `Processes go with ${PROCESS_GROUPINGS.filter((by) => by !== "process").join(", ")}`,
  );
}

/** Of each process by its number: the group it is in, or one of the marks below. */
export interface ProcessMap {
  readonly group: Int32Array;
  /** Value of the grouping by group. */
  readonly values: readonly number[];
}

/** Left out by a filter. */
export const LEFT_OUT = -1;
/** Left out because it is a process: it explains a part of its application. */
export const EXPLAINS = -2;

/** A process was used on a local day that may begin so long before its rows, those of a widened period among them. */
const LONGEST_DAY_MS = 2 * 86_400_000;

/** `sinceMs`: of processes that were not used since then nothing is asked. Of a year they are most. */
export function mapProcesses(
  db: DatabaseSync,
  { groupBy, sinceMs }: { groupBy: HistoryGrouping | undefined; sinceMs: number },
  wanted: ProcessFilter,
): ProcessMap {
  const length = Number(db.prepare("SELECT max(id) AS id FROM process").get()?.id ?? 0) + 1;
  const group = new Int32Array(length).fill(LEFT_OUT);
  const values: number[] = [];
  const groups = new Map<number, number>();
  const column = groupBy === undefined || groupBy === "interface" ? "0" : COLUMNS[groupBy];
  const passes = (set: ReadonlySet<number> | undefined, of: unknown) =>
    set === undefined || set.has(of as number);
  // Called for each, as in scan(): an object for each of forty thousand rows takes several times as long.
  db.function("map_process", (number, application, user, container, value) => {
    const id = number as number;
    if (!passes(wanted.application, application)) return null;
    if (!passes(wanted.user, user) || !passes(wanted.container, container)) return null;
    if (!passes(wanted.process, id)) {
      group[id] = EXPLAINS;
      return null;
    }
    let index = groups.get(value as number);
    if (index === undefined) {
      index = values.push(value as number) - 1;
      groups.set(value as number, index);
    }
    group[id] = index;
    return null;
  });
  db.prepare(
    `SELECT count(map_process(id, application, user, container, ${column})) FROM process WHERE used_minute >= ?`,
  ).get(Math.floor((sinceMs - LONGEST_DAY_MS) / 60_000));
  return { group, values };
}

/** Numbers that may pass; undefined: all. */
export type ProcessFilter = {
  readonly [By in "application" | "process" | "user" | "container"]:
    | ReadonlySet<number>
    | undefined;
};

const COLUMNS: Readonly<Partial<Record<HistoryGrouping, string>>> = {
  application: "application",
  process: "id",
  user: "user",
  container: "container",
};

/** Numbers of a key: "1234@1764072000000#7", "1234", or a name; "" is what no process explains. */
export function processIds(db: DatabaseSync, key: string): number[] {
  if (key === "") return [NO_PROCESS];
  const [, pid, startedMs, id] = /^(\d{1,10})(?:@(\d{1,15})(?:#(\d{1,15}))?)?$/.exec(key) ?? [];
  const ids = (sql: string, ...values: (number | string)[]) =>
    db
      .prepare(`SELECT id FROM process WHERE ${sql}`)
      .all(...values)
      .map((row) => Number(row.id));
  if (pid === undefined) return ids("name = (SELECT id FROM text WHERE value = ?)", key);
  if (startedMs === undefined) return ids("pid = ?", Number(pid));
  if (id === undefined) return ids("pid = ? AND started_ms = ?", Number(pid), Number(startedMs));
  return ids("pid = ? AND started_ms = ? AND id = ?", Number(pid), Number(startedMs), Number(id));
}

export function processLabel(db: DatabaseSync, id: number): { key: string; name: string } {
  const row = db
    .prepare("SELECT p.*, t.value FROM process p JOIN text t ON t.id = p.name WHERE p.id = ?")
    .get(id);
  if (row === undefined) return { key: "", name: "" };
  return { key: `${row.pid}@${row.started_ms}#${id}`, name: `${row.value} (${row.pid})` };
}
