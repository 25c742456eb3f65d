/** Which stored day and hour a minute belongs to. Stored days never overlap, whatever happens to clocks and zones. */

import type { DatabaseSync } from "node:sqlite";
import type { Calendar } from "../model/local-days.ts";

/** Minutes since the epoch; `to` is the first that is no part of it. */
export interface StoredDay {
  readonly from: number;
  readonly to: number;
  readonly imported: boolean;
}

export const HOUR_MINUTES = 60;

export interface DayBook {
  /** The day of a minute, made where there is none. */
  dayOf(minute: number): StoredDay;
  forget(): void;
}

/** Hours are counted from the start of their day. */
export function hourOf(minute: number, { from }: StoredDay): number {
  return minute - ((minute - from) % HOUR_MINUTES);
}

/** Those that overlap the minutes, in order. */
export function storedDays(db: DatabaseSync, from: number, to: number): StoredDay[] {
  return db
    .prepare(
      "SELECT from_minute, to_minute, imported FROM day WHERE to_minute > ? AND from_minute < ? ORDER BY from_minute",
    )
    .all(from, to)
    .map((row) => ({
      from: Number(row.from_minute),
      to: Number(row.to_minute),
      imported: row.imported === 1,
    }));
}

export function createDayBook(db: DatabaseSync, calendar: Calendar): DayBook {
  const before = db.prepare(
    "SELECT * FROM day WHERE from_minute <= ? ORDER BY from_minute DESC LIMIT 1",
  );
  const after = db.prepare(
    "SELECT from_minute FROM day WHERE from_minute > ? ORDER BY from_minute LIMIT 1",
  );
  const add = db.prepare(
    "INSERT INTO day (from_minute, to_minute, date, midnight_minute, offset_minutes) VALUES (?, ?, ?, ?, ?)",
  );
  const end = db.prepare("UPDATE day SET to_minute = ? WHERE from_minute = ?");
  const later = db.prepare("SELECT 1 FROM minute_usage WHERE at >= ? LIMIT 1");
  let latest: StoredDay | undefined;

  function find(minute: number): StoredDay {
    const local = calendar(minute);
    const found = before.get(minute);
    const foundTo = Number(found?.to_minute ?? Number.NEGATIVE_INFINITY);
    let from = Math.max(local.midnightMinute, foundTo);
    if (found !== undefined && minute < foundTo) {
      const from_minute = Number(found.from_minute);
      const isSame = found.midnight_minute === local.midnightMinute;
      // The zone has changed, as on a journey: the old day ends here. Not where later minutes are in it already.
      if (isSame || from_minute === minute || later.get(minute) !== undefined) {
        return { from: from_minute, to: foundTo, imported: found.imported === 1 };
      }
      end.run(minute, from_minute);
      from = minute;
    }
    const next = after.get(minute)?.from_minute;
    const to = Math.min(local.endMinute, Number(next ?? Number.POSITIVE_INFINITY));
    add.run(from, to, local.date, local.midnightMinute, local.offsetMinutes);
    return { from, to, imported: false };
  }

  return {
    dayOf(minute) {
      if (latest === undefined || minute < latest.from || minute >= latest.to)
        latest = find(minute);
      return latest;
    },
    forget() {
      latest = undefined;
    },
  };
}
