// Schedules over the changes of the clocks, in zones that have them, and what people type.
import assert from "node:assert/strict";
import { test } from "node:test";
import { DEFAULT_PRIORITY, type LimitRule, type ScheduleWindow } from "./limit.ts";
import { schedulesOverlap } from "./limit-overlap.ts";
import {
  formatSchedule,
  isWithin,
  nextChangeMs,
  parseSchedule,
  rulesInForce,
  wallTime,
} from "./limit-schedule.ts";

const BERLIN = "Europe/Berlin";
const HOUR = 3_600_000;

test("rulesInForce() goes by the clock on the wall, in summer as in winter", () => {
  const office = rule({ schedule: parseSchedule("mon-fri 09:00-18:00") });
  const holds = (iso: string) => rulesInForce([office], Date.parse(iso), BERLIN).length === 1;
  // 09:00 in Berlin is 08:00 UTC in winter and 07:00 UTC in summer.
  assert.deepEqual(
    [
      "2026-01-12T07:59:59Z",
      "2026-01-12T08:00:00Z",
      "2026-01-12T16:59:59Z",
      "2026-01-12T17:00:00Z",
    ].map(holds),
    [false, true, true, false],
  );
  assert.deepEqual(
    [
      "2026-07-13T06:59:59Z",
      "2026-07-13T07:00:00Z",
      "2026-07-13T15:59:59Z",
      "2026-07-13T16:00:00Z",
    ].map(holds),
    [false, true, true, false],
  );
  assert.equal(holds("2026-07-12T10:00:00Z"), false, "a Sunday");
});

test("isWithin() crosses midnight and belongs to the day on which it began", () => {
  const night = parseSchedule("fri 22:00-06:00");
  const at = (weekday: number, minute: number) => isWithin(night, { weekday, minute });
  assert.deepEqual(
    [at(4, 1319), at(4, 1320), at(5, 0), at(5, 359), at(5, 360)],
    [false, true, true, true, false],
  );
  assert.equal(at(4, 0), false, "Friday's early hours are Thursday's night");
  const sunday = parseSchedule("sun 23:00-01:00");
  assert.equal(isWithin(sunday, { weekday: 0, minute: 30 }), true, "over the end of the week");
});

test("rulesInForce() holds twice as long in the hour that occurs twice, and skips the one that is skipped", () => {
  const early = rule({ schedule: parseSchedule("02:00-03:00") });
  const minutes = (iso: string) => {
    let held = 0;
    for (let i = 0; i < 24 * 60; i += 1) {
      held += rulesInForce([early], Date.parse(iso) + i * 60_000, BERLIN).length;
    }
    return held;
  };
  assert.equal(minutes("2026-10-24T22:00:00Z"), 120, "25 October: 02:00 comes twice");
  assert.equal(minutes("2026-03-28T23:00:00Z"), 0, "29 March: from 02:00 to 03:00 at once");
  assert.equal(minutes("2026-06-10T22:00:00Z"), 60);
});

test("rulesInForce() leaves out what is switched off, ended or not due", () => {
  const rules = [
    rule({ id: "l1" }),
    rule({ id: "l2", enabled: false }),
    rule({ id: "l3", expiresAtMs: 1_000 }),
    rule({ id: "l4", expiresAtMs: 1_001 }),
  ];
  assert.deepEqual(
    rulesInForce(rules, 1_000, "UTC").map(({ id }) => id),
    ["l1", "l4"],
  );
});

test("nextChangeMs() finds the next turn, also where the clocks change before it", () => {
  const at = Date.parse("2026-10-24T20:00:00Z"); // Saturday, 22:00 in Berlin
  const next = (text: string) => nextChangeMs(rule({ schedule: parseSchedule(text) }), at, BERLIN);
  assert.equal(next("sun 09:00-18:00"), Date.parse("2026-10-25T08:00:00Z"));
  assert.equal(next("22:30-23:00"), Date.parse("2026-10-24T20:30:00Z"));
  assert.equal(next("sat 00:00-24:00"), Date.parse("2026-10-24T22:00:00Z"));
  assert.equal(next("02:00-03:00"), Date.parse("2026-10-25T00:00:00Z"));
  assert.equal(next("always"), null);
  const limited = rule({ schedule: parseSchedule("sun 09:00-18:00"), expiresAtMs: at + HOUR });
  assert.equal(nextChangeMs(limited, at, BERLIN), at + HOUR, "it ends first");
  assert.equal(nextChangeMs(rule({}), at, BERLIN), null);
});

