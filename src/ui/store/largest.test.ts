import assert from "node:assert/strict";
import { test } from "node:test";
import { largest } from "./largest.ts";

test("largest() is what sorting all and cutting gives, equal ones in their order", () => {
  const all = Array.from({ length: 500 }, (_, at) => ({ at, size: (at * 7919) % 50 }));
  for (const count of [0, 1, 8, 500, 600]) {
    const sorted = all.toSorted((a, b) => b.size - a.size).slice(0, count);
    assert.deepEqual(
      largest(all, count, ({ size }) => size),
      sorted,
    );
  }
});
