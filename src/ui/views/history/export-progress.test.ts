import assert from "node:assert/strict";
import { test } from "node:test";
import { progressIn } from "./export-progress.ts";

const DAY = { fromMs: Date.UTC(2026, 10, 8), toMs: Date.UTC(2026, 10, 9) };

test("progressIn() reads the last row's time, in both formats", () => {
  const csv = "from,application\r\n2026-11-08T01:00:00.000Z,a\r\n2026-11-08T12:00:00.000Z,b\r\n";
  assert.equal(progressIn(csv, DAY), 0.5);
  const json = '{"from":"2026-11-08T06:00:00.000Z","application":"a"}\n';
  assert.equal(progressIn(json, DAY), 0.25);
  assert.equal(progressIn(json, { fromMs: DAY.toMs, toMs: DAY.toMs }), 0);
});

test("progressIn() does not know of a piece without rows", () => {
  assert.equal(progressIn("", DAY), undefined);
  assert.equal(progressIn("from,application\r\n", DAY), undefined);
});
