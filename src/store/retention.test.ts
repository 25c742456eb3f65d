// Dictionaries shrink with the days that used them.
import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { createCalendar } from "../model/local-days.ts";
import { migrate } from "./migrate.ts";
import { createRecorder } from "./recorder.ts";
import { sweep } from "./retention.ts";
import { detailOf, tickOf } from "./scripted-ticks.ts";
import { createRememberedState } from "./state.ts";

const START = Date.parse("2026-11-08T12:00:00Z");
const DAY = 86_400_000;

test("sweep() deletes pairs, processes, texts and applications that no day has any more, and nothing else", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db);
  const state = createRememberedState(db);
  const recorder = createRecorder(db, { state, calendar: createCalendar("UTC") });
  const both = detailOf({ remote: "both.example", rxBytes: 1 });
  const old = detailOf({
    remote: "old.example",
    application: "path:/old",
    user: "bob",
    rxBytes: 1,
  });
  recorder.record(tickOf(START, [both, old]), "names");
  recorder.record(tickOf(START + DAY, [both]), "names");
  const minute = Math.floor((START + DAY) / 60_000);
  sweep(db, state);
  assert.equal(values("SELECT id FROM pair").length, 2);
  for (const table of ["second", "minute", "hour", "day"]) {
    const unit = table === "second" ? 60 : 1;
    const more = { second: [], day: ["detail"] }[table] ?? ["detail", "process"];
    for (const kind of ["usage", "coverage", ...more]) {
      db.exec(`DELETE FROM ${table}_${kind} WHERE at < ${(minute - 1_000) * unit}`);
    }
  }
  db.exec(`DELETE FROM day WHERE from_minute < ${minute - 1_000}`);
  sweep(db, state);
  assert.deepEqual(values("SELECT value FROM text ORDER BY value"), [
    "",
    "DE",
    "ann",
    "both.example",
    "curl",
    "eth0",
    "tls",
  ]);
  assert.equal(values("SELECT id FROM process").length, 1);
  assert.deepEqual(values("SELECT key FROM application ORDER BY key"), ["", "path:/usr/bin/curl"]);
  db.close();

  function values(sql: string): unknown[] {
    return db
      .prepare(sql)
      .all()
      .map((row) => Object.values(row)[0]);
  }
});
