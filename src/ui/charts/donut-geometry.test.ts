import assert from "node:assert/strict";
import { test } from "node:test";
import { donut, MAX_SLICES, OTHERS } from "./donut-geometry.ts";

const part = (bytes: number, at: number) => ({ key: `k${at}`, name: `n${at}`, bytes });

test("donut() has the largest first, and all shares make one", () => {
  const slices = donut([3, 50, 20].map(part));
  assert.deepEqual(
    slices.map(({ bytes }) => bytes),
    [50, 20, 3],
  );
  assert.ok(Math.abs(slices.reduce((sum, { share }) => sum + share, 0) - 1) < 1e-9);
});

test("donut() folds the small ones into one that says how many they are", () => {
  const slices = donut(Array.from({ length: 20 }, (_, at) => part(100 - at, at)));
  assert.equal(slices.length, MAX_SLICES + 1);
  assert.equal(slices.at(-1)?.key, OTHERS);
  assert.equal(slices.at(-1)?.name, `${20 - MAX_SLICES} others`);
});

test("donut() never folds a single one away", () => {
  const slices = donut(Array.from({ length: MAX_SLICES + 1 }, (_, at) => part(10, at)));
  assert.ok(slices.every(({ key }) => key !== OTHERS));
});

test("donut() is empty where nothing was sent, and a ring where one has it all", () => {
  assert.deepEqual(donut([part(0, 1)]), []);
  const [, from, to] =
    /^M(.*?)A1,1 0 1 1 (.*?)L.*Z$/.exec(donut([part(5, 1)])[0]?.path ?? "") ?? [];
  assert.ok(from !== undefined && to !== undefined && from !== to, `${from} to ${to}`);
});

test("donut() counts what is not among its parts with the others", () => {
  const slices = donut([10, 5].map(part), { count: 8, bytes: 5 });
  assert.equal(slices.at(-1)?.name, "8 others");
  assert.deepEqual(
    slices.map(({ share }) => share),
    [0.5, 0.25, 0.25],
  );
  assert.equal(donut([10, 5].map(part), { count: 1, bytes: 5 }).at(-1)?.name, "1 other");
});
