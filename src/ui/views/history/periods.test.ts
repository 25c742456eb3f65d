import assert from "node:assert/strict";
import { test } from "node:test";
import { neighbour, PERIODS, periodOf, periodText } from "./periods.ts";
import { openZone } from "./zone.ts";

const ZONE = openZone("Europe/Berlin");
const HOUR = 3_600_000;
const at = (text: string) => ZONE.read(text) ?? Number.NaN;
const of = (name: (typeof PERIODS)[number], now: string, cycleDay = 1) =>
  periodOf(name, { nowMs: at(now), zone: ZONE, cycleDay, firstAtMs: at("2026-10-01T00:00") });
const local = ({ fromMs, toMs }: { fromMs: number; toMs: number }) =>
  `${ZONE.local(fromMs)} ${ZONE.local(toMs)}`;

test("today begins at local midnight, also on days of 23 and 25 hours, and is compared up to the same time", () => {
  const spring = of("today", "2026-03-29T12:00");
  assert.equal(local(spring), "2026-03-29T00:00:00 2026-03-29T12:00:00");
  assert.equal(spring.toMs - spring.fromMs, 11 * HOUR);
  // Eleven hours into the day before, which had all of its own.
  assert.equal(local(spring.before ?? spring), "2026-03-28T00:00:00 2026-03-28T11:00:00");
  const autumn = of("today", "2026-10-25T12:00");
  assert.equal(autumn.toMs - autumn.fromMs, 13 * HOUR);
});

test("yesterday is as long as it was", () => {
  const yesterday = of("yesterday", "2026-10-26T08:00");
  assert.equal(local(yesterday), "2026-10-25T00:00:00 2026-10-26T00:00:00");
  assert.equal(yesterday.toMs - yesterday.fromMs, 25 * HOUR);
  assert.equal(yesterday.isOpen, false);
});

test("week, month and year begin with their first local day", () => {
  assert.equal(local(of("week", "2026-03-29T12:00")), "2026-03-23T00:00:00 2026-03-29T12:00:00");
  assert.equal(local(of("week", "2026-03-30T00:00:01")), "2026-03-30T00:00:00 2026-03-30T00:00:01");
  assert.equal(local(of("month", "2026-11-25T10:00")), "2026-11-01T00:00:00 2026-11-25T10:00:00");
  assert.equal(local(of("year", "2026-11-25T10:00")), "2026-01-01T00:00:00 2026-11-25T10:00:00");
  const january = of("month", "2026-01-31T10:00");
  assert.equal(ZONE.local(january.before?.fromMs ?? 0), "2025-12-01T00:00:00");
  // February is over before its 31st: what is compared ends with it.
  const march = of("month", "2026-03-31T10:00");
  assert.equal(local(march.before ?? march), "2026-02-01T00:00:00 2026-03-01T00:00:00");
});

test("a billing cycle begins on its day, or on the last of a shorter month", () => {
  assert.equal(
    local(of("cycle", "2026-11-14T10:00", 15)),
    "2026-10-15T00:00:00 2026-11-14T10:00:00",
  );
  assert.equal(local(of("cycle", "2026-11-15T00:00", 15)).slice(0, 19), "2026-11-15T00:00:00");
  assert.equal(local(of("cycle", "2026-03-30T10:00", 31)).slice(0, 19), "2026-02-28T00:00:00");
  const cycle = of("cycle", "2026-01-10T10:00", 31);
  assert.equal(local(cycle), "2025-12-31T00:00:00 2026-01-10T10:00:00");
  assert.equal(local(cycle.before ?? cycle), "2025-11-30T00:00:00 2025-12-10T10:00:00");
});

test("every period ends after it began, and before what it is compared with ends", () => {
  for (const name of PERIODS) {
    for (const now of [
      "2026-03-29T00:00",
      "2026-10-25T02:30",
      "2026-01-01T00:00",
      "2026-12-31T23:59:59",
    ]) {
      const period = of(name, now, 31);
      assert.ok(period.toMs > period.fromMs, `${name} ${now}`);
      if (period.before === undefined) continue;
      assert.ok(period.before.toMs > period.before.fromMs, `${name} ${now}`);
      assert.ok(period.before.toMs <= period.fromMs, `${name} ${now}`);
    }
  }
});

test("all begins with the first record", () => {
  assert.equal(ZONE.local(of("all", "2026-11-25T10:00").fromMs), "2026-10-01T00:00:00");
});

test("neighbour() keeps days, weeks and months whole, and anything else as long as it is", () => {
  const next = (from: string, to: string, by: 1 | -1) =>
    local(neighbour({ fromMs: at(from), toMs: at(to) }, { zone: ZONE, by }));
  assert.equal(
    next("2026-03-29T00:00", "2026-03-30T00:00", 1),
    "2026-03-30T00:00:00 2026-03-31T00:00:00",
  );
  assert.equal(
    next("2026-10-26T00:00", "2026-10-27T00:00", -1),
    "2026-10-25T00:00:00 2026-10-26T00:00:00",
  );
  assert.equal(
    next("2026-03-01T00:00", "2026-04-01T00:00", -1),
    "2026-02-01T00:00:00 2026-03-01T00:00:00",
  );
  assert.equal(
    next("2026-10-19T00:00", "2026-10-26T00:00", 1),
    "2026-10-26T00:00:00 2026-11-02T00:00:00",
  );
  assert.equal(
    next("2026-11-25T14:00", "2026-11-25T15:30", -1),
    "2026-11-25T12:30:00 2026-11-25T14:00:00",
  );
  // Today up to now: yesterday as a whole.
  assert.equal(
    next("2026-11-25T00:00", "2026-11-25T15:30", -1),
    "2026-11-24T00:00:00 2026-11-25T00:00:00",
  );
});

test("periodText() says no more than is needed", () => {
  const text = (from: string, to: string) =>
    periodText({ fromMs: at(from), toMs: at(to) }, { zone: ZONE, nowMs: at("2026-11-25T12:00") });
  assert.equal(text("2026-11-24T00:00", "2026-11-25T00:00"), "Tue 24 Nov");
  assert.equal(text("2026-11-01T00:00", "2026-12-01T00:00"), "Sun 1 Nov to Mon 30 Nov");
  assert.equal(text("2026-11-24T10:00", "2026-11-24T12:30"), "Tue 24 Nov, 10:00 to 12:30");
  assert.equal(
    text("2025-11-24T10:00:05", "2025-11-24T10:00:20"),
    "24 Nov 2025, 10:00:05 to 10:00:20",
  );
});
