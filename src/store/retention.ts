/** Lets go of what is older than asked, and of the oldest detail when the file is too large: a slice each tick. */

import type { DatabaseSync } from "node:sqlite";
import { type HistoryLevel, type HistorySettings, PROCESS_MINUTE_DAYS } from "../model/history.ts";
import { HOUR_MINUTES } from "./day-book.ts";
import { createRemoteForgetter, REMOTE_LEVELS } from "./forget-remotes.ts";
import { unitMs } from "./scan.ts";
import { LEVELS, SPAN_DETAIL } from "./schema.ts";
import type { State, StateName } from "./state.ts";

/** How much one tick deletes of each level at least, in its unit: some thousand rows. */
const SLICES: Readonly<Record<HistoryLevel, number>> = {
  second: 60,
  minute: 5,
  hour: HOUR_MINUTES,
  day: 1_440,
};
const CAPPED = ["second", "minute", "hour"] as const;
/** Looking how large the file is. */
const LOOK_EVERY_MS = 30_000;
/** Free pages that a busy file may have; beyond, they are given back to the file system. */
const FREE_PAGES = 512;
const FREE_SHARE = 0.1;
const VACUUM_PAGES = 64;
/** A clock that has just jumped may be wrong, and what is deleted does not come back. */
const STEADY_MS = 10 * 60_000;
/** Texts nobody uses are looked for after that many pairs were deleted, at most once a day: it reads all pairs. */
const SWEEP_EVERY_MS = 24 * 3_600_000;

export interface Retention {
  /** To be called in a transaction, after a tick that ended at `atMs`. */
  step(settings: HistorySettings, at: { atMs: number; steadyMs: number; intervalMs: number }): void;
  /** Set where even without any detail the file is larger than asked. */
  isOverCap(): boolean;
  forget(): void;
}

export interface RetentionOptions {
  readonly state: State;
  /** Texts and pairs were deleted: whoever remembers their numbers must forget them. */
  readonly onSwept: () => void;
}

export function createRetention(db: DatabaseSync, { state, onSwept }: RetentionOptions): Retention {
  const sizes = db.prepare(
    "SELECT (SELECT page_count FROM pragma_page_count) AS pages, (SELECT freelist_count FROM pragma_freelist_count) AS free, (SELECT page_size FROM pragma_page_size) AS size",
  );
  const levels = new Map(
    (["second", "minute", "hour", "day"] as const).map((level) => [level, levelOf(db, level)]),
  );
  const remotes = createRemoteForgetter(db, state);
  const oldestProcess = db.prepare("SELECT min(at) AS at FROM minute_process");
  const deleteProcesses = db.prepare("DELETE FROM minute_process WHERE at < ?");
  const oldest = new Map<HistoryLevel, number | undefined>();
  let lookedAtMs = Number.NEGATIVE_INFINITY;
  let sweptAtMs = Number.NEGATIVE_INFINITY;
  let isOver = false;
  let isOverCap = false;
  let freePages = 0;
  let mayFree = FREE_PAGES;
  let leastMs = 0;

  function oldestOf(level: HistoryLevel): number | undefined {
    if (oldest.get(level) === undefined) oldest.set(level, levels.get(level)?.oldest());
    return oldest.get(level);
  }

  /** Long intervals need larger ones to keep up. */
  function sliceOf(level: HistoryLevel): number {
    return Math.max(SLICES[level], Math.ceil(leastMs / unitMs(level)));
  }

  /** Deletes the oldest slice of what is before `end`; false where there is none. */
  function deleteSlice(level: HistoryLevel, end: number): boolean {
    const first = oldestOf(level);
    if (first === undefined || first >= end) return false;
    const before = Math.min(end, first + sliceOf(level));
    levels.get(level)?.deleteBefore(before);
    oldest.delete(level);
    const name: StateName = `${level}_from`;
    state.set(name, Math.max(before, state.get(name) ?? 0));
    return true;
  }

  function look(atMs: number, { maxBytes }: HistorySettings): void {
    if (Math.abs(atMs - lookedAtMs) < LOOK_EVERY_MS && !isOver) return;
    lookedAtMs = atMs;
    const { pages = 0, free = 0, size = 0 } = sizes.get() ?? {};
    freePages = Number(free);
    mayFree = Math.max(FREE_PAGES, Number(pages) * FREE_SHARE);
    isOver = (Number(pages) - freePages) * Number(size) > maxBytes;
    if (!isOver) isOverCap = false;
  }

  function deleteForSize(ends: Readonly<Record<HistoryLevel, number>>): void {
    isOverCap = !CAPPED.some((level) => deleteSlice(level, ends[level]));
    if (isOverCap) isOver = false; // until the next look
  }

  function deleteProcessMinutes(minute: number): void {
    const cutoff = minute - PROCESS_MINUTE_DAYS * 1_440;
    const first = oldestProcess.get()?.at;
    const slice = sliceOf("minute");
    if (typeof first !== "number" || first + slice > cutoff) return;
    deleteProcesses.run(first + slice);
    state.set("process_minute_from", first + slice);
  }

  /** One level a tick, the finest first. */
  function forgetRemotes(before: number, newest: Readonly<Record<HistoryLevel, number>>): void {
    const leastMinutes = Math.ceil(leastMs / 60_000);
    // A day that is not over for long may still get minutes.
    const ends = { minute: newest.minute, hour: newest.hour, day: newest.hour - 24 * HOUR_MINUTES };
    REMOTE_LEVELS.some((level) => remotes.step(level, Math.min(before, ends[level]), leastMinutes));
  }

  return {
    step(settings, { atMs, steadyMs, intervalMs }) {
      leastMs = 2 * intervalMs;
      look(atMs, settings);
      const minute = Math.floor(atMs / 60_000);
      // An open minute is in no hour yet.
      const end = Math.min(minute, state.get("open_minute") ?? minute);
      const newest = {
        second: (end - 1) * 60,
        minute: end - 1,
        hour: end - 25 * HOUR_MINUTES,
        day: 0,
      };
      if (isOver) deleteForSize(newest);
      else if (steadyMs >= STEADY_MS) deleteOld(settings, { minute, newest });
      if (freePages > mayFree) {
        db.exec(`PRAGMA incremental_vacuum(${VACUUM_PAGES})`);
        freePages -= VACUUM_PAGES;
      }
    },
    isOverCap: () => isOverCap,
    forget() {
      oldest.clear();
    },
  };

  function deleteOld(
    settings: HistorySettings,
    { minute, newest }: { minute: number; newest: Readonly<Record<HistoryLevel, number>> },
  ): void {
    const { secondHours, minuteDays, hourDays, dayDays, remoteDays } = settings;
    const cutoffs = {
      second: minute * 60 - secondHours * 3_600,
      minute: minute - minuteDays * 1_440,
      hour: minute - hourDays * 1_440,
    };
    for (const level of CAPPED) {
      // A whole slice at a time: pages are then freed, not rewritten row by row.
      const cutoff = Math.min(cutoffs[level], newest[level]);
      const first = oldestOf(level);
      if (first !== undefined && first + sliceOf(level) <= cutoff) deleteSlice(level, cutoff);
    }
    deleteProcessMinutes(minute);
    if (remoteDays !== null) forgetRemotes(minute - remoteDays * 1_440, newest);
    const atMs = minute * 60_000;
    if (dayDays !== null && deleteSlice("day", minute - dayDays * 1_440)) {
      db.prepare("DELETE FROM day WHERE from_minute < ?").run(state.get("day_from") ?? 0);
    } else if (Math.abs(atMs - sweptAtMs) >= SWEEP_EVERY_MS) {
      sweptAtMs = atMs;
      sweep(db, state);
      onSwept();
    }
  }
}

