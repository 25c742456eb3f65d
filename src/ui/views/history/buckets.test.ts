import assert from "node:assert/strict";
import { test } from "node:test";
import type { HistorySeries } from "../../../model/history.ts";
import { bucketAt, bucketsOf, columnsOf, stepText, unwatched } from "./buckets.ts";

const MINUTE = 60_000;
const SERIES: HistorySeries = {
  level: "minute",
  stepMs: MINUTE,
  startsMs: [0, MINUTE, 2 * MINUTE, 3 * MINUTE],
  observedMs: [30_000, 0, MINUTE, 0],
  rxBytes: [300, 0, 0, 600],
  txBytes: [30, 0, 0, 60],
};
const buckets = bucketsOf(SERIES, { fromMs: 30_000, toMs: 3.5 * MINUTE });

test("bucketsOf() tells a gap from a zero, and a rate is of the time that was watched", () => {
  assert.deepEqual(
    buckets.map(({ rx, tx }) => [rx, tx]),
    [
      [10, 1],
      [null, null],
      [0, 0],
      // Imported: nobody watched, and still there are bytes. Over the half minute that is in the period.
      [20, 2],
    ],
  );
  assert.deepEqual([buckets[0]?.fromMs, buckets[3]?.toMs], [30_000, 3.5 * MINUTE]);
});

test("bucketsOf() makes no tower of the moment after a start", () => {
  const [bucket] = bucketsOf(
    { ...SERIES, startsMs: [0], observedMs: [1_000], rxBytes: [3_000], txBytes: [0] },
    { fromMs: 0, toMs: MINUTE },
  );
  assert.equal(bucket?.rx, 100);
});

test("columnsOf() draws each step as wide as it is", () => {
  const { atMs, rx } = columnsOf(buckets);
  assert.deepEqual(atMs.slice(0, 4), [30_000, MINUTE, MINUTE, 2 * MINUTE]);
  assert.deepEqual(rx, [10, 10, null, null, 0, 0, 20, 20]);
});

test("bucketAt() finds the step of a moment, the last one at the end", () => {
  assert.equal(bucketAt(buckets, 30_000), 0);
  assert.equal(bucketAt(buckets, 2.5 * MINUTE), 2);
  assert.equal(bucketAt(buckets, 3.5 * MINUTE), 3);
  assert.equal(bucketAt(buckets, 0), undefined);
  assert.equal(bucketAt([], 0), undefined);
});

test("unwatched() joins steps that nobody saw with gaps, and leaves out late samples", () => {
  const gaps = [
    { fromMs: 1.9 * MINUTE, toMs: 2.2 * MINUTE, reason: "off" },
    { fromMs: 2.5 * MINUTE, toMs: 2.6 * MINUTE, reason: "late" },
  ];
  assert.deepEqual(unwatched(buckets, gaps), [{ fromMs: MINUTE, toMs: 2.2 * MINUTE }]);
});

test("stepText() names every step that the store has", () => {
  assert.deepEqual([1_000, 300_000, 86_400_000].map(stepText), ["second", "5 min", "day"]);
});
