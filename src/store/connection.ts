/** One opened database with all that writes to it. */

import type { DatabaseSync } from "node:sqlite";
import type { HistorySettings, HistoryTick } from "../model/history.ts";
import type { Calendar } from "../model/local-days.ts";
import { openForWriting } from "./database.ts";
import type { DictionaryLimits } from "./dictionary.ts";
import { createRecorder, secondOf } from "./recorder.ts";
import { createRetention } from "./retention.ts";
import { beginSession, type NewGap } from "./sessions.ts";
import { readSettings, writeSettings } from "./settings.ts";
import { troubleOf } from "./sqlite-error.ts";
import { createRememberedState } from "./state.ts";

export interface ConnectionOptions {
  readonly path: string;
  readonly atMs: number;
  readonly version: string;
  readonly calendar: Calendar;
  readonly limits?: DictionaryLimits | undefined;
}

export interface Batch {
  readonly ticks: readonly HistoryTick[];
  readonly gaps: readonly NewGap[];
  /** The run goes on until here. */
  readonly seenAtMs: number;
  /** How long the clock has gone on without a jump. */
  readonly steadyMs: number;
  /** Time from one tick to the next. */
  readonly intervalMs: number;
}

export interface Connection {
  readonly db: DatabaseSync;
  readonly warnings: readonly string[];
  settings(changes?: Partial<HistorySettings>): HistorySettings;
  /** All in one transaction, or nothing. @throws what SQLite throws. */
  write(batch: Batch): void;
  /** Several statements as one. @throws what they throw, after taking them back. */
  inTransaction<Result>(work: () => Result): Result;
  isOverCap(): boolean;
  /** `clean`: the run ends here. */
  close(clean: boolean): void;
}

/** @param damage what SQLite said of this file before. @throws MonitauriError as openForWriting(). */
export function connect(options: ConnectionOptions, damage?: unknown): Connection {
  const { db, warnings } = openForWriting(options.path, options.atMs, damage);
  try {
    return connectionOf(db, warnings, options);
  } catch (error) {
    db.close();
    if (damage !== undefined || troubleOf(error) !== "corrupt") throw error;
    return connect(options, error);
  }
}

function connectionOf(
  db: DatabaseSync,
  warnings: readonly string[],
  { atMs, version, calendar, limits }: ConnectionOptions,
): Connection {
  const state = createRememberedState(db);
  const recorder = createRecorder(db, { state, calendar, limits });
  const retention = createRetention(db, { state, onSwept: recorder.forget });
  const session = beginSession(db, { atMs, version });
  let settings = readSettings(db);

  function inTransaction<Result>(work: () => Result): Result {
    db.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      db.exec("COMMIT");
      return result;
    } catch (error) {
      // SQLite takes back some failed transactions by itself.
      if (db.isTransaction) db.exec("ROLLBACK");
      for (const part of [recorder, retention, state]) part.forget();
      throw error;
    }
  }

  return {
    db,
    warnings,
    settings(changes) {
      if (changes !== undefined) settings = writeSettings(db, changes);
      return settings;
    },
    write({ ticks, gaps, seenAtMs, steadyMs, intervalMs }) {
      inTransaction(() => {
        for (const tick of ticks) recorder.record(tick, settings.remotes);
        for (const gap of gaps) session.addGap(gap);
        session.seen(seenAtMs);
        const last = ticks.at(-1);
        if (last !== undefined) state.set("last_second", secondOf(last.atMs));
        retention.step(settings, { atMs: seenAtMs, steadyMs, intervalMs });
      });
    },
    inTransaction,
    isOverCap: retention.isOverCap,
    close(clean) {
      try {
        if (clean) session.end();
      } finally {
        db.close();
      }
    },
  };
}
