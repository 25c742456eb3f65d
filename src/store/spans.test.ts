// Details of eight days in one: the same answers with them and without, also when a day changes later.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { openHistoryStore } from "./open.ts";
import { chanceOf, detailOf, randomDetails, tickOf } from "./scripted-ticks.ts";

const START = Date.parse("2026-02-20T10:00:00Z");
const DAY = 86_400_000;
const ZONE = "Europe/Berlin";

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-spans-"));
});
after(() => rmSync(folder, { recursive: true }));

test("spans answer like the days they are made of, over a change of the clocks and from any start", () => {
  const path = join(folder, "spans.db");
  const chance = chanceOf(8);
  let nowMs = START;
  const open = () => openHistoryStore({ path, version: "1", now: () => nowMs, zone: ZONE });
  let store = open();
  for (let hour = 0; hour < 45 * 24; hour += 7) {
    nowMs = START + hour * 3_600_000;
    store.append(tickOf(nowMs, randomDetails(chance)));
  }
  assert.ok(spans().length >= 4);
  compareAll();
  // The clock is set back into a span that was over.
  const before = spans();
  store.append(tickOf(START + 20 * DAY, [detailOf({ remote: "late.example", rxBytes: 5 })]));
  compareAll();
  store.append(tickOf(nowMs + 60_000, [detailOf({ rxBytes: 1 })]));
  assert.equal(spans().length, before.length - 1);
  compareAll();
  store.importDays([{ date: "2026-02-19", interface: "eth0", rxBytes: 7, txBytes: 8 }]);
  compareAll();
  // Days that are let go take their spans along.
  store.changeSettings({ dayDays: 31, hourDays: 2 });
  for (let n = 1; n < 3_000; n += 1) {
    nowMs += 60_000;
    store.append(tickOf(nowMs, [detailOf({ rxBytes: 1 })], { intervalMs: 60_000 }));
  }
  assert.ok(spans().length < before.length - 1);
  compareAll();
  store.close();

  function spans(): unknown[] {
    using db = new DatabaseSync(path, { readOnly: true });
    return db.prepare("SELECT DISTINCT at FROM span_detail").all();
  }

  function compareAll(): void {
    const ask = () =>
      [0, 3, 9.5, 17, 30].flatMap((days) =>
        (["remote", "country"] as const).map((groupBy) => {
          const period = { fromMs: START + days * DAY, toMs: nowMs };
          return store.query({ ...period, groupBy, top: 100 }).rows;
        }),
      );
    const withThem = ask();
    assert.ok(withThem.every((rows) => rows.length > 0));
    store.close();
    const copy = new DatabaseSync(path);
    copy.exec("CREATE TEMP TABLE kept AS SELECT * FROM span_detail; DELETE FROM span_detail;");
    store = open();
    assert.deepEqual(ask(), withThem);
    copy.exec("INSERT INTO span_detail SELECT * FROM kept");
    copy.close();
  }
});
