import assert from "node:assert/strict";
import { test } from "node:test";
import { minuteWords } from "./minute-words.ts";

const toMs = Date.UTC(2026, 5, 1, 12, 0, 30);
const span = { fromMs: toMs - 300_000, toMs };

test("minuteWords() names both ends, and clock times that leave room for them", () => {
  const [first, last, ...between] = minuteWords(span, 900);
  assert.deepEqual(first, { atMs: span.fromMs, text: "−5 min", align: "left" });
  assert.equal(last?.align, "right");
  assert.ok(between.length >= 3);
  for (const { atMs } of between) assert.equal(atMs % 60_000, 0);
});

test("minuteWords() says only the ends where there is no room", () => {
  assert.equal(minuteWords(span, 120).length, 2);
});
