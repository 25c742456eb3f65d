// vnStat's days: its real output (vnStat 2.10) is test/fixtures/store/vnstat.json.
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openHistoryStore } from "./open.ts";
import { detailOf, tickOf } from "./scripted-ticks.ts";
import { parseVnstat } from "./vnstat.ts";

const SAMPLE = join(import.meta.dirname, "..", "..", "test", "fixtures", "store", "vnstat.json");
const START = Date.parse("2026-11-08T12:00:00Z");
const DAY = 86_400_000;

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-import-"));
});
after(() => rmSync(folder, { recursive: true }));

test("parseVnstat() reads what vnStat 2 and 1 print, and says what is wrong with other files", () => {
  const days = parseVnstat(readFileSync(SAMPLE, "utf8"));
  assert.ok(days.length > 0);
  for (const { date, rxBytes } of days) {
    assert.match(date, /^\d{4}-\d{2}-\d{2}$/);
    assert.ok(rxBytes >= 0);
  }
  const old = {
    jsonversion: "1",
    interfaces: [
      { id: "eth0", traffic: { days: [{ date: { year: 2015, month: 2, day: 3 }, rx: 2, tx: 1 }] } },
    ],
  };
  assert.deepEqual(parseVnstat(JSON.stringify(old)), [
    { date: "2015-02-03", interface: "eth0", rxBytes: 2_048, txBytes: 1_024 },
  ]);
  for (const wrong of ["", "{}", '{"jsonversion":"7","interfaces":[]}', "[1]"]) {
    assert.throws(() => parseVnstat(wrong), { code: "invalid", message: /vnstat --json/ });
  }
});

test("importDays() adds days before ours, once, and leaves ours alone", () => {
  const path = join(folder, "history.db");
  const store = openHistoryStore({ path, version: "1", now: () => START, zone: "Europe/Berlin" });
  store.append(tickOf(START + 1_000, [detailOf({ rxBytes: 7 })]));
  const days = ["2026-10-25", "2026-11-07", "2026-11-08", "2026-11-31"].map((date) => ({
    date,
    interface: "eth0",
    rxBytes: 1_000,
    txBytes: 10,
  }));
  const wlan = { ...days[0], interface: "wlan0" } as (typeof days)[number];
  const lo = { ...days[0], interface: "lo" } as (typeof days)[number];
  for (let n = 0; n < 2; n += 1) {
    assert.deepEqual(store.importDays([...days, wlan, lo]), {
      days: 2,
      skippedDays: 3,
      interfaces: ["eth0", "wlan0"],
    });
    const all = store.query({ fromMs: START - 60 * DAY, toMs: START + DAY, groupBy: "interface" });
    assert.equal(all.total.rxBytes, 3_007);
    assert.deepEqual(
      all.rows.map(({ key, rxBytes }) => [key, rxBytes]),
      [
        ["eth0", 2_007],
        ["wlan0", 1_000],
      ],
    );
  }
  // A day of which there is no more than the day is answered as the day, also one of 25 hours.
  const fromMs = Date.parse("2026-10-25T10:00:00Z");
  const part = store.query({ fromMs, toMs: fromMs + 3_600_000, groupBy: "remote", stepMs: "auto" });
  assert.equal((part.toMs - part.fromMs) / 3_600_000, 25);
  assert.equal(part.total.rxBytes, 2_000);
  assert.equal(part.observedMs, 0, "not watched by us");
  store.close();
});
