// An export as Parquet: read back by another library it is the export as JSON lines, also over several row groups.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { parquetMetadata, parquetReadObjects } from "hyparquet";
import { type ExportPart, HISTORY_LEVELS } from "../model/history.ts";
import { exportParts } from "./export.ts";
import { openHistoryStore } from "./open.ts";
import { parquetOf } from "./parquet.ts";
import { chanceOf, detailOf, randomDetails, tickOf } from "./scripted-ticks.ts";

const START = Date.parse("2026-11-08T12:00:00Z");
const HOUR = { fromMs: START - 86_400_000, toMs: START + 3_600_000 };

let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-parquet-"));
});
after(() => rmSync(folder, { recursive: true }));

test("parquetOf() has the rows of every level, types and names included; nothing is a file, too", async () => {
  const path = join(folder, "history.db");
  const store = openHistoryStore({ path, version: "1", now: () => START, zone: "UTC" });
  const chance = chanceOf(2);
  store.append(tickOf(START, [detailOf({ remote: '=1+1,"ä".example', rxBytes: 2 ** 52 })]));
  for (let n = 1; n < 300; n += 1) store.append(tickOf(START + n * 7_000, randomDetails(chance)));
  for (const level of HISTORY_LEVELS) {
    const parts = () =>
      exportParts((cursor) => store.exportPart({ ...HOUR, level, format: "jsonl" }, cursor));
    const lines: Record<string, unknown>[] = [];
    for await (const { text } of parts()) {
      for (const line of text.split("\n").filter(Boolean)) lines.push(JSON.parse(line));
    }
    assert.ok(lines.length > 0);
    assert.deepEqual(await rowsOf(await fileOf(parquetOf(parts(), { level }))), lines, level);
  }
  store.close();
  assert.deepEqual(await rowsOf(await fileOf(parquetOf(partsOf([]), { level: "minute" }))), []);
});

test("parquetOf() writes a row group at a time, while the rows still come", async () => {
  const row = { from: "2026-11-08T12:00:00.000Z", application: "a", application_name: "a" };
  const bytes = { rx_bytes: 1, tx_bytes: 2, rx_loopback_bytes: 0, tx_loopback_bytes: 0 };
  const line = `${JSON.stringify({ ...row, interface: "eth0", ...bytes })}\n`;
  let given = 0;
  async function* many() {
    for (; given < 30; given += 1) yield { text: line.repeat(2_000) };
  }
  const pieces = parquetOf(many(), { level: "second" });
  const first = await pieces.next();
  assert.equal(given, 0, "the start of the file");
  const second = await pieces.next();
  assert.ok(given < 12, `${given} parts are read for the first group`);
  const all = [first.value, second.value];
  for await (const piece of pieces) all.push(piece);
  const { row_groups, num_rows } = parquetMetadata(buffer(all as Uint8Array[]));
  assert.deepEqual([row_groups.length, Number(num_rows)], [3, 60_000]);
});

async function* partsOf(texts: readonly string[]): AsyncGenerator<Pick<ExportPart, "text">> {
  for (const text of texts) yield { text };
}

async function fileOf(pieces: AsyncIterable<Uint8Array>): Promise<ArrayBuffer> {
  const all: Uint8Array[] = [];
  for await (const piece of pieces) all.push(piece);
  return buffer(all);
}

function buffer(pieces: readonly Uint8Array[]): ArrayBuffer {
  const joined = Buffer.concat(pieces);
  return joined.buffer.slice(joined.byteOffset, joined.byteOffset + joined.length) as ArrayBuffer;
}

async function rowsOf(file: ArrayBuffer): Promise<Record<string, unknown>[]> {
  const rows = await parquetReadObjects({ file });
  return rows.map((row) =>
    Object.fromEntries(
      Object.entries(row).map(([name, value]) => [
        name,
        value instanceof Date
          ? value.toISOString()
          : typeof value === "bigint"
            ? Number(value)
            : value,
      ]),
    ),
  );
}
