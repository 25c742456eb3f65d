// The history as a file a day: the same rows as an export, wherever it was torn, however long it was away; bounded.
import assert from "node:assert/strict";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { HistoryStore } from "./open.ts";
import { openHistoryStore } from "./open.ts";
import { chanceOf, detailOf, randomDetails, tickOf } from "./scripted-ticks.ts";

const START = Date.parse("2026-11-08T21:30:30Z");
const MINUTE = 60_000;
const ZONE = "Europe/Berlin";

let root: string;
before(() => {
  root = fs.mkdtempSync(join(tmpdir(), "monitauri-csv-"));
});
after(() => fs.rmSync(root, { recursive: true }));

function opened(name: string, more: { keepDays?: number; maxBytes?: number } = {}) {
  const folder = join(root, name, "csv");
  fs.mkdirSync(join(root, name), { recursive: true });
  const csvLog = { folder, keepDays: 31, maxBytes: 2 ** 30, ...more };
  const path = join(root, name, "history.db");
  const store = openHistoryStore({ path, version: "1", now: () => START, zone: ZONE, csvLog });
  const files = () => fs.readdirSync(folder).sort();
  const read = (file: string) => fs.readFileSync(join(folder, file), "utf8");
  return { store, folder, files, read };
}

function exported(store: HistoryStore, fromMs: number, toMs: number): string[] {
  const lines: string[] = [];
  for (let cursor: string | null = null, isFirst = true; isFirst || cursor !== null; ) {
    isFirst = false;
    const part = store.exportPart({ fromMs, toMs, level: "minute", format: "csv" }, cursor);
    lines.push(...part.text.split("\r\n").filter((line) => line !== ""));
    cursor = part.next;
  }
  return lines;
}

test("the files are an export, split at local midnights, each with a title", () => {
  const { store, files, read, folder } = opened("plain");
  const chance = chanceOf(3);
  for (let n = 0; n < 240; n += 1) store.append(tickOf(START + n * MINUTE, randomDetails(chance)));
  assert.deepEqual(files(), ["monitauri-2026-11-08.csv", "monitauri-2026-11-09.csv"]);
  assert.equal(fs.statSync(join(folder, files()[0] ?? "")).mode & 0o777, 0o600);
  const [title = "", ...rows] = exported(store, START - MINUTE, START + 239 * MINUTE - 30_000);
  const midnight = "2026-11-08T23:00:00.000Z";
  const [first = "", second = ""] = files().map(read);
  assert.equal(first, text([title, ...rows.filter((row) => row < midnight)]));
  assert.equal(second, text([title, ...rows.filter((row) => row >= midnight)]));
  store.close();
});

test("torn anywhere, it is repaired: the same file as if nothing had happened", () => {
  const { store, files, read, folder } = opened("torn");
  const chance = chanceOf(4);
  let n = 0;
  const append = (to: HistoryStore, count: number) => {
    for (let more = 0; more < count; more += 1) {
      n += 1;
      to.append(tickOf(START + n * MINUTE, randomDetails(chance)));
    }
  };
  append(store, 60);
  store.close();
  for (let round = 0; round < 25; round += 1) {
    const latest = join(folder, files().at(-1) ?? "");
    const { size } = fs.statSync(latest);
    // Mostly in the last lines, sometimes far before, once nothing of it is left.
    const left = round === 24 ? 0 : Math.floor(size - chance() ** 3 * size);
    fs.truncateSync(latest, left);
    if (round % 3 === 0) fs.appendFileSync(latest, "2026-11-08T22:");
    const again = opened("torn");
    append(again.store, 1 + (round % 4));
    const [title = "", ...rows] = exported(
      again.store,
      START - MINUTE,
      Math.floor((START + n * MINUTE) / MINUTE) * MINUTE,
    );
    {
      const all = files().flatMap((file) => read(file).split("\r\n").slice(1, -1));
      assert.deepEqual(all, rows, `round ${round}`);
      assert.ok(files().every((file) => read(file).startsWith(`${title}\r\n`)));
    }
    again.store.close();
  }
});

test("old files go, by days and by size; others in the folder stay", () => {
  const { store, files, folder } = opened("old", { keepDays: 3 });
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(join(folder, "notes.csv"), "mine");
  for (let day = 0; day < 6; day += 1) {
    for (const minute of [0, 1]) {
      const atMs = START + day * 86_400_000 + minute * MINUTE;
      store.append(tickOf(atMs, [detailOf({ rxBytes: 5 })]));
    }
  }
  assert.deepEqual(files(), [
    "monitauri-2026-11-11.csv",
    "monitauri-2026-11-12.csv",
    "monitauri-2026-11-13.csv",
    "notes.csv",
  ]);
  store.close();
});

test("what cannot be written is said, the history goes on, and the log is continued by itself", () => {
  const { store, files, read, folder } = opened("faulty", { maxBytes: 2_000 });
  fs.writeFileSync(folder, "no folder");
  const append = (n: number) =>
    store.append(tickOf(START + n * MINUTE, [detailOf({ rxBytes: 5 })]));
  append(0);
  append(1);
  const { warnings, fault } = store.trouble();
  assert.match(warnings.join(), /^Cannot write the CSV log in .*; the log is continued by itself$/);
  assert.equal(fault, undefined);
  fs.rmSync(folder);
  append(2);
  append(3);
  assert.deepEqual(store.trouble().warnings, []);
  assert.equal(files().length, 1);
  for (let n = 4; n < 40; n += 1) append(n);
  assert.match(
    store.trouble().warnings.join(),
    /has reached maxBytes.*no more is written of that day/,
  );
  const full = read(files()[0] ?? "");
  assert.ok(Buffer.byteLength(full) <= 2_000);
  assert.ok(full.split("\r\n").length > 10, "what fitted stays");
  for (let n = 40; n < 200; n += 1) append(n);
  assert.equal(files().length, 2, "the next day has a file of its own");
  assert.equal(read(files()[0] ?? ""), full);
  assert.equal(
    store.query({ fromMs: START - MINUTE, toMs: START + 240 * MINUTE }).total.rxBytes,
    1_000,
  );
  store.close();
});

test("a file of a day to come, or one that is gone, does not stop it", () => {
  const { store, files, read, folder } = opened("future");
  fs.mkdirSync(folder, { recursive: true });
  fs.writeFileSync(join(folder, "monitauri-2099-01-01.csv"), "not ours\r\n");
  const append = (n: number) =>
    store.append(tickOf(START + n * MINUTE, [detailOf({ rxBytes: 5 })]));
  for (let n = 0; n < 5; n += 1) append(n);
  const [today = ""] = files();
  assert.equal(today, "monitauri-2026-11-08.csv");
  const lines = read(today).split("\r\n").length;
  fs.rmSync(join(folder, today));
  for (let n = 5; n < 8; n += 1) append(n);
  assert.equal(read(today).split("\r\n").length, lines + 3);
  assert.equal(read("monitauri-2099-01-01.csv"), "not ours\r\n");
  assert.deepEqual(store.trouble().warnings, []);
  store.close();
});

function text(lines: readonly string[]): string {
  return lines.map((line) => `${line}\r\n`).join("");
}