test("nextChangeMs() agrees with looking at every minute, through both changes of the clocks", () => {
  for (const text of ["02:15-02:45", "mon-fri 22:07-01:13", "sun 01:59-03:01", "sat,sun"]) {
    const one = rule({ schedule: parseSchedule(text) });
    for (const iso of ["2026-03-28T22:51:00Z", "2026-10-24T23:03:00Z", "2026-10-25T00:40:00Z"]) {
      const at = Date.parse(iso);
      const now = rulesInForce([one], at, BERLIN).length;
      let turn = at;
      while (rulesInForce([one], turn, BERLIN).length === now) turn += 60_000;
      assert.equal(nextChangeMs(one, at, BERLIN), turn, `${text} from ${iso}`);
    }
  }
});

test("wallTime() has Monday as day 0", () => {
  assert.deepEqual(wallTime(Date.parse("2026-11-23T00:05:00Z"), "UTC"), { weekday: 0, minute: 5 });
  assert.deepEqual(wallTime(Date.parse("2026-11-22T23:05:00Z"), "UTC"), {
    weekday: 6,
    minute: 1385,
  });
});

test("parseSchedule() reads what people write, and formatSchedule() writes it back", () => {
  const texts = {
    "mon-fri 09:00-18:00": "mon-fri 09:00-18:00",
    "Mon-Fri 9:00-12:00 13:00-18:00": "mon-fri 09:00-12:00, mon-fri 13:00-18:00",
    "mon-fri 22:00-06:00, sat,sun 00:00-24:00": "mon-fri 22:00-06:00, sat,sun",
    "sat sun": "sat,sun",
    "fri-mon": "mon,fri-sun",
    "22:00-06:00": "22:00-06:00",
    "weekdays 08:00-09:00": "mon-fri 08:00-09:00",
    weekend: "sat,sun",
    "monday,thursday 10:00-11:00": "mon,thu 10:00-11:00",
    daily: "always",
  };
  for (const [text, expected] of Object.entries(texts)) {
    assert.equal(formatSchedule(parseSchedule(text)), expected, text);
    assert.deepEqual(parseSchedule(formatSchedule(parseSchedule(text))), parseSchedule(text), text);
  }
});

test("parseSchedule() names what is wrong", () => {
  for (const text of [
    "",
    "mo",
    "mon-fri 9-18",
    "mon 25:00-26:00",
    "mon 09:00-09:00",
    "mon 09:60-10:00",
    "mon-tue-wed",
    "sometimes",
  ]) {
    assert.throws(() => parseSchedule(text), {
      code: "invalid",
      message: /^Cannot use this schedule: .+\. Write it as "mon-fri 09:00-18:00"$/,
    });
  }
});

test("schedulesOverlap() compares week with week", () => {
  const overlap = (a: string, b: string) => schedulesOverlap(parseSchedule(a), parseSchedule(b));
  assert.equal(overlap("mon-fri 09:00-18:00", "mon-fri 18:00-22:00"), false);
  assert.equal(overlap("mon-fri 09:00-18:01", "fri 18:00-22:00"), true);
  assert.equal(overlap("sun 23:00-02:00", "mon 01:00-03:00"), true, "over the end of the week");
  assert.equal(overlap("sat", "sun"), false);
  assert.equal(schedulesOverlap(null, parseSchedule("sun")), true);
});

function rule(
  parts: Partial<LimitRule> & { schedule?: readonly ScheduleWindow[] | null },
): LimitRule {
  return {
    id: "l1",
    target: { kind: "machine" },
    rxBytesPerSecond: 625_000,
    txBytesPerSecond: null,
    block: false,
    rxGuaranteedBytesPerSecond: null,
    txGuaranteedBytesPerSecond: null,
    priority: DEFAULT_PRIORITY,
    exceptLan: false,
    enabled: true,
    schedule: null,
    expiresAtMs: null,
    createdAtMs: 0,
    ...parts,
  };
}
