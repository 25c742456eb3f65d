// Exports of real rows, in parts, read back; hostile names in a spreadsheet.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { csvLine } from "../model/csv.ts";
import type { ExportQuery } from "../model/history.ts";
import { exportParts } from "./export.ts";
import { type HistoryStore, openHistoryStore } from "./open.ts";
import { chanceOf, detailOf, randomDetails, tickOf } from "./scripted-ticks.ts";

const START = Date.parse("2026-11-08T12:00:00Z");
const HOUR = 3_600_000;
const PERIOD = { fromMs: START, toMs: START + 5 * HOUR };

let folder: string;
let store: HistoryStore;
let rxBytes = 0;
let hostRxBytes = 0;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-export-"));
  const path = join(folder, "history.db");
  store = openHistoryStore({ path, version: "1", now: () => START, zone: "UTC" });
  const chance = chanceOf(4);
  for (let n = 1; n <= 2_000; n += 1) {
    const details = randomDetails(chance);
    for (const one of details) {
      rxBytes += one.rxBytes;
      if (one.remote === "host-3.example") hostRxBytes += one.rxBytes;
    }
    store.append(tickOf(START + n * 7_000, details, { intervalMs: 7_000 }));
  }
  const evil = detailOf({ remote: '=HYPERLINK("http://x","a")', container: "a,b", rxBytes: 11 });
  rxBytes += 11;
  store.append(tickOf(START + 15_000_000, [evil]));
  // Closes the minute before.
  store.append(tickOf(START + 15_100_000, [detailOf({ rxBytes: 1 })]));
  rxBytes += 1;
});
after(() => {
  store.close();
  rmSync(folder, { recursive: true });
});

async function exported(
  query: ExportQuery,
): Promise<{ text: string; parts: number; last: number }> {
  let text = "";
  let parts = 0;
  let last = 0;
  for await (const part of exportParts((cursor) => store.exportPart(query, cursor))) {
    text += part.text;
    parts += 1;
    assert.ok(part.progress >= last && part.progress <= 1);
    last = part.progress;
  }
  return { text, parts, last };
}

test("exportPart() gives every row of minutes once, as JSON lines, over several parts", async () => {
  const { text, parts, last } = await exported({ ...PERIOD, level: "minute", format: "jsonl" });
  const rows = text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.ok(parts > 1 && rows.length > 2_000, `${rows.length} rows in ${parts} parts`);
  assert.equal(last, 1);
  assert.equal(
    rows.reduce((sum, row) => sum + row.rx_bytes, 0),
    rxBytes,
  );
  const keys = rows.map(({ rx_bytes, tx_bytes, connections_opened, ...key }) =>
    JSON.stringify(key),
  );
  assert.equal(new Set(keys).size, rows.length);
  assert.deepEqual(Object.keys(rows[0]), [
    "from",
    "application",
    "application_name",
    "interface",
    "remote",
    "port",
    "ip_protocol",
    "protocol",
    "direction",
    "scope",
    "user",
    "container",
    "country",
    "rx_bytes",
    "tx_bytes",
    "connections_opened",
  ]);
});

test("exportPart() gives seconds by application and interface, and filters", async () => {
  const { text } = await exported({ ...PERIOD, level: "second", format: "csv" });
  const [head, ...lines] = text.trimEnd().split("\r\n");
  assert.equal(
    head,
    "from,application,application_name,interface,rx_bytes,tx_bytes,rx_loopback_bytes,tx_loopback_bytes",
  );
  assert.equal(
    lines.reduce((sum, line) => sum + Number(line.split(",")[4]), 0),
    rxBytes,
  );
  const filter = { remote: ["host-3.example"] };
  const some = await exported({ ...PERIOD, level: "minute", format: "jsonl", filter });
  const rows = some.text
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(
    rows.reduce((sum, row) => sum + row.rx_bytes, 0),
    hostRxBytes,
  );
  assert.throws(
    () => store.exportPart({ ...PERIOD, level: "second", format: "csv", filter }, null),
    { code: "invalid", message: /seconds.*Export minutes/ },
  );
});

test("exportPart() writes a host name that is a formula as text", async () => {
  const { text } = await exported({ ...PERIOD, level: "minute", format: "csv" });
  assert.ok(text.includes(`,"'=HYPERLINK(""http://x"",""a"")",`));
  assert.ok(text.includes(',"a,b",'));
});

test("exportPart() refuses a place, a level or a format that there is not", () => {
  const query = { ...PERIOD, level: "minute", format: "csv" } as const;
  for (const wrong of ["1; DROP TABLE day", "1:2", ""]) {
    assert.throws(() => store.exportPart(query, wrong), { code: "invalid" });
  }
  assert.throws(() => store.exportPart({ ...query, level: "week" as never }, null), {
    code: "invalid",
  });
  assert.throws(() => store.exportPart({ ...query, format: "xls" as never }, null), {
    code: "invalid",
  });
});

test("csvLine() quotes by RFC 4180 and keeps numbers numbers", () => {
  assert.equal(
    csvLine(["a", 'b"c', "d\ne", -5, "-5", "@x", "+1", ""]),
    `a,"b""c","d\ne",-5,"'-5","'@x","'+1",\r\n`,
  );
});
