// What needs the past: forecasts with their band, hours that are unlike the others, previews; and where periods begin.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseRuleDraft } from "../model/alert-schema.ts";
import type { HistoryAnswer } from "../model/history.ts";
import { createBlockListReader, parseBlockList } from "./block-list.ts";
import { forecastOf } from "./evaluate-forecast.ts";
import { unusualIn } from "./evaluate-unusual.ts";
import type { PastTable } from "./past.ts";
import { DAY_MS, periodAt, quietUntil } from "./periods.ts";
import { previewOf, previewQueries } from "./preview.ts";
import { createWorld, factsAt, program, ruleOf } from "./scripted-facts.ts";
import { median, robustDeviation } from "./statistics.ts";

const HOUR_MS = 3_600_000;
const KEY = "path:/usr/bin/firefox";

function tableOf(
  startMs: number,
  stepMs: number,
  rx: readonly number[],
  tx = rx.map(() => 0),
): PastTable {
  return {
    startsMs: rx.map((_, at) => startMs + at * stepMs),
    observedMs: rx.map(() => stepMs),
    rows: new Map([[KEY, { name: "firefox", rxBytes: rx, txBytes: tx }]]),
  };
}

describe("forecastOf()", () => {
  const startMs = new Date(2026, 10, 1).getTime();
  const atMs = startMs + 10 * DAY_MS;
  const question = { key: KEY, direction: "both", atMs, capBytes: 20e9, usedBytes: 10e9 } as const;

  test("says when the cap is reached at the middle pace, with the band of the busier and quieter days", () => {
    const table = tableOf(startMs, DAY_MS, [0.5e9, 1e9, 1e9, 1e9, 2e9, 0.5e9, 1e9, 1e9, 1e9, 2e9]);
    const forecast = forecastOf(table, question);
    assert.equal(forecast?.bytesPerDay, 1e9);
    assert.equal(forecast?.atMs, atMs + 10 * DAY_MS);
    assert.ok((forecast?.earliestMs ?? 0) < (forecast?.atMs ?? 0));
    assert.ok((forecast?.latestMs ?? 0) >= (forecast?.atMs ?? 0));
    assert.equal(forecast?.days, 10);
  });

  test("does not move for one wild day, and says nothing from two days", () => {
    const wild = forecastOf(tableOf(startMs, DAY_MS, [1e9, 1e9, 1e9, 500e9, 1e9]), question);
    assert.equal(wild?.bytesPerDay, 1e9);
    assert.equal(forecastOf(tableOf(startMs, DAY_MS, [1e9, 1e9]), question), undefined);
    const never = forecastOf(tableOf(startMs, DAY_MS, [0, 0, 0]), question);
    assert.equal(never?.atMs, Number.POSITIVE_INFINITY);
  });

  test("fires once with the day in words, and ends when the pace falls", () => {
    const rule = ruleOf("r1", {
      condition: { kind: "forecast", period: "month", capBytes: 20e9 },
      scope: { kind: "application", match: "firefox" },
    });
    const bases = () => [{ key: KEY, name: "firefox", rxBytes: 10e9, txBytes: 0 }];
    const world = createWorld({ rules: [rule], bases });
    world.past.set("application", "day", tableOf(startMs, DAY_MS, new Array<number>(10).fill(1e9)));
    const take = (n: number) =>
      world.take(
        factsAt(atMs + n * 60_000, { intervalMs: 60_000, applications: [program("firefox", 1)] }),
      );
    for (let n = 0; n < 30; n += 1) take(n);
    assert.equal(world.events.length, 1);
    assert.equal(
      world.events[0]?.title,
      "firefox: at this pace the cap of 20.0 GB is reached on the 21st",
    );
    assert.match(
      world.events[0]?.text ?? "",
      /between the 21st and the 21st|\(between on the 21st and on the 21st\)/,
    );
    world.past.set(
      "application",
      "day",
      tableOf(startMs, DAY_MS, new Array<number>(10).fill(0.1e9)),
    );
    for (let n = 30; n < 40; n += 1) take(n);
    assert.equal(world.ended.length, 1);
  });
});

