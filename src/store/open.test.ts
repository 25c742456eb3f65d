// The store as a whole on real files: what goes in comes out, and trouble is said, not thrown.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { MonitauriError } from "../model/error.ts";
import { type HistoryStore, openHistoryStore } from "./open.ts";
import { openHistoryReader } from "./reader.ts";
import { detailOf, tickOf } from "./scripted-ticks.ts";

const START = Date.parse("2026-11-08T12:00:00Z");
const HOUR = 3_600_000;
const DAY = 24 * HOUR;
let folder: string;
let files = 0;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-store-"));
});
after(() => rmSync(folder, { recursive: true }));

function newPath(): string {
  files += 1;
  return join(folder, `history-${files}.db`);
}

function open(
  path: string,
  { nowMs = START, zone = "Europe/Berlin", limits = undefined as never } = {},
) {
  return openHistoryStore({ path, version: "1.2.3", now: () => nowMs, zone, limits });
}

const curl = (rxBytes: number, txBytes = 0) => detailOf({ rxBytes, txBytes });

function rxOf(store: HistoryStore, fromMs: number, toMs: number): number {
  return store.query({ fromMs, toMs }).total.rxBytes;
}

test("append() keeps a tick that query() finds at once, after closing too, and the file is private", () => {
  const path = newPath();
  const store = open(path);
  store.append(tickOf(START + 1_000, [curl(1_000, 10)]));
  const ask = { fromMs: START, toMs: START + 60_000, groupBy: "remote" } as const;
  const row = store.query(ask).rows[0];
  assert.deepEqual(
    { key: row?.key, rxBytes: row?.rxBytes, txBytes: row?.txBytes },
    { key: "example.org", rxBytes: 1_000, txBytes: 10 },
  );
  store.close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  const again = open(path, { nowMs: START + HOUR });
  assert.equal(rxOf(again, START, START + 60_000), 1_000);
  again.close();
});

test("append() adds up ticks of the same second when the clock is set back, and notes the jump", () => {
  const store = open(newPath());
  for (let n = 1; n <= 120; n += 1) store.append(tickOf(START + n * 1_000, [curl(1)]));
  for (let n = 1; n <= 180; n += 1) store.append(tickOf(START + n * 1_000, [curl(10)]));
  assert.equal(rxOf(store, START, START + HOUR), 120 + 1_800);
  assert.equal(rxOf(store, START, START + 1_000), 11);
  assert.equal(rxOf(store, START - DAY, START + DAY), 120 + 1_800);
  const [gap] = store.query({ fromMs: START, toMs: START + HOUR }).gaps;
  assert.equal(gap?.reason, "clock-changed");
  assert.match(gap?.detail ?? "", /set back by 120 s/);
  store.close();
});

test("query() tells gaps from zeros: off, suspended and watched without traffic", () => {
  const path = newPath();
  const first = open(path);
  for (let n = 1; n <= 600; n += 1)
    first.append(tickOf(START + n * 1_000, n <= 60 ? [curl(1)] : []));
  const suspended = {
    fromMs: START + 600_000,
    toMs: START + 1_200_000,
    reason: "suspended",
  } as const;
  first.append(tickOf(START + 1_201_000, [curl(5)], { gap: suspended }));
  first.close();
  const second = open(path, { nowMs: START + 2 * HOUR });
  second.append(tickOf(START + 2 * HOUR + 1_000, [curl(7)]));
  const answer = second.query({ fromMs: START, toMs: START + 3 * HOUR, stepMs: 300_000 });
  assert.equal(answer.series?.stepMs, 300_000);
  assert.deepEqual(answer.series.observedMs.slice(0, 5), [300_000, 300_000, 0, 0, 1_000]);
  assert.deepEqual(answer.series.rxBytes.slice(0, 5), [60, 0, 0, 0, 5]);
  assert.deepEqual(
    answer.gaps.map(({ reason }) => reason),
    ["off", "suspended"],
  );
  assert.deepEqual(
    answer.sessions.map(({ clean, version }) => [clean, version]),
    [
      [null, "1.2.3"],
      [true, "1.2.3"],
    ],
  );
  second.close();
});

test("append() makes a gap of ticks that never reached it, and no jump of the clock", () => {
  const store = open(newPath());
  store.append(tickOf(START + 1_000, [curl(1)]));
  const lost = { fromMs: START + 1_000, toMs: START + 40_000 };
  store.append(tickOf(START + 41_000, [curl(1)]), lost);
  const answer = store.query({ fromMs: START, toMs: START + 41_000, stepMs: 1_000 });
  assert.deepEqual(
    answer.gaps.map(({ fromMs, toMs, reason }) => [fromMs, toMs, reason]),
    [[lost.fromMs, lost.toMs, "not-kept"]],
  );
  assert.equal(answer.series?.observedMs[20], 0);
  assert.equal(answer.series?.observedMs[40], 1_000);
  store.close();
});

