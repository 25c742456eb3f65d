import assert from "node:assert/strict";
import { test } from "node:test";
import { estimateMedian, median, ratioOfPairs, slope } from "./statistics.ts";

const upTo = (count: number) => Array.from({ length: count }, (_, i) => i + 1);

test("ratioOfPairs() divides within a pair, so that drift between pairs cancels", () => {
  const pairs = [100, 10, 1000].map((without) => ({ with: without * 0.9, without }));
  const { median, low, high } = ratioOfPairs(pairs);
  for (const value of [median, low, high]) assert.ok(Math.abs(value - 0.9) < 1e-12);
});

test("estimateMedian() takes the order statistics of the tables: 6th and 15th of 20", () => {
  const { median, low, high, confidence } = estimateMedian(upTo(20).reverse());
  assert.deepEqual({ median, low, high }, { median: 10.5, low: 6, high: 15 });
  assert.equal(confidence.toFixed(4), "0.9586");
});

test("estimateMedian() takes the whole range of six values, the fewest that reach 95 %", () => {
  const { low, high, confidence } = estimateMedian(upTo(6));
  assert.deepEqual([low, high, confidence], [1, 6, 1 - 2 / 64]);
});

test("estimateMedian() says how little few values prove", () => {
  assert.equal(estimateMedian([1, 2]).confidence, 0.5);
  assert.equal(estimateMedian([1]).confidence, 0);
});

test("estimateMedian() keeps at least 95 % from six values on", () => {
  for (let count = 6; count <= 200; count++) {
    const { confidence, low, high } = estimateMedian(upTo(count));
    assert.ok(confidence >= 0.95 && confidence < 1 && low < high, `${count}: ${confidence}`);
  }
});

test("estimateMedian() and ratioOfPairs() refuse what has no answer", () => {
  assert.throws(() => estimateMedian([]), RangeError);
  assert.throws(() => ratioOfPairs([{ with: 1, without: 0 }]), RangeError);
});

test("median() is the middle one, or the mean of the two in the middle", () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.ok(Number.isNaN(median([])));
});

test("slope() is the growth for each unit of x", () => {
  assert.equal(slope(upTo(5).map((x) => ({ x, y: 7 - 2 * x }))), -2);
  assert.equal(slope([{ x: 1, y: 1 }]), 0);
  assert.equal(slope([]), 0);
});