describe("unusualIn()", () => {
  const startMs = new Date(2026, 9, 1).getTime();
  const days = 20;
  /** Active from 9 to 18, about 100 MB an hour. */
  const hours = Array.from({ length: days * 24 }, (_, at) =>
    at % 24 >= 9 && at % 24 < 18 ? 100e6 + (at % 7) * 1e6 : 0,
  );
  const table = tableOf(
    startMs,
    HOUR_MS,
    hours,
    hours.map((bytes) => bytes / 20),
  );
  const all = { of: ["volume", "hour", "upload"], deviations: 6 } as const;
  const hourAt = (clock: number, rxBytes: number, txBytes: number) => ({
    key: KEY,
    name: "firefox",
    fromMs: startMs + days * DAY_MS + clock * HOUR_MS,
    rxBytes,
    txBytes,
  });

  test("an hour like the others is nothing", () => {
    assert.deepEqual(unusualIn(hourAt(10, 105e6, 5e6), table, all), []);
    assert.deepEqual(unusualIn(hourAt(3, 100e3, 0), table, all), []);
  });

  test("gives the reason in words, with what is usual", () => {
    const [much] = unusualIn(hourAt(10, 5e9, 0.2e9), table, all);
    assert.equal(much?.aspect, "volume");
    assert.equal(
      much?.text,
      "firefox moved 5.20 GB between 10:00 and 11:00. At this time of the day it usually moves 108 MB, and 111 MB at most on the 20 days before.",
    );
    const [odd, ...more] = unusualIn(hourAt(3, 50e6, 0), table, all);
    assert.deepEqual([odd?.aspect, more.length], ["hour", 0]);
    assert.match(odd?.text ?? "", /On 20 days before it was never active at this time of the day/);
    const [sent] = unusualIn(hourAt(10, 20e6, 90e6), table, all);
    assert.equal(sent?.aspect, "upload");
    assert.match(sent?.text ?? "", /81\.8 % of it was sent\. Usually it is 4\.7 %/);
  });

  test("says nothing without a week of history, of nobody who was not there, and not of aspects that are not asked for", () => {
    const short = tableOf(startMs + 15 * DAY_MS, HOUR_MS, hours.slice(0, 5 * 24));
    assert.deepEqual(unusualIn(hourAt(10, 5e9, 0), short, all), []);
    assert.deepEqual(unusualIn({ ...hourAt(10, 5e9, 0), key: "path:/new" }, table, all), []);
    assert.deepEqual(unusualIn(hourAt(10, 5e9, 0), table, { of: ["hour"], deviations: 6 }), []);
  });
});