test("query() compares with the period before and gives the 95th percentile of what was watched", () => {
  const store = open(newPath());
  for (let n = 1; n <= 2_400; n += 1) {
    const minute = Math.ceil(n / 60);
    store.append(tickOf(START + n * 1_000, [curl(minute <= 20 ? 100 : minute * 1_000)]));
  }
  const fromMs = START + 20 * 60_000;
  const answer = store.query({
    fromMs,
    toMs: fromMs + 20 * 60_000,
    groupBy: "application",
    before: "previous",
    percentile: true,
  });
  assert.equal(answer.before?.total.rxBytes, 20 * 60 * 100);
  assert.equal(answer.rows[0]?.before?.rxBytes, 20 * 60 * 100);
  // Minutes 21 to 40: the 19th of 20 has 39,000 bytes a second.
  assert.deepEqual(answer.percentile95, {
    rxBytesPerSecond: 39_000,
    txBytesPerSecond: 0,
    sampleMs: 60_000,
    samples: 20,
  });
  store.close();
});

test("append() keeps what details do not explain, hostile names and numbers that are none", () => {
  const store = open(newPath());
  const tick = tickOf(START + 1_000, [
    detailOf({ remote: "\u001b[31m\u202e<b>", rxBytes: 100, txBytes: Number.NaN, port: -3 }),
  ]);
  const application = tick.applications[0];
  assert.ok(application);
  const more = {
    ...application,
    rxBytes: 150.4,
    txBytes: Number.POSITIVE_INFINITY,
    interfaces: [{ name: "eth0", rxBytes: 150, txBytes: -1 }],
  };
  store.append({ ...tick, applications: [more], machine: { ...tick.machine, txBytes: -5 } });
  assert.deepEqual(store.trouble(), { warnings: [], fault: undefined, lostTicks: 0 });
  const { rows } = store.query({ fromMs: START, toMs: START + HOUR, groupBy: "remote", top: 9 });
  assert.deepEqual(rows.map(({ key, rxBytes }) => [key, rxBytes]).sort(), [
    ["", 50],
    ["\\x1b[31m\\u{202e}<b>", 100],
  ]);
  store.close();
});

test("append() folds new remotes and applications beyond their limits, at all levels alike", () => {
  const limits = { pairsADay: 10, applications: 5 } as never;
  const store = open(newPath(), { limits });
  for (let n = 0; n < 200; n += 1) {
    const detail = detailOf({
      remote: `10.0.0.${n}`,
      application: `path:/tmp/${n % 20}`,
      rxBytes: 1,
    });
    store.append(tickOf(START + n * 1_000, [detail]));
  }
  const by = (groupBy: "remote" | "application", hours: number) =>
    store.query({ fromMs: START - hours * HOUR, toMs: START + hours * HOUR, groupBy, top: 500 });
  for (const hours of [1, 40]) {
    const remotes = by("remote", hours).rows;
    assert.equal(sum(remotes.map((row) => row.rxBytes)), 200);
    assert.ok(remotes.length <= 11);
    assert.ok((remotes.find(({ key }) => key === "")?.rxBytes ?? 0) >= 190);
    const applications = by("application", hours).rows;
    assert.equal(sum(applications.map((row) => row.rxBytes)), 200);
    assert.ok(applications.some(({ key }) => key === "other:"));
  }
  store.close();
});

test("a damaged file is set aside with its date, said, and a new one begun; nothing is deleted", () => {
  const path = newPath();
  const store = open(path);
  for (let n = 1; n < 500; n += 1) store.append(tickOf(START + n * 1_000, [curl(n)]));
  store.close();
  const bytes = readFileSync(path);
  bytes.fill(0x5a, 0, 4_096);
  writeFileSync(path, bytes);
  const next = open(path, { nowMs: START + DAY });
  next.append(tickOf(START + DAY + 1_000, [curl(1)]));
  assert.match(next.trouble().warnings[0] ?? "", /damaged.*set aside as .*-damaged-2026-11-09\.db/);
  assert.equal(next.query({ fromMs: START, toMs: START + 2 * DAY }).total.rxBytes, 1);
  next.close();
  const aside = path.replace(".db", "-damaged-2026-11-09.db");
  assert.deepEqual(readFileSync(aside), bytes);
});

test("damage that shows while writing is met the same way, and goes on with the tick", () => {
  const path = newPath();
  const store = open(path);
  for (let n = 1; n < 4_000; n += 1) store.append(tickOf(START + n * 1_000, [curl(n)]));
  store.close();
  // The header and the schema stay; the pages behind are gone.
  const bytes = readFileSync(path);
  bytes.fill(0xff, 20 * 4_096);
  writeFileSync(path, bytes);
  const next = open(path, { nowMs: START + DAY });
  for (let n = 1; n < 5; n += 1) next.append(tickOf(START + DAY + n * 1_000, [curl(3)]));
  const { warnings, fault } = next.trouble();
  assert.equal(fault, undefined);
  assert.match(warnings[0] ?? "NONE", /set aside/);
  assert.equal(rxOf(next, START + DAY, START + DAY + HOUR), 12);
  next.close();
});

