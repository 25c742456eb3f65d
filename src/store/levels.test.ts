// Levels on real files: the same sums at each, and the oldest detail goes first.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import type { HistoryTick } from "../model/history.ts";
import { type HistoryStore, openHistoryStore } from "./open.ts";
import { chanceOf, detailOf, randomDetails, tickOf } from "./scripted-ticks.ts";

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

test("query() gives the same sums whichever level answers, for random ticks and any whole minutes", () => {
  for (const [seed, zone] of [
    [1, "Europe/Berlin"],
    [2, "Asia/Kolkata"],
    [3, "Australia/Lord_Howe"],
  ] as const) {
    const chance = chanceOf(seed);
    const path = newPath();
    const store = open(path, { zone });
    const ticks: HistoryTick[] = [];
    let atMs = Date.parse("2026-10-24T10:00:00Z");
    const beginMs = atMs;
    while (atMs < beginMs + 3 * DAY) {
      // Long steps, and now and then the clock is set back.
      atMs +=
        chance() < 0.05 ? -Math.floor(chance() * 2 * HOUR) : Math.floor(chance() * 20 * 60_000);
      const tick = tickOf(atMs, randomDetails(chance));
      ticks.push(tick);
      store.append(tick);
    }
    for (let n = 0; n < 60; n += 1) {
      const fromMs = beginMs + Math.floor(chance() * 3 * 1440) * 60_000 - HOUR;
      const toMs = fromMs + (1 + Math.floor(chance() * 2 * 1440)) * 60_000;
      const inside = ticks.filter((tick) => tick.atMs > fromMs && tick.atMs <= toMs);
      const wanted = inside.reduce((sum, { machine }) => sum + machine.rxBytes, 0);
      const asked = { fromMs, toMs } as const;
      const all = store.query({ ...asked, stepMs: 60_000 });
      assert.equal(all.total.rxBytes, wanted, `${zone} ${new Date(fromMs).toISOString()}`);
      assert.equal(sum(all.series?.rxBytes ?? []), wanted);
      const details = inside.flatMap((tick) => tick.details);
      for (const groupBy of ["application", "remote", "scope", "interface", "user"] as const) {
        const answer = store.query({ ...asked, groupBy, top: 3, stepMs: HOUR });
        const rows = answer.others === null ? answer.rows : [...answer.rows, answer.others];
        assert.equal(sum(rows.map((row) => row.txBytes)), sum(details.map((one) => one.txBytes)));
        assert.equal(
          sum(rows.map((row) => row.rxLoopbackBytes)),
          sum(details.filter((one) => one.scope === "loopback").map((one) => one.rxBytes)),
        );
        for (const row of rows) assert.equal(sum(row.rxSeries), row.rxBytes);
      }
      const filter = { remote: ["host-1.example"], country: ["DE"] };
      const some = details.filter((one) => one.remote === "host-1.example" && one.country === "DE");
      const filtered = store.query({ ...asked, filter }).total;
      assert.equal(filtered.rxBytes, sum(some.map((one) => one.rxBytes)));
      assert.equal(filtered.connectionsOpened, sum(some.map((one) => one.connectionsOpened)));
    }
    store.close();
    assertTablesAgree(path);
  }
});

test("retention deletes seconds, minutes and hours when their time is over, and days never", () => {
  const path = newPath();
  const store = open(path);
  store.changeSettings({ secondHours: 1, minuteDays: 1, hourDays: 2 });
  // A clock that has just jumped deletes nothing: hence ticks at a steady pace.
  const stepMs = 60_000;
  const count = (4 * DAY) / stepMs;
  for (let n = 1; n <= count; n += 1) {
    store.append(tickOf(START + n * stepMs, [curl(1)], { intervalMs: stepMs }));
  }
  const { keptFromMs } = store.state();
  const endMs = START + count * stepMs;
  const within = (keptMs: number, atMs: number) => Math.abs(keptMs - atMs) < 2 * HOUR;
  assert.ok(within(keptFromMs.second, endMs - HOUR), new Date(keptFromMs.second).toISOString());
  assert.ok(within(keptFromMs.minute, endMs - DAY), new Date(keptFromMs.minute).toISOString());
  assert.ok(within(keptFromMs.hour, endMs - 2 * DAY), new Date(keptFromMs.hour).toISOString());
  assert.equal(rxOf(store, START - DAY, endMs), count);
  // Widened to the day, and said.
  const answer = store.query({ fromMs: START + HOUR, toMs: START + 2 * HOUR });
  assert.equal(new Date(answer.fromMs).toISOString(), "2026-11-07T23:00:00.000Z");
  assert.equal(new Date(answer.toMs).toISOString(), "2026-11-08T23:00:00.000Z");
  store.close();
});