describe("periodAt()", () => {
  const at = (...parts: [number, number, number, number?]) =>
    new Date(...(parts as [number, number, number])).getTime();
  const named = (atMs: number, ...how: [Parameters<typeof periodAt>[1], number?]) => {
    const { fromMs, toMs } = periodAt(atMs, ...how);
    return [fromMs, toMs].map((ms) => new Date(ms).toLocaleDateString("sv-SE"));
  };

  test("knows weeks from Monday, months, and cycles in months that are shorter", () => {
    const monday = at(2026, 10, 2);
    assert.deepEqual(named(monday, "week"), ["2026-11-02", "2026-11-09"]);
    assert.deepEqual(named(monday - 1, "week"), ["2026-10-26", "2026-11-02"]);
    assert.deepEqual(named(monday, "month"), ["2026-11-01", "2026-12-01"]);
    assert.deepEqual(named(at(2026, 2, 15), "cycle", 31), ["2026-02-28", "2026-03-31"]);
    assert.deepEqual(named(at(2026, 1, 28), "cycle", 31), ["2026-02-28", "2026-03-31"]);
    assert.deepEqual(named(at(2026, 0, 3), "cycle", 15), ["2025-12-15", "2026-01-15"]);
  });

  test("each instant of three years lies in exactly one cycle", () => {
    for (const cycleDay of [1, 15, 29, 30, 31]) {
      let end: number | undefined;
      for (let ms = at(2026, 0, 1); ms < at(2029, 0, 1); ms += DAY_MS / 2) {
        const { fromMs, toMs } = periodAt(ms, "cycle", cycleDay);
        assert.ok(fromMs <= ms && ms < toMs, `${cycleDay} ${new Date(ms)}`);
        if (end !== undefined && fromMs >= end) assert.equal(fromMs, end);
        end = toMs;
      }
    }
  });

  test("hours are those of the clock on the wall, also in zones of half hours", () => {
    const before = process.env.TZ;
    const hourOf = (zone: string, moment: string) => {
      process.env.TZ = zone;
      const { fromMs, toMs } = periodAt(Date.parse(moment), "hour");
      return [fromMs, toMs].map((ms) => new Date(ms).toISOString().slice(11, 16)).join(" ");
    };
    try {
      assert.equal(hourOf("Europe/Berlin", "2026-11-08T12:10Z"), "12:00 13:00");
      assert.equal(hourOf("Asia/Kolkata", "2026-11-08T12:10Z"), "11:30 12:30");
      assert.equal(hourOf("Asia/Kathmandu", "2026-11-08T12:10Z"), "11:15 12:15");
      // The day has 23.5 hours there; its last one ends with it.
      assert.equal(hourOf("Australia/Lord_Howe", "2026-10-04T12:40Z"), "12:30 13:00");
    } finally {
      if (before === undefined) delete process.env.TZ;
      else process.env.TZ = before;
    }
  });

  test("quiet hours go over midnight", () => {
    const quiet = { fromMinute: 22 * 60, toMinute: 7 * 60 };
    assert.equal(quietUntil(at(2026, 10, 2, 23), quiet), at(2026, 10, 3, 7));
    assert.equal(quietUntil(at(2026, 10, 3, 6), quiet), at(2026, 10, 3, 7));
    assert.equal(quietUntil(at(2026, 10, 3, 7), quiet), undefined);
    assert.equal(
      quietUntil(at(2026, 10, 3, 12), { fromMinute: 720, toMinute: 780 }),
      at(2026, 10, 3, 13),
    );
    assert.equal(quietUntil(at(2026, 10, 3, 13), { fromMinute: 720, toMinute: 780 }), undefined);
    assert.equal(quietUntil(at(2026, 10, 3, 13), null), undefined);
  });
});

test("median() and robustDeviation() are not moved by a wild value", () => {
  assert.equal(median([1, 2, 3, 1_000]), 2.5);
  assert.equal(median([]), 0);
  assert.ok(robustDeviation([10, 11, 9, 10, 1e9]) < 2);
});

describe("parseBlockList()", () => {
  test("reads the formats that lists have, over any break between pieces", () => {
    const text = [
      "# comment",
      "; another",
      "! and one more",
      "[Adblock Plus]",
      "192.0.2.1",
      "198.51.100.0/24 # with a remark",
      "2001:db8::/32",
      "2001:DB9::1",
      "0.0.0.0 ads.example www.ads.example",
      "127.0.0.1 localhost",
      "||tracker.example^$third-party",
      "*.wild.example",
      "plain.example",
      "com",
      "/banner/*",
      "x".repeat(100_000),
      "",
    ].join("\r\n");
    const whole = parseBlockList(text);
    assert.deepEqual([whole.entries, whole.skipped, whole.isCut], [9, 3, false]);
    const pieces = createBlockListReader();
    for (let at = 0; at < text.length; at += 7) pieces.add(text.slice(at, at + 7));
    const { entries, skipped, match } = pieces.end();
    assert.deepEqual([entries, skipped], [9, 3]);
    const found = (address: string, host = "") => match(address, host) !== undefined;
    assert.ok(found("192.0.2.1") && !found("192.0.2.2"));
    assert.ok(found("198.51.100.255") && !found("198.51.101.0"));
    assert.ok(found("2001:db8:1::5") && found("2001:db9::1") && !found("2001:db9::2"));
    assert.ok(found("", "ads.example") && !found("", "sub.ads.example"));
    assert.ok(
      found("", "a.b.tracker.example") && found("", "WILD.example.") && found("", "plain.example"),
    );
    assert.ok(!found("", "notplain.example") && !found("", "example") && !found("", "localhost"));
  });
});