test("append() waits for a foreign lock without throwing, and writes what waited afterwards", () => {
  const path = newPath();
  const store = open(path);
  store.append(tickOf(START + 1_000, [curl(1)]));
  const other = new DatabaseSync(path);
  other.exec("BEGIN IMMEDIATE");
  for (let n = 2; n <= 4; n += 1) store.append(tickOf(START + n * 1_000, [curl(1)]));
  assert.match(store.trouble().fault ?? "", /locked/);
  assert.equal(rxOf(store, START, START + HOUR), 1);
  other.exec("ROLLBACK");
  other.close();
  store.append(tickOf(START + 5_000, [curl(1)]));
  assert.deepEqual(store.trouble(), { warnings: [], fault: undefined, lostTicks: 0 });
  assert.equal(rxOf(store, START, START + HOUR), 5);
  store.close();
});

test("a history of a newer version is refused untouched", () => {
  const path = newPath();
  open(path).close();
  const bytes = readFileSync(path);
  bytes.writeUInt32BE(99, 60); // user_version, https://www.sqlite.org/fileformat.html
  writeFileSync(path, bytes);
  const filesBefore = readdirSync(folder);
  assert.throws(() => open(path), {
    code: "unsupported",
    message: /version 99.*Nothing was changed/,
  });
  assert.deepEqual(readFileSync(path), bytes);
  assert.deepEqual(readdirSync(folder), filesBefore);
});

test("openHistoryStore() throws a MonitauriError with a remedy for a folder that cannot be", () => {
  assert.throws(
    () => open("/proc/history.db"),
    (error) =>
      error instanceof MonitauriError && /Cannot open the history .*--data/.test(error.message),
  );
});

test("openHistoryReader() reads while the store writes, the open minute too", () => {
  const path = newPath();
  assert.throws(() => openHistoryReader({ path, now: () => START }), { code: "not-found" });
  const store = open(path);
  using reader = openHistoryReader({ path, now: () => START, zone: "Europe/Berlin" });
  for (let n = 1; n <= 300; n += 1) {
    store.append(tickOf(START + n * 1_000, [curl(1)]));
    const asked = { fromMs: START - DAY, toMs: START + DAY };
    if (n % 50 === 0) assert.equal(reader.query(asked).total.rxBytes, n);
  }
  store.close();
});

test("query() draws no more than there can be of a period without an end", () => {
  const store = open(newPath());
  store.append(tickOf(START + 1_000, [curl(9)]));
  for (const stepMs of ["auto", 1, DAY] as const) {
    const { series, total } = store.query({ fromMs: 0, toMs: START + 3_000 * DAY, stepMs });
    assert.ok((series?.startsMs.length ?? 0) < 1_100, `${series?.startsMs.length} steps`);
    assert.equal(sum(series?.rxBytes ?? []), 9);
    assert.equal(total.rxBytes, 9);
  }
  const nothing = store.query({ fromMs: 0, toMs: DAY, stepMs: "auto", groupBy: "remote" });
  assert.deepEqual([nothing.rows, nothing.total.rxBytes, nothing.observedMs], [[], 0, 0]);
  store.close();
});

test("query() gives many rows longer steps: an answer has an end", () => {
  const store = open(newPath(), { zone: "UTC" });
  for (let n = 0; n < 1_200; n += 1) {
    const application = `path:/app-${n}`;
    store.append(tickOf(START + n * 1_000, [detailOf({ application, rxBytes: 1 })]));
  }
  const ask = (top: number) => {
    const period = { fromMs: START - 2 * HOUR, toMs: START + HOUR / 2 };
    const { rows, series } = store.query({ ...period, groupBy: "application", stepMs: 1_000, top });
    return [rows.length, series?.stepMs];
  };
  assert.deepEqual(ask(1_000), [1_000, 60_000]);
  assert.deepEqual(ask(20), [20, 1_000]);
  store.close();
});

test("query() refuses what makes no sense", () => {
  const store = open(newPath());
  const period = { fromMs: START, toMs: START + HOUR };
  for (const wrong of [
    { fromMs: START, toMs: START },
    { fromMs: Number.NaN, toMs: START },
    { ...period, groupBy: "moon" as never },
    { ...period, filter: { moon: ["x"] } as never },
    { ...period, filter: { remote: Array.from({ length: 1_001 }, String) } },
    { ...period, top: 1e6 },
    { ...period, stepMs: -1 },
    { ...period, before: { fromMs: 5, toMs: 1 } },
  ]) {
    assert.throws(() => store.query(wrong), { code: "invalid" }, JSON.stringify(wrong));
  }
  assert.throws(() => store.changeSettings({ secondHours: 0 }), { code: "invalid" });
  store.close();
});

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((all, value) => all + (value ?? 0), 0);
}
