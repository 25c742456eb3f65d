// Tables in wide and narrow terminals.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Column, formatTable } from "./table.ts";

interface Row {
  readonly name: string;
  readonly bytes: string;
}

const columns: Column<Row>[] = [
  { title: "NAME", align: "left", text: ({ name }) => name, shrinksTo: 6 },
  { title: "BYTES", align: "right", text: ({ bytes }) => bytes },
];
const rows = [
  { name: "a-long-program-name", bytes: "1 B" },
  { name: "日本語", bytes: "10.0 MB" },
];

test("formatTable() lines up what it is given in full where there is no width", () => {
  assert.deepEqual(formatTable(rows, columns, undefined), [
    "NAME                   BYTES",
    "a-long-program-name      1 B",
    "日本語               10.0 MB",
  ]);
});

test("formatTable() cuts names, never numbers, to fit the terminal", () => {
  assert.deepEqual(formatTable(rows, columns, 17), [
    "NAME        BYTES",
    "a-long-…      1 B",
    "日本語    10.0 MB",
  ]);
  assert.deepEqual(formatTable(rows, columns, 5), [
    "NAME      BYTES",
    "a-lon…      1 B",
    "日本語  10.0 MB",
  ]);
});

test("formatTable() leaves out columns, the least important first, before it is too wide", () => {
  const wide: Column<Row>[] = [
    ...columns,
    { title: "USER", align: "left", text: () => "anna", leaves: 1 },
    { title: "PATH", align: "left", text: () => "/usr/bin/x", leaves: 2 },
  ];
  const titles = (width: number) => formatTable(rows, wide, width)[0]?.split(/\s+/);
  assert.deepEqual(titles(33), ["NAME", "BYTES", "USER", "PATH"]);
  assert.deepEqual(titles(32), ["NAME", "BYTES", "USER"]);
  assert.deepEqual(titles(21), ["NAME", "BYTES", "USER"]);
  assert.deepEqual(titles(20), ["NAME", "BYTES"]);
  assert.deepEqual(titles(1), ["NAME", "BYTES"]);
});