describe("a preview", () => {
  const toMs = new Date(2026, 10, 9).getTime();
  const period = { fromMs: toMs - 7 * DAY_MS, toMs };
  const answerOf = (
    stepMs: number,
    fromMs: number,
    rates: (at: number) => number,
  ): HistoryAnswer => {
    const steps = Math.round((toMs - fromMs) / stepMs);
    const rx = Array.from({ length: steps }, (_, at) => rates(at));
    const bytes = {
      rxBytes: rx.reduce((all, one) => all + one, 0),
      txBytes: 0,
      rxLoopbackBytes: 0,
      txLoopbackBytes: 0,
      connectionsOpened: null,
    };
    const zeros = rx.map(() => 0);
    return {
      fromMs,
      toMs,
      total: bytes,
      observedMs: toMs - fromMs,
      rows: [{ ...bytes, key: KEY, name: "firefox", before: null, rxSeries: rx, txSeries: zeros }],
      others: null,
      series: {
        level: "minute",
        stepMs,
        startsMs: rx.map((_, at) => fromMs + at * stepMs),
        observedMs: rx.map(() => stepMs),
        rxBytes: rx,
        txBytes: zeros,
      },
      before: null,
      percentile95: null,
      coverage: [],
      gaps: [],
      sessions: [],
    };
  };

  test("counts what a rate would have done, as often as it came back", () => {
    const rule = parseRuleDraft({
      condition: { kind: "rate", bytesPerSecond: 1e6, forMs: 30_000 },
      scope: { kind: "application", match: "firefox" },
    });
    const plan = previewQueries(rule, period);
    assert.ok(typeof plan !== "string");
    const isPeak = (at: number) => at % 288 >= 100 && at % 288 < 110;
    const answers = [answerOf(300_000, period.fromMs, (at) => (isPeak(at) ? 6e8 : 1e6))];
    const { fired, events, basis } = previewOf(rule, { period, plan, answers });
    assert.equal(fired, 7);
    assert.equal(events[0]?.title, "firefox moves 16.0 Mbit/s");
    assert.match(basis, /averages of five minutes/);
  });

  test("counts percentages of a volume within the week alone, and new programs", () => {
    const rule = parseRuleDraft({
      condition: { kind: "volume", period: "day", capBytes: 1e9, percentages: [50, 100] },
      scope: { kind: "application", match: "*" },
    });
    const plan = previewQueries(rule, period);
    assert.ok(typeof plan !== "string");
    const volume = [answerOf(HOUR_MS, period.fromMs, () => 30e6)];
    assert.equal(previewOf(rule, { period, plan, answers: volume }).fired, 7);
    const newcomer = parseRuleDraft({ condition: { kind: "newcomer" } });
    const asked = previewQueries(newcomer, period);
    assert.ok(typeof asked !== "string");
    const before = { ...answerOf(HOUR_MS, period.fromMs - 7 * DAY_MS, () => 0), rows: [] };
    const now = answerOf(HOUR_MS, period.fromMs, (at) => (at > 5 ? 1 : 0));
    const found = previewOf(newcomer, { period, plan: asked, answers: [before, now] });
    assert.deepEqual(found.events, [
      { atMs: period.fromMs + 6 * HOUR_MS, title: "firefox uses the network for the first time" },
    ]);
  });

  test("says where the history cannot tell", () => {
    const of = (condition: object) => String(previewQueries(parseRuleDraft({ condition }), period));
    assert.match(of({ kind: "degraded" }), /keeps its gaps, not what else did not work/);
    assert.match(of({ kind: "limit" }), /does not keep when a limit was in trouble/);
    assert.match(of({ kind: "interface-gone" }), /not whether a quiet one was there/);
    assert.match(of({ kind: "newcomer", of: ["executable"] }), /which file a program was/);
  });
});
