import assert from "node:assert/strict";
import { test } from "node:test";
import { bars, sparkPaths } from "./spark-bars.ts";

const SPAN = { fromMs: 0, toMs: 10_000, count: 10 };

test("bars() are means of their time, gaps left out", () => {
  const columns = {
    atMs: [8_100, 8_600, 9_200, 9_900],
    rx: [100, 300, null, 50],
    tx: [10, 30, null, 5],
  };
  const { rx, tx, peak } = bars(columns, SPAN);
  assert.deepEqual(rx.slice(-3), [200, 50, 0]);
  assert.deepEqual(tx.slice(-3), [20, 5, 0]);
  assert.equal(peak, 200);
});

test("bars() of the past do not change while time goes on within a bar", () => {
  const columns = { atMs: [5_500], rx: [100], tx: [1] };
  const early = bars(columns, { ...SPAN, toMs: 10_100, fromMs: 100 });
  const late = bars(columns, { ...SPAN, toMs: 10_900, fromMs: 900 });
  assert.deepEqual(early.rx, late.rx);
});

test("sparkPaths() draws down up and up down from one line, with one scale for both", () => {
  const shape = { rx: [0, 9], tx: [9, 0.001], rxPeak: 9, txPeak: 9, peak: 9 };
  assert.deepEqual(sparkPaths(shape, { width: 20, height: 20 }), {
    axis: "M0 10h20",
    down: "M10 10v-9h6.6v9z",
    // What is hardly anything is seen all the same.
    up: "M0 10v9h6.6v-9zM10 10v1h6.6v-1z",
  });
});
