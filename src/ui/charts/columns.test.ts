import assert from "node:assert/strict";
import { test } from "node:test";
import { nearest, ratesOf } from "./columns.ts";

test("nearest() finds the point under the pointer, also beyond the last one, and nothing where there is none", () => {
  const columns = { atMs: [0, 1_000, 2_000], rx: [1, 2, 3], tx: [1, null, 3] };
  const view = { columns, fromMs: 0, toMs: 4_000 };
  assert.equal(nearest(view, 0.1), 0);
  assert.equal(nearest(view, 0.2), 1);
  assert.equal(nearest(view, 1), 2);
  assert.equal(nearest({ ...view, columns: { atMs: [], rx: [], tx: [] } }, 0.5), undefined);
});

test("ratesOf() makes what is not known NaN", () => {
  const { atMs, rx, tx } = ratesOf({ atMs: [1_000, 2_000], rx: [1, null], tx: [0, 5] });
  assert.deepEqual([...atMs], [1_000, 2_000]);
  assert.deepEqual([...rx], [1, Number.NaN]);
  assert.deepEqual([...tx], [0, 5]);
});
