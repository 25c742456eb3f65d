// From every earlier version to this one, with rows in it: what each version itself wrote is in test/fixtures/store.
import assert from "node:assert/strict";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, test } from "node:test";
import { migrate, SCHEMA_VERSION, versionOf } from "./migrate.ts";
import { openHistoryStore } from "./open.ts";
import { detailOf, tickOf } from "./scripted-ticks.ts";

const FIXTURES = join(import.meta.dirname, "..", "..", "test", "fixtures", "store");
/** What is in each: curl received 1,000 bytes in each of the 90 minutes from here on. */
const FIXTURE_START = Date.parse("2026-11-08T12:00:00Z");

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-migrate-"));
});
after(() => rmSync(folder, { recursive: true }));

test("migrate() brings every earlier version to this one, and ends with the same tables", () => {
  const fresh = new DatabaseSync(":memory:");
  migrate(fresh);
  for (let version = 0; version <= SCHEMA_VERSION; version += 1) {
    const old = new DatabaseSync(":memory:");
    migrate(old, version);
    assert.equal(versionOf(old), version);
    migrate(old);
    assert.equal(versionOf(old), SCHEMA_VERSION);
    assert.deepEqual(tablesOf(old), tablesOf(fresh), `from ${version}`);
    old.close();
  }
  fresh.close();
});

test("migrate() is all or nothing", () => {
  const db = new DatabaseSync(":memory:");
  migrate(db, 1);
  // In the way of a later step.
  db.exec("ALTER TABLE day ADD COLUMN imported INTEGER");
  const before = tablesOf(db);
  assert.throws(() => migrate(db), /duplicate column/);
  assert.equal(versionOf(db), 1);
  assert.equal(db.isTransaction, false);
  assert.deepEqual(tablesOf(db), before);
  db.close();
});

for (let version = 1; version <= SCHEMA_VERSION; version += 1) {
  test(`openHistoryStore() reads and goes on with what version ${version} wrote`, () =>
    readAndGoOn(version));
}

function readAndGoOn(version: number): void {
  const path = join(folder, `version-${version}.db`);
  copyFileSync(join(FIXTURES, `version-${version}.db`), path);
  const nowMs = FIXTURE_START + 2 * 3_600_000;
  const store = openHistoryStore({ path, version: "2", now: () => nowMs, zone: "Europe/Berlin" });
  const day = { fromMs: FIXTURE_START - 13 * 3_600_000, toMs: FIXTURE_START + 11 * 3_600_000 };
  const { rows } = store.query({ ...day, groupBy: "remote" });
  assert.deepEqual(
    rows.map(({ key, rxBytes }) => [key, rxBytes]),
    [["example.org", 90_000]],
  );
  store.importDays([{ date: "2026-11-01", interface: "eth0", rxBytes: 5, txBytes: 6 }]);
  const all = store.query({ fromMs: FIXTURE_START - 30 * 86_400_000, toMs: day.toMs });
  assert.equal(all.total.rxBytes, 90_005);
  // Processes of before are not known, and no byte is lost by it.
  const tick = tickOf(nowMs, [detailOf({ rxBytes: 7 })]);
  store.append(tick);
  const known = (version < 3 ? 0 : 90_000) + 7;
  const processes = store.query({ ...day, groupBy: "process" });
  assert.deepEqual(
    processes.rows.map(({ rxBytes }) => rxBytes).sort((a, b) => a - b),
    [known, 90_007 - known].filter((bytes) => bytes > 0).sort((a, b) => a - b),
  );
  store.close();
}

function tablesOf(db: DatabaseSync): unknown {
  const tables = db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .all();
  return tables.map(({ name }) => [
    name,
    db.prepare(`SELECT name, type, "notnull", pk FROM pragma_table_info(?)`).all(String(name)),
  ]);
}
