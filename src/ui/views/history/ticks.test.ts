import assert from "node:assert/strict";
import { test } from "node:test";
import { timeTicks } from "./ticks.ts";
import { openZone } from "./zone.ts";

const ZONE = openZone("Europe/Berlin");
const at = (text: string) => ZONE.read(text) ?? Number.NaN;
const texts = (from: string, to: string, most = 8) =>
  timeTicks({ fromMs: at(from), toMs: at(to) }, { zone: ZONE, most }).map(({ text }) => text);

test("timeTicks() stand at round local times, midnight says which day begins", () => {
  assert.deepEqual(texts("2026-11-24T20:00", "2026-11-25T04:00"), [
    "20:00",
    "21:00",
    "22:00",
    "23:00",
    "Wed 25 Nov",
    "01:00",
    "02:00",
    "03:00",
  ]);
  assert.deepEqual(texts("2026-11-24T10:00:10", "2026-11-24T10:00:40", 4), [
    "10:00:10",
    "10:00:20",
    "10:00:30",
  ]);
});

test("timeTicks() of weeks, months and years", () => {
  assert.deepEqual(texts("2026-10-23T12:00", "2026-10-28T12:00"), [
    "Sat 24 Oct",
    "Sun 25 Oct",
    "Mon 26 Oct",
    "Tue 27 Oct",
    "Wed 28 Oct",
  ]);
  assert.deepEqual(texts("2026-11-01T00:00", "2026-12-01T00:00", 5), [
    "2 Nov",
    "9 Nov",
    "16 Nov",
    "23 Nov",
    "30 Nov",
  ]);
  assert.deepEqual(texts("2025-11-05T00:00", "2026-04-05T00:00"), [
    "Dec",
    "2026",
    "Feb",
    "Mar",
    "Apr",
  ]);
  assert.deepEqual(texts("2016-06-01T00:00", "2026-06-01T00:00"), [
    "2018",
    "2020",
    "2022",
    "2024",
    "2026",
  ]);
});

test("timeTicks() are never more than asked for, whatever the period", () => {
  for (let length = 1_000; length < 3e12; length *= 1.7) {
    for (const most of [1, 3, 8, 14]) {
      const fromMs = at("2026-03-28T21:17:13");
      const ticks = timeTicks({ fromMs, toMs: fromMs + length }, { zone: ZONE, most });
      assert.ok(ticks.length <= most + 1, `${length} ms: ${ticks.length} of ${most}`);
      assert.ok(ticks.every(({ atMs }, n) => n === 0 || atMs > (ticks[n - 1]?.atMs ?? 0)));
    }
  }
});
