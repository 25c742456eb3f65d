// Quotas under simulated time: periods of every kind, over the changes of the clocks, and what each share comes to.
import assert from "node:assert/strict";
import { test } from "node:test";
import { localDate, startOfDate } from "./local-time.ts";
import type { Quota, QuotaStep } from "./quota.ts";
import { endOfDay, newlyReached, quotaPeriod, quotaRule, quotaState } from "./quota-evaluate.ts";

const BERLIN = "Europe/Berlin";
const HOUR = 3_600_000;
const GB = 1e9;
const STEPS: readonly QuotaStep[] = [
  { atShare: 0.8, action: { do: "notify" } },
  { atShare: 1, action: { do: "throttle", rxBytesPerSecond: 125_000, txBytesPerSecond: null } },
  { atShare: 1.2, action: { do: "block" } },
];

test("quotaPeriod() has local days, weeks from Monday and months", () => {
  const at = Date.parse("2026-11-25T22:30:00Z"); // Wednesday, 23:30 in Berlin
  assert.deepEqual(period({ period: "day" }, at), [
    "2026-11-24T23:00:00.000Z",
    "2026-11-25T23:00:00.000Z",
  ]);
  assert.deepEqual(period({ period: "week" }, at), [
    "2026-11-22T23:00:00.000Z",
    "2026-11-29T23:00:00.000Z",
  ]);
  assert.deepEqual(period({ period: "month" }, at), [
    "2026-10-31T23:00:00.000Z",
    "2026-11-30T23:00:00.000Z",
  ]);
  const december = Date.parse("2026-12-31T22:59:59Z");
  assert.deepEqual(period({ period: "month" }, december), [
    "2026-11-30T23:00:00.000Z",
    "2026-12-31T23:00:00.000Z",
  ]);
});

test("quotaPeriod() has days of 23 and 25 hours, and weeks and months with them", () => {
  const spring = quotaPeriod(quota({ period: "day" }), Date.parse("2026-03-29T12:00:00Z"), BERLIN);
  assert.equal(spring.toMs - spring.fromMs, 23 * HOUR);
  const autumn = quotaPeriod(quota({ period: "day" }), Date.parse("2026-10-25T12:00:00Z"), BERLIN);
  assert.equal(autumn.toMs - autumn.fromMs, 25 * HOUR);
  const week = quotaPeriod(quota({ period: "week" }), Date.parse("2026-10-25T12:00:00Z"), BERLIN);
  assert.equal(week.toMs - week.fromMs, (7 * 24 + 1) * HOUR);
});

test("quotaPeriod() begins a billing cycle on its day, in a shorter month on the last one", () => {
  const cycle = (startDay: number, iso: string) =>
    period({ period: "billing", startDay }, Date.parse(iso));
  assert.deepEqual(cycle(15, "2026-11-14T12:00:00Z"), [
    "2026-10-14T22:00:00.000Z",
    "2026-11-14T23:00:00.000Z",
  ]);
  assert.deepEqual(cycle(15, "2026-11-15T12:00:00Z"), [
    "2026-11-14T23:00:00.000Z",
    "2026-12-14T23:00:00.000Z",
  ]);
  assert.deepEqual(cycle(31, "2027-02-27T12:00:00Z"), [
    "2027-01-30T23:00:00.000Z",
    "2027-02-27T23:00:00.000Z",
  ]);
  assert.deepEqual(cycle(31, "2027-02-28T12:00:00Z"), [
    "2027-02-27T23:00:00.000Z",
    "2027-03-30T22:00:00.000Z",
  ]);
  assert.deepEqual(cycle(31, "2027-01-15T12:00:00Z"), [
    "2026-12-30T23:00:00.000Z",
    "2027-01-30T23:00:00.000Z",
  ]);
});