test("retention deletes days too where that was asked for, with the names that only they had", () => {
  const path = newPath();
  const store = open(path, { zone: "UTC" });
  store.changeSettings({ secondHours: 1, minuteDays: 1, hourDays: 2, dayDays: 31 });
  const stepMs = HOUR;
  const count = 40 * 24;
  for (let n = 1; n <= count; n += 1) {
    const remote = `day-${Math.floor(n / 24)}.example`;
    const tick = tickOf(START + n * stepMs, [detailOf({ remote, rxBytes: 1 })]);
    store.append({ ...tick, intervalMs: stepMs });
  }
  const { firstAtMs = 0 } = store.state();
  const keptDays = (START + count * stepMs - firstAtMs) / DAY;
  assert.ok(keptDays > 30 && keptDays < 33, `${keptDays} days`);
  const all = { fromMs: START - DAY, toMs: START + 50 * DAY };
  const { total, rows } = store.query({ ...all, groupBy: "remote", top: 100 });
  assert.equal(sum(rows.map((row) => row.rxBytes)), total.rxBytes);
  assert.ok(total.rxBytes >= 30 * 24 && total.rxBytes <= 32 * 24);
  store.close();
  const db = new DatabaseSync(path, { readOnly: true });
  const names = db.prepare("SELECT count(*) AS n FROM text WHERE value LIKE 'day-%'").get()?.n;
  assert.ok(Number(names) < 36, `${names} names`);
  db.close();
});

test("retention waits after a jump of the clock, which may be wrong", () => {
  const store = open(newPath());
  store.append(tickOf(START, [curl(1)]));
  for (let n = 0; n < 60; n += 1) store.append(tickOf(START + 400 * DAY + n * 1_000, [curl(1)]));
  assert.deepEqual(store.state().keptFromMs, { second: 0, minute: 0, hour: 0, day: 0 });
  store.close();
});

test("the size cap lets the oldest detail go and gives the pages back", () => {
  const path = newPath();
  const store = open(path);
  store.changeSettings({ maxBytes: 4 * 2 ** 20 });
  const chance = chanceOf(7);
  const stepMs = 1_000;
  for (let n = 1; n <= 1_600; n += 1) {
    const details = Array.from({ length: 150 }, (_, i) =>
      detailOf({
        application: `path:/app-${i}`,
        remote: `host-${Math.floor(chance() * 3)}`,
        rxBytes: 1 + Math.floor(chance() * 1e6),
      }),
    );
    store.append(tickOf(START + n * stepMs, details));
  }
  const { keptFromMs, fileBytes, warnings } = store.state();
  assert.ok(keptFromMs.second > START, "seconds went");
  assert.deepEqual(warnings, []);
  store.close();
  assert.ok(statSync(path).size < 6 * 2 ** 20, `${statSync(path).size} and ${fileBytes} before`);
});

/** Every table of a kind has the same sums; hours and days lack the open minute. */
function assertTablesAgree(path: string): void {
  const db = new DatabaseSync(path, { readOnly: true });
  const open = "(SELECT value FROM state WHERE name = 'open_minute')";
  const bytes = "coalesce(sum(rx), 0) AS rx, coalesce(sum(tx), 0) AS tx";
  for (const [kind, rx, tx, of] of [
    ["usage", "rx_bytes", "tx_bytes", "application = 0"],
    ["usage", "rx_bytes", "tx_bytes", "application <> 0"],
    ["usage", "rx_loopback_bytes", "tx_loopback_bytes", "application <> 0"],
    ["detail", "rx_bytes", "tx_bytes", "true"],
    ["coverage", "rx_counted_bytes", "tx_attributed_bytes", "true"],
  ] as const) {
    const rows = (table: string, where: string) =>
      `SELECT ${rx} AS rx, ${tx} AS tx FROM ${table} WHERE ${of} AND ${where}`;
    const sums = (...parts: string[]) =>
      db.prepare(`SELECT ${bytes} FROM (${parts.join(" UNION ALL ")})`).get();
    const minutes = sums(rows(`minute_${kind}`, "true"));
    assert.ok(Number(minutes?.rx) > 0, kind);
    if (kind !== "detail") assert.deepEqual(sums(rows(`second_${kind}`, "true")), minutes);
    for (const level of ["hour", "day"]) {
      const rest = rows(`minute_${kind}`, `at = ${open}`);
      assert.deepEqual(sums(rows(`${level}_${kind}`, "true"), rest), minutes, `${level} ${kind}`);
    }
  }
  db.close();
}

function sum(values: readonly (number | null)[]): number {
  return values.reduce<number>((all, value) => all + (value ?? 0), 0);
}
