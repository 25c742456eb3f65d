// Local days in zones with odd offsets, over changes of the clocks and a journey: every byte on the day its clock showed.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { Period } from "../model/history.ts";
import { openHistoryStore } from "./open.ts";
import { detailOf, tickOf } from "./scripted-ticks.ts";

const DAY = 86_400_000;
/** A zone and an instant near which its clocks change. */
const CHANGES = [
  ["Europe/Berlin", "2026-03-29T01:00:00Z"],
  ["Europe/Berlin", "2026-10-25T01:00:00Z"],
  ["America/St_Johns", "2026-03-08T05:30:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:00:00Z"],
  ["Africa/Cairo", "2026-04-23T22:00:00Z"],
  ["Asia/Kathmandu", "2026-06-01T00:00:00Z"],
  ["Pacific/Kiritimati", "2026-06-01T00:00:00Z"],
] as const;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-zones-"));
});
after(() => rmSync(folder, { recursive: true }));

for (const [zone, at] of CHANGES) {
  test(`days of ${zone} around ${at} have the bytes that their dates had`, () => {
    const changeMs = Date.parse(at);
    const [fromMs, toMs] = [changeMs - 3 * DAY, changeMs + 3 * DAY];
    const path = join(folder, `${zone.replace("/", "-")}-${changeMs}.db`);
    const store = openHistoryStore({ path, version: "1", now: () => toMs, zone });
    const date = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
    const expected = new Map<string, number>();
    let rxBytes = 1;
    // No whole hours: near midnights and changes too.
    for (let atMs = fromMs + 1_000; atMs < toMs; atMs += 11 * 60_000) {
      rxBytes = (rxBytes * 7) % 100_003;
      store.append(tickOf(atMs, [detailOf({ rxBytes })]));
      const day = date.format(atMs - 1);
      expected.set(day, (expected.get(day) ?? 0) + rxBytes);
    }
    const { series, total } = store.query({ fromMs, toMs, stepMs: DAY });
    assert.deepEqual(
      series?.startsMs.map((startMs, n) => [date.format(startMs), series.rxBytes[n]]),
      [...expected],
    );
    for (const startMs of series?.startsMs.slice(1) ?? []) {
      assert.notEqual(date.format(startMs - 1), date.format(startMs), "it begins with its date");
    }
    assert.equal(
      total.rxBytes,
      [...expected.values()].reduce((sum, bytes) => sum + bytes, 0),
    );
    for (const [day, bytes] of expected) {
      const starts = series?.startsMs ?? [];
      const n = starts.findIndex((startMs) => date.format(startMs) === day);
      const period: Period = { fromMs: starts[n] ?? 0, toMs: starts[n + 1] ?? toMs };
      for (const groupBy of ["remote", "process"] as const) {
        const { rows } = store.query({ ...period, groupBy });
        const sum: number = rows.reduce((all, row) => all + row.rxBytes, 0);
        assert.equal(sum, bytes, `${day} by ${groupBy}`);
      }
    }
    store.close();
  });
}

test("on a journey days end where the zone changes: they never overlap, and no byte is on two", () => {
  const path = join(folder, "journey.db");
  const startMs = Date.parse("2026-06-01T10:00:00Z");
  let sum = 0;
  for (const [leg, zone] of ["Europe/Berlin", "Asia/Tokyo", "America/Los_Angeles"].entries()) {
    const store = openHistoryStore({ path, version: "1", now: () => startMs, zone });
    for (let hour = 0; hour < 20; hour += 1) {
      const atMs = startMs + (leg * 20 + hour) * 3_600_000;
      store.append(tickOf(atMs, [detailOf({ rxBytes: 1_000 + hour })]));
      sum += 1_000 + hour;
    }
    store.close();
  }
  const store = openHistoryStore({ path, version: "1", now: () => startMs, zone: "UTC" });
  const period = { fromMs: startMs - 2 * DAY, toMs: startMs + 5 * DAY };
  for (const stepMs of [3_600_000, DAY]) {
    const { total, series } = store.query({ ...period, stepMs });
    assert.equal(total.rxBytes, sum);
    assert.equal(
      series?.rxBytes.reduce((all, bytes) => all + bytes, 0),
      sum,
    );
  }
  store.close();
});
