// What an export of any size costs, and whether others read it: minutes of a prepared history as CSV, JSON lines and Parquet, the
// last read with pyarrow where Python has it.
//   node bench/history.ts prepare desktop 365 FILE && node bench/history-export.ts FILE [PYTHON]
import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { finished } from "node:stream/promises";
import { exportParts } from "../src/store/export.ts";
import { parquetOf } from "../src/store/parquet.ts";
import { openHistoryReader } from "../src/store/reader.ts";

const PERIOD = {
  fromMs: Date.parse("2026-01-01T00:00:00Z"),
  toMs: Date.parse("2027-02-01T00:00:00Z"),
};
const LEVEL = "minute";
const SAMPLE_MS = 20;

const [path, python = "python3"] = process.argv.slice(2);
if (path === undefined) throw new TypeError("Usage: history-export.ts FILE [PYTHON]");
const folder = mkdtempSync(join(tmpdir(), "monitauri-export-"));
try {
  const expected = sumsOf(path);
  console.log(`${expected.rows} rows of minutes, ${expected.bytes} bytes received in them`);
  for (const format of ["csv", "jsonl", "parquet"] as const) await run(path, format);
  readWithPyarrow(join(folder, "export.parquet"), expected);
} finally {
  rmSync(folder, { recursive: true });
}

async function run(from: string, format: "csv" | "jsonl" | "parquet"): Promise<void> {
  const file = join(folder, `export.${format}`);
  using reader = openHistoryReader({ path: from, now: Date.now, zone: "UTC" });
  const text = format === "csv" ? "csv" : "jsonl";
  const parts = exportParts((cursor) =>
    reader.exportPart({ ...PERIOD, level: LEVEL, format: text }, cursor),
  );
  const beganMs = performance.now();
  const before = process.memoryUsage.rss();
  let most = before;
  const timer = setInterval(() => {
    most = Math.max(most, process.memoryUsage.rss());
  }, SAMPLE_MS);
  const stream = createWriteStream(file);
  const pieces = format === "parquet" ? parquetOf(parts, { level: LEVEL }) : textOf(parts);
  for await (const piece of pieces) {
    if (!stream.write(piece)) await once(stream, "drain");
    most = Math.max(most, process.memoryUsage.rss());
  }
  stream.end();
  await finished(stream);
  clearInterval(timer);
  const seconds = (performance.now() - beganMs) / 1000;
  const grown = (most - before) / 2 ** 20;
  console.log(
    `${format}: ${(statSync(file).size / 1e6).toFixed(1)} MB in ${seconds.toFixed(1)} s, memory grew by ${grown.toFixed(0)} MiB at most`,
  );
}

async function* textOf(parts: AsyncIterable<{ text: string }>): AsyncGenerator<string> {
  for await (const { text } of parts) yield text;
}

function sumsOf(from: string): { rows: number; bytes: number } {
  using db = new DatabaseSync(from, { readOnly: true });
  const found = db.prepare("SELECT count(*) AS n, sum(rx_bytes) AS rx FROM minute_detail").get();
  return { rows: Number(found?.n), bytes: Number(found?.rx) };
}

function readWithPyarrow(file: string, expected: { rows: number; bytes: number }): void {
  const script = `
import sys, pyarrow, pyarrow.parquet as pq, pyarrow.compute as pc
t = pq.read_table(sys.argv[1])
f = pq.ParquetFile(sys.argv[1])
print(pyarrow.__version__, t.num_rows, pc.sum(t["rx_bytes"]).as_py(), f.num_row_groups, t.schema.field("from").type)`;
  let said: string;
  try {
    said = execFileSync(python, ["-c", script, file], {
      encoding: "utf8",
      stdio: ["ignore", "pipe", "ignore"],
    });
  } catch {
    console.log("pyarrow: not here (pip install pyarrow)");
    return;
  }
  const [version, rows, bytes, groups, type] = said.trim().split(" ");
  const isSame = Number(rows) === expected.rows && Number(bytes) === expected.bytes;
  console.log(
    `pyarrow ${version}: ${rows} rows in ${groups} row groups, from is a ${type}; ${isSame ? "the same rows and bytes" : `DIFFERENT: ${bytes} bytes`}`,
  );
  if (!isSame) process.exitCode = 1;
}
