// Periods by the caller's clock, also where the clocks change.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { choosePeriod, type PeriodOptions } from "./period.ts";

const zone = process.env.TZ;
before(() => {
  process.env.TZ = "Europe/Berlin";
});
after(() => {
  if (zone === undefined) delete process.env.TZ;
  else process.env.TZ = zone;
});

test("words are whole local days, compared with as much of the one before", () => {
  assert.deepEqual(chosen("today"), ["2026-03-29 00:00", "2026-03-29 15:00"]);
  assert.deepEqual(compared("today"), ["2026-03-28 00:00", "2026-03-28 14:00"]);
  assert.deepEqual(chosen("yesterday"), ["2026-03-28 00:00", "2026-03-29 00:00"]);
  assert.deepEqual(chosen("week"), ["2026-03-23 00:00", "2026-03-29 15:00"]);
  assert.deepEqual(chosen("month"), ["2026-03-01 00:00", "2026-03-29 15:00"]);
  // February ends before it is as long as March is by now.
  assert.deepEqual(compared("month"), ["2026-02-01 00:00", "2026-03-01 00:00"]);
  assert.deepEqual(chosen("year"), ["2026-01-01 00:00", "2026-03-29 15:00"]);
});

test("a billing cycle begins on its day, or on the last of a month without it", () => {
  assert.deepEqual(chosen("cycle", { cycleDay: "15" })[0], "2026-03-15 00:00");
  assert.deepEqual(chosen(undefined, { cycleDay: "31" })[0], "2026-02-28 00:00");
  assert.deepEqual(compared("cycle", { cycleDay: "31" })[0], "2026-01-31 00:00");
});

test("--last is up to now; --from and --to are days, times of today, or both", () => {
  assert.deepEqual(chosen(undefined, { last: "90min" }), ["2026-03-29 13:30", "2026-03-29 15:00"]);
  assert.deepEqual(chosen(undefined, { last: "1w" })[0], "2026-03-22 14:00");
  assert.deepEqual(chosen(undefined, { from: "2026-03-01", to: "2026-03-08" }), [
    "2026-03-01 00:00",
    "2026-03-09 00:00",
  ]);
  assert.deepEqual(chosen(undefined, { from: "08:15" }), ["2026-03-29 08:15", "2026-03-29 15:00"]);
  assert.deepEqual(chosen(undefined, { from: "2026-03-01 10:00", to: "2026-03-01T11:30" }), [
    "2026-03-01 10:00",
    "2026-03-01 11:30",
  ]);
  assert.equal(chosen(undefined, { from: "2026-03-01T10:00:00Z" })[0], "2026-03-01 11:00");
});

test("what is no period is said with a remedy", () => {
  const wrong: [word: string | undefined, options: PeriodOptions, message: RegExp][] = [
    ["tomorrow", {}, /"tomorrow" is no period\. Use today, /],
    ["cycle", {}, /Give its day of the month/],
    ["today", { last: "7d" }, /said twice/],
    [undefined, { last: "soon" }, /"soon" is no time/],
    [undefined, { from: "2026-02-30" }, /"2026-02-30" is no time/],
    [undefined, { from: "" }, /"" is no time/],
    [undefined, { from: "25:00" }, /"25:00" is no time/],
    [undefined, { to: "2026-01-01" }, /no beginning/],
    [undefined, { from: "2026-03-02", to: "2026-03-01" }, /ends before it begins/],
  ];
  for (const [word, options, message] of wrong) {
    assert.throws(() => chosen(word, options), { code: "invalid", message });
  }
});

/** A Sunday in spring on which 02:00 was 03:00. */
function choose(word: string | undefined, options: PeriodOptions) {
  const nowMs = new Date("2026-03-29T15:00").getTime();
  return choosePeriod(word, options, { nowMs, otherwise: "today" });
}

function chosen(word: string | undefined, options: PeriodOptions = {}): string[] {
  const { fromMs, toMs } = choose(word, options);
  return [fromMs, toMs].map(clock);
}

function compared(word: string, options: PeriodOptions = {}): string[] {
  const { fromMs, toMs } = choose(word, options).before;
  return [fromMs, toMs].map(clock);
}

function clock(atMs: number): string {
  return new Date(atMs).toLocaleString("sv-SE").slice(0, 16);
}
