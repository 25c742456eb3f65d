import assert from "node:assert/strict";
import { test } from "node:test";
import { changeText } from "./change.ts";

test("changeText() says how much more or less", () => {
  const pairs = [
    [0, 0],
    [5, 0],
    [112, 100],
    [97, 100],
    [100, 100],
    [0, 10],
    [4_000, 100],
  ] as const;
  assert.deepEqual(
    pairs.map(([now, before]) => changeText(now, before)),
    ["–", "new", "+12 %", "−3 %", "±0 %", "−100 %", "×40"],
  );
});
