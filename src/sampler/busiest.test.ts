import assert from "node:assert/strict";
import { test } from "node:test";
import { busiest, busyness } from "./busiest.ts";

test("busiest() gives the same as sorting everything, for any limit", () => {
  for (const limit of [0, 1, 10, 99, 100, 1000]) {
    const scores = Float64Array.from({ length: 100 }, () => Math.floor(Math.random() * 20));
    const sorted = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
    assert.deepEqual(busiest(scores, limit), sorted.slice(0, limit), `limit ${limit}`);
  }
});

test("busyness() puts what is active before what was", () => {
  const order = [busyness(0, 0), busyness(0, 5), busyness(0, 1e12), busyness(1, 1), busyness(9, 9)];
  assert.deepEqual(
    [...order].sort((a, b) => a - b),
    order,
  );
  assert.equal(new Set(order).size, order.length);
});