/** Deletes pairs whose remote is no longer in any detail. */
function dropForgotten(db: DatabaseSync, state: State): number {
  const before = Math.min(...REMOTE_LEVELS.map((level) => state.get(`${level}_remote_from`) ?? 0));
  const gone = db
    .prepare("DELETE FROM pair WHERE remote <> 0 AND used_minute < ?")
    .run(before - LONGEST_DAY_MINUTES);
  return Number(gone.changes);
}

/** Deletes pairs of which no day is left, processes of which no hour is, and the texts and applications that only they had. */
export function sweep(db: DatabaseSync, state: State): void {
  const pairs = db
    .prepare("DELETE FROM pair WHERE used_minute < (SELECT min(from_minute) FROM day)")
    .run();
  const processes = db.prepare(FORGOTTEN_PROCESSES).run(LONGEST_DAY_MINUTES);
  const forgotten = dropForgotten(db, state);
  if (Number(pairs.changes) + Number(processes.changes) + forgotten === 0) return;
  const inPairs = [
    ...["interface", "remote", "spoken", "user", "container", "country"].map(
      (column) => `SELECT ${column} FROM pair`,
    ),
    ...["name", "user", "container"].map((column) => `SELECT ${column} FROM process`),
    "SELECT interface FROM minute_process UNION SELECT interface FROM hour_process",
  ].join(" UNION ");
  const coverage = Object.values(LEVELS).map((level) => `SELECT interface FROM ${level.coverage}`);
  const usage = Object.values(LEVELS).map((level) => `SELECT application FROM ${level.usage}`);
  db.exec(`
    DELETE FROM text WHERE id <> 0 AND id NOT IN (${inPairs} UNION ${coverage.join(" UNION ")});
    DELETE FROM application WHERE id <> 0
      AND id NOT IN (SELECT application FROM pair UNION SELECT application FROM process UNION ${usage.join(" UNION ")});
  `);
}

/** Used on a day of which no row is left. Where there are none at all, nothing is known of what may be needed. */
const FORGOTTEN_PROCESSES = `
  DELETE FROM process WHERE used_minute + ? < (
    SELECT min(at) FROM (SELECT min(at) AS at FROM minute_process UNION ALL SELECT min(at) FROM hour_process)
  )`;
const LONGEST_DAY_MINUTES = 25 * 60;

function levelOf(db: DatabaseSync, level: HistoryLevel) {
  const tables = Object.values(LEVELS[level]).filter((table) => table !== undefined);
  const all = level === "day" ? [...tables, SPAN_DETAIL] : tables;
  const deletes = all.map((table) => db.prepare(`DELETE FROM ${table} WHERE at < ?`));
  const firsts = tables.map((table) => `SELECT min(at) AS at FROM ${table}`);
  const first = db.prepare(`SELECT min(at) AS at FROM (${firsts.join(" UNION ALL ")})`);
  return {
    oldest() {
      const at = first.get()?.at;
      return at === null || at === undefined ? undefined : Number(at);
    },
    deleteBefore(at: number) {
      for (const statement of deletes) statement.run(at);
    },
  };
}
