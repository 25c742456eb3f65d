// Days when zones change and clocks jump: none overlap, and hours nest in them.
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createCalendar } from "../model/local-days.ts";
import { createDayBook, hourOf, storedDays } from "./day-book.ts";
import { migrate } from "./migrate.ts";

const minute = (text: string) => Date.parse(text) / 60_000;

test("createDayBook() ends the day where the zone changed, as on a journey, and begins another there", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db);
  const atHome = createDayBook(db, createCalendar("Europe/Berlin"));
  assert.equal(atHome.dayOf(minute("2026-11-08T10:00Z")).from, minute("2026-11-07T23:00Z"));
  const abroad = createDayBook(db, createCalendar("Asia/Kolkata"));
  const landed = minute("2026-11-08T15:20Z");
  assert.deepEqual(abroad.dayOf(landed), {
    from: landed,
    to: minute("2026-11-08T18:30Z"),
    imported: false,
  });
  assert.equal(abroad.dayOf(minute("2026-11-08T19:00Z")).from, minute("2026-11-08T18:30Z"));
  db.exec(`INSERT INTO minute_usage VALUES (${landed}, 0, 0, 1, 1, 0, 0)`);
  // The clock was set back to before the journey.
  assert.equal(abroad.dayOf(minute("2026-11-08T10:00Z")).from, minute("2026-11-07T23:00Z"));
  const days = storedDays(db, 0, minute("2027-01-01T00:00Z"));
  assert.deepEqual(
    days.map(({ to }, n) => days[n + 1]?.from ?? to),
    days.map(({ to }) => to),
    "one ends where the next begins",
  );
  const rows = db.prepare("SELECT date, offset_minutes FROM day ORDER BY from_minute").all();
  assert.deepEqual(
    rows.map(({ date, offset_minutes }) => [date, offset_minutes]),
    [
      ["2026-11-08", 60],
      ["2026-11-08", 330],
      ["2026-11-09", 330],
    ],
  );
  db.close();
});

test("hourOf() counts from the day's start, so that half-hour zones have whole local hours", () => {
  const day = {
    from: minute("2026-11-08T18:30Z"),
    to: minute("2026-11-09T18:30Z"),
    imported: false,
  };
  assert.equal(hourOf(minute("2026-11-08T18:30Z"), day), minute("2026-11-08T18:30Z"));
  assert.equal(hourOf(minute("2026-11-08T20:29Z"), day), minute("2026-11-08T19:30Z"));
});
