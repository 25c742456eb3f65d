// Privacy: what is kept of the other end, and for how long; sums stay the same whatever is forgotten.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { HISTORY_REMOTES } from "../model/history.ts";
import { openHistoryStore } from "./open.ts";
import { chanceOf, detailOf, randomDetails, tickOf } from "./scripted-ticks.ts";

const START = Date.parse("2026-03-01T10:00:00Z");
const DAY = 86_400_000;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-remotes-"));
});
after(() => rmSync(folder, { recursive: true }));

test("names, addresses or nothing are kept, as chosen: no name is anywhere in the file", () => {
  const found = HISTORY_REMOTES.map((remotes) => {
    const path = join(folder, `${remotes}.db`);
    const store = openHistoryStore({ path, version: "1", now: () => START, zone: "UTC" });
    store.changeSettings({ remotes });
    store.append(tickOf(START, [detailOf({ remote: "secret.example", rxBytes: 5 })]));
    const period = { fromMs: START - DAY, toMs: START + DAY };
    const { rows } = store.query({ ...period, groupBy: "remote" });
    const country = store.query({ ...period, groupBy: "country" }).rows[0]?.key;
    store.close();
    const isInFile = readFileSync(path, "latin1").includes("secret.example");
    return [rows.map(({ key, rxBytes }) => [key, rxBytes]), country, isInFile];
  });
  assert.deepEqual(found, [
    [[["secret.example", 5]], "DE", true],
    [[["192.0.2.7", 5]], "DE", false],
    [[["", 5]], "DE", false],
  ]);
});

test("older details lose their remote at every level, and nothing else", () => {
  const path = join(folder, "old.db");
  let nowMs = START;
  const store = openHistoryStore({ path, version: "1", now: () => nowMs, zone: "Europe/Berlin" });
  const chance = chanceOf(5);
  for (let hour = 0; hour < 20 * 24; hour += 5) {
    nowMs = START + hour * 3_600_000;
    store.append(tickOf(nowMs, randomDetails(chance)));
  }
  const period = { fromMs: START - DAY, toMs: START + 60 * DAY };
  const sums = () =>
    (["country", "port", "application", "user", "scope", "protocol"] as const).map((groupBy) =>
      store.query({ ...period, groupBy, top: 100, stepMs: DAY }),
    );
  const before = sums();
  const oldPeriod = { fromMs: START - DAY, toMs: START + 8 * DAY };
  assert.ok(store.query({ ...oldPeriod, groupBy: "remote" }).rows.some(({ key }) => key !== ""));
  store.changeSettings({ remoteDays: 10 });
  // Idle minutes in which it goes on slice by slice; the clock has to be steady first.
  for (let n = 1; n < 900; n += 1) {
    store.append({ ...tickOf(nowMs + n * 60_000, [], { intervalMs: 60_000 }), coverage: COVERED });
  }
  assert.deepEqual(
    sums().map(({ rows, others }) => [rows, others]),
    before.map(({ rows, others }) => [rows, others]),
  );
  const old = store.query({ ...oldPeriod, groupBy: "remote" }).rows;
  assert.deepEqual(
    old.map(({ key }) => key),
    [""],
  );
  const late = { fromMs: START + 12 * DAY, toMs: START + 20 * DAY };
  assert.ok(store.query({ ...late, groupBy: "remote" }).rows.every(({ key }) => key !== ""));
  const db = new DatabaseSync(path, { readOnly: true });
  for (const level of ["minute", "hour", "day"]) {
    const left = db
      .prepare(
        `SELECT count(*) AS n FROM ${level}_detail d JOIN pair p ON p.id = d.pair AND p.remote <> 0 WHERE at < ?`,
      )
      .get((START + 8 * DAY) / 60_000);
    assert.equal(left?.n, 0, level);
  }
  db.close();
  store.close();
});

const COVERED = [
  {
    interface: "eth0",
    rxCountedBytes: 1,
    txCountedBytes: 1,
    rxAttributedBytes: 1,
    txAttributedBytes: 1,
  },
];
