// Days of zones with summer time, half hours, and clocks that change at midnight.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCalendar } from "./local-days.ts";

const minute = (text: string) => Date.parse(text) / 60_000;

test("createCalendar() gives days of 23 and 25 hours when the clocks change", () => {
  const berlin = createCalendar("Europe/Berlin");
  const spring = berlin(minute("2026-03-29T10:00Z"));
  assert.deepEqual(spring, {
    midnightMinute: minute("2026-03-28T23:00Z"),
    endMinute: minute("2026-03-29T22:00Z"),
    date: "2026-03-29",
    offsetMinutes: 60,
  });
  const autumn = berlin(minute("2026-10-25T00:30Z"));
  assert.equal(autumn.endMinute - autumn.midnightMinute, 25 * 60);
  assert.equal(autumn.offsetMinutes, 120);
});

test("createCalendar() begins a day without a midnight with its first instant", () => {
  const cairo = createCalendar("Africa/Cairo");
  // 2026-04-24: 00:00 becomes 01:00.
  const day = cairo(minute("2026-04-24T12:00Z"));
  assert.equal(day.date, "2026-04-24");
  assert.equal(day.midnightMinute, minute("2026-04-23T22:00Z"));
  assert.equal(day.endMinute - day.midnightMinute, 23 * 60);
});

test("createCalendar() knows half hours and where today begins far from UTC", () => {
  const day = createCalendar("Asia/Kolkata")(minute("2026-11-08T20:00Z"));
  assert.equal(day.date, "2026-11-09");
  assert.equal(day.midnightMinute, minute("2026-11-08T18:30Z"));
  const far = createCalendar("Pacific/Kiritimati")(minute("2026-11-08T10:00Z"));
  assert.equal(far.date, "2026-11-09");
  assert.equal(far.offsetMinutes, 14 * 60);
});

test("createCalendar() makes days that follow each other without a hole, through two years", () => {
  for (const zone of ["America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "UTC"]) {
    const calendar = createCalendar(zone);
    let at = minute("2026-01-01T12:00Z");
    let day = calendar(at);
    for (let n = 0; n < 730; n += 1) {
      at = day.endMinute;
      const next = calendar(at);
      assert.equal(next.midnightMinute, day.endMinute, `${zone} ${day.date}`);
      assert.ok(next.date > day.date);
      day = next;
    }
  }
});

test("createCalendar() refuses a zone that there is not", () => {
  assert.throws(() => createCalendar("Mars/Olympus"), RangeError);
});