test("periods follow each other without a gap for three years, in zones with odd clocks", () => {
  for (const zone of [BERLIN, "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]) {
    for (const parts of [
      { period: "day" },
      { period: "week" },
      { period: "month" },
      { period: "billing", startDay: 30 },
    ] as const) {
      let at = Date.parse("2025-01-01T12:00:00Z");
      let before = quotaPeriod(quota(parts), at, zone);
      while (at < Date.parse("2028-01-01T00:00:00Z")) {
        assert.ok(
          before.fromMs <= at && at < before.toMs,
          `${zone} ${parts.period} ${new Date(at).toISOString()}`,
        );
        const next = quotaPeriod(quota(parts), before.toMs, zone);
        assert.equal(
          next.fromMs,
          before.toMs,
          `${zone} ${parts.period} ${new Date(at).toISOString()}`,
        );
        assert.deepEqual(quotaPeriod(quota(parts), before.toMs - 1, zone), before);
        at = next.fromMs;
        before = next;
      }
    }
  }
});

test("startOfDate() begins a day without a midnight where the clocks land", () => {
  // Havana: 8 March 2026, 00:00 becomes 01:00.
  const start = startOfDate({ year: 2026, month: 3, day: 8 }, "America/Havana");
  assert.equal(new Date(start).toISOString(), "2026-03-08T05:00:00.000Z");
  assert.deepEqual(localDate(start - 1, "America/Havana").day, 7);
  assert.equal(endOfDay(start, "America/Havana"), Date.parse("2026-03-09T04:00:00Z"));
});

test("quotaState() goes through its steps as the bytes grow, and starts anew with the period", () => {
  const one = quota({ bytes: 10 * GB, period: "day" });
  const noon = Date.parse("2026-11-25T12:00:00Z");
  const at = (used: number, atMs = noon) => quotaState(one, usage(used), { atMs, zone: BERLIN });
  const seen = [0, 7.9, 8, 9.9, 10, 11.9, 12, 50].map((used) => at(used * GB).state);
  assert.deepEqual(seen, [
    "under",
    "under",
    "notified",
    "notified",
    "throttled",
    "throttled",
    "blocked",
    "blocked",
  ]);
  assert.equal(quotaRule(at(9 * GB)), undefined);
  const throttle = quotaRule(at(10 * GB));
  assert.deepEqual(
    [throttle?.id, throttle?.rxBytesPerSecond, throttle?.txBytesPerSecond, throttle?.block],
    ["q1", 125_000, null, false],
  );
  assert.equal(
    throttle?.expiresAtMs,
    Date.parse("2026-11-25T23:00:00Z"),
    "it ends with the period",
  );
  assert.equal(quotaRule(at(12 * GB))?.block, true);
  assert.equal(at(12 * GB).share, 1.2);
});

test("quotaState() holds a throttle through a later step that only notifies", () => {
  const steps: QuotaStep[] = [...STEPS.slice(0, 2), { atShare: 1.5, action: { do: "notify" } }];
  const state = quotaState(quota({ steps }), usage(16 * GB), { atMs: 0, zone: "UTC" });
  assert.deepEqual([state.state, state.step], ["throttled", 1]);
  assert.deepEqual(newlyReached(state, 1), [2]);
});

test("quotaState() waits while it is overridden, and does nothing while it is switched off", () => {
  const atMs = Date.parse("2026-11-25T12:00:00Z");
  const until = endOfDay(atMs, BERLIN);
  const overridden = quota({ overriddenUntilMs: until, period: "month" });
  const state = (ms: number) => quotaState(overridden, usage(20 * GB), { atMs: ms, zone: BERLIN });
  assert.deepEqual(
    [state(atMs).state, state(until - 1).state, state(until).state],
    ["overridden", "overridden", "blocked"],
  );
  assert.equal(quotaRule(state(atMs)), undefined);
  const off = quotaState(quota({ enabled: false }), usage(20 * GB), { atMs, zone: BERLIN });
  assert.equal(off.state, "disabled");
  assert.equal(quotaRule(off), undefined);
  assert.deepEqual(newlyReached(off, -1), []);
});

test("newlyReached() tells of each step once", () => {
  const state = (used: number) => quotaState(quota({}), usage(used * GB), { atMs: 0, zone: "UTC" });
  assert.deepEqual(newlyReached(state(5), -1), []);
  assert.deepEqual(newlyReached(state(8), -1), [0]);
  assert.deepEqual(newlyReached(state(9), 0), []);
  assert.deepEqual(newlyReached(state(13), 0), [1, 2], "all that one tick went past");
  assert.deepEqual(newlyReached(state(13), 2), []);
});

test("quotaState() says what it could not count", () => {
  const atMs = Date.parse("2026-11-25T12:00:00Z");
  const state = (source: "history" | "since-start", countedFromMs: number) =>
    quotaState(
      quota({ period: "day" }),
      { usedBytes: 0, source, countedFromMs },
      { atMs, zone: BERLIN },
    );
  assert.equal(state("history", 0).reason, null);
  assert.match(state("since-start", atMs - HOUR).reason ?? "", /since the daemon started/);
  assert.match(state("history", atMs - HOUR).reason ?? "", /history begins later/);
  assert.equal(state("history", 0).countedFromMs, state("history", 0).periodFromMs);
  assert.equal(state("since-start", atMs - HOUR).countedFromMs, atMs - HOUR);
});

function period(parts: Partial<Quota>, atMs: number): string[] {
  const { fromMs, toMs } = quotaPeriod(quota(parts), atMs, BERLIN);
  return [new Date(fromMs).toISOString(), new Date(toMs).toISOString()];
}

function usage(usedBytes: number) {
  return { usedBytes, source: "history", countedFromMs: 0 } as const;
}

function quota(parts: Partial<Quota>): Quota {
  return {
    id: "q1",
    target: { kind: "machine" },
    bytes: 10 * GB,
    direction: "both",
    exceptLan: false,
    period: "month",
    startDay: 1,
    steps: STEPS,
    enabled: true,
    overriddenUntilMs: null,
    createdAtMs: 0,
    ...parts,
  };
}
