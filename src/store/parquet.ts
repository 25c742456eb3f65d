/** Rows of an export as a Parquet file, a row group at a time: memory does not grow with the file but for some hundred bytes a
 * group that its end lists. Only loaded where somebody asks for it. */

import { ByteWriter, ParquetWriter, schemaFromColumnData } from "hyparquet-writer";
import type { ExportPart } from "../model/history.ts";
import { type ExportRows, exportColumns } from "./export-rows.ts";

/** Rows of a group: large enough for readers that skip groups, small enough to hold and to encode in between. */
const GROUP_ROWS = 20_000;

/** `parts`: of an export as JSON lines. */
export async function* parquetOf(
  parts: AsyncIterable<Pick<ExportPart, "text">>,
  rows: ExportRows,
): AsyncGenerator<Uint8Array> {
  const columns = exportColumns(rows).map((name): Column => ({ name, ...kindOf(name), data: [] }));
  const writer = new ByteWriter();
  const schema = schemaFromColumnData({
    columnData: columns.map(({ name, type, nullable = false }) => ({
      name,
      type,
      nullable,
      data: [],
    })),
  });
  const file = new ParquetWriter({ writer, schema, createdBy: "monitauri" });

  async function writeGroup(): Promise<void> {
    if (columns[0]?.data.length === 0) return;
    const columnData = columns.map(({ name, data }) => ({ name, data, offsetIndex: false }));
    await file.write({ columnData, rowGroupSize: GROUP_ROWS });
    for (const column of columns) column.data = [];
  }

  for await (const { text } of parts) {
    for (const line of text.split("\n")) {
      if (line === "") continue;
      const row = JSON.parse(line) as Record<string, string | number | null>;
      for (const { name, data, nullable, read } of columns) {
        const value = row[name] ?? (nullable === true ? null : "");
        data.push(value === null ? null : read(value));
      }
      if (columns[0]?.data.length === GROUP_ROWS) await writeGroup();
    }
    if (writer.index > 0) yield taken(writer);
  }
  await writeGroup();
  await file.finish();
  yield taken(writer);
}

interface Column {
  readonly name: string;
  readonly type: "TIMESTAMP" | "INT32" | "INT64" | "STRING";
  /** Where there may be no value; of the others it is an empty text then. */
  readonly nullable?: true;
  read(value: string | number): unknown;
  data: unknown[];
}

function kindOf(name: string): Pick<Column, "type" | "read" | "nullable"> {
  if (name === "pid") return { type: "INT32", nullable: true, read: Number };
  if (name === "started") {
    return { type: "TIMESTAMP", nullable: true, read: (value) => new Date(value) };
  }
  if (name === "from") return { type: "TIMESTAMP", read: (value) => new Date(value) };
  if (name === "port") return { type: "INT32", read: Number };
  if (name === "connections_opened" || name.endsWith("_bytes")) {
    return { type: "INT64", read: BigInt };
  }
  return { type: "STRING", read: String };
}

/** What was written since the last time. */
function taken(writer: ByteWriter): Uint8Array {
  const bytes = writer.getBytes().slice();
  writer.index = 0;
  return bytes;
}
