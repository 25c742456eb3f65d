// Who met whom first, by the hour or at all, at every level; and what interfaces counted step by step.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { type HistoryStore, openHistoryStore } from "./open.ts";
import { detailOf, tickOf } from "./scripted-ticks.ts";

const START = Date.parse("2026-03-01T10:00:00Z");
const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
const WGET = "path:/usr/bin/wget";

let folder: string;
let store: HistoryStore;
let nowMs = START;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-meetings-"));
  store = openHistoryStore({
    path: join(folder, "history.db"),
    version: "1",
    now: () => nowMs,
    zone: "UTC",
  });
  for (const [atMs, more] of [
    [0, {}],
    [5 * MINUTE, { country: "FR", remote: "192.0.2.9" }],
    [6 * MINUTE, { country: "FR", remote: "192.0.2.9" }],
    [2 * HOUR, { application: WGET, user: "bob", remote: "bad.example" }],
    [3 * DAY, { country: "FR", remote: "192.0.2.9" }],
    [3 * DAY + HOUR, { country: "", remote: "" }],
    [3 * DAY + 2 * HOUR, { country: "JP", remote: "bad.example" }],
  ] as const) {
    // A second of the minute that began then.
    nowMs = START + atMs + 1_000;
    const detail = detailOf({ rxBytes: 1_000_000, ...more });
    const counted = { interface: "eth0", rxCountedBytes: 2_000_000, txCountedBytes: 0 };
    const coverage = [{ ...counted, rxAttributedBytes: 1_000_000, txAttributedBytes: 0 }];
    store.append(tickOf(nowMs, [detail], { coverage }));
  }
});
after(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

const words = ({ meetings }: ReturnType<HistoryStore["meetings"]>) =>
  meetings.map(
    ({ name, value, user, atMs }) => `${name} ${value} ${user} ${(atMs - START) / HOUR}`,
  );

test("meetings() has the first of each program and country, by user, the oldest first", () => {
  const period = { fromMs: START - MINUTE, toMs: START + 4 * DAY };
  assert.deepEqual(words(store.meetings({ ...period, of: "country", each: "first" })), [
    "curl DE ann 0",
    "curl FR ann 0",
    "wget DE bob 2",
    "curl JP ann 74",
  ]);
  const days = { fromMs: START - DAY, toMs: START + 5 * DAY };
  assert.deepEqual(
    words(store.meetings({ ...days, of: "country", each: "first" })),
    ["curl DE ann -10", "curl FR ann -10", "wget DE bob -10", "curl JP ann 74"],
    "days that are over are known by the day",
  );
  assert.deepEqual(
    words(store.meetings({ ...days, of: "country", each: "first", toHour: true })),
    ["curl DE ann 0", "curl FR ann 0", "wget DE bob 2", "curl JP ann 74"],
    "or by the hour",
  );
});

test("meetings() has each hour in which it was so, of the values that are asked for, to the hour", () => {
  const period = { fromMs: START - MINUTE, toMs: START + 4 * DAY };
  const values = ["192.0.2.9", "bad.example", "never.example"];
  assert.deepEqual(words(store.meetings({ ...period, of: "remote", each: "hour", values })), [
    "curl 192.0.2.9 ann 0",
    "wget bad.example bob 2",
    "curl 192.0.2.9 ann 72",
    "curl bad.example ann 74",
  ]);
  const none = store.meetings({ ...period, of: "remote", each: "hour", values: ["never.example"] });
  assert.deepEqual([none.meetings, none.isCut], [[], false]);
});

test("meetings() begins with the period, and refuses one that ends before it begins", () => {
  const period = { fromMs: START + 2 * DAY, toMs: START + 4 * DAY };
  const { meetings, observedMs } = store.meetings({ ...period, of: "country", each: "hour" });
  assert.deepEqual(
    meetings.map(({ value }) => value),
    ["FR", "JP"],
  );
  assert.ok(observedMs > 0);
  assert.throws(
    () => store.meetings({ fromMs: 2, toMs: 1, of: "country", each: "first" }),
    /ends before it begins/,
  );
});

test("coverage() sums each step in which something was counted", () => {
  const { steps, stepMs, isCut } = store.coverage({
    fromMs: START,
    toMs: START + 3 * DAY,
    stepMs: 10 * MINUTE,
  });
  assert.deepEqual([stepMs, isCut], [10 * MINUTE, false]);
  assert.deepEqual(
    steps.map(({ startMs, coverage: [row] }) => [
      (startMs - START) / MINUTE,
      row?.interface,
      row?.rxCountedBytes,
      row?.rxAttributedBytes,
    ]),
    [
      [0, "eth0", 6_000_000, 3_000_000],
      [120, "eth0", 2_000_000, 1_000_000],
    ],
  );
});
