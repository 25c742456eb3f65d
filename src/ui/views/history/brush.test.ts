import assert from "node:assert/strict";
import { test } from "node:test";
import { brushed, closer, pixelAt, SHORTEST_MS, timeAt } from "./brush.ts";

const AXIS = { fromMs: 1_000_000, toMs: 2_000_000, width: 500 };
const MINUTE = 60_000;

test("timeAt() and pixelAt() are the reverse of each other, and stay within the chart", () => {
  for (const x of [0, 1, 250, 499.5, 500])
    assert.ok(Math.abs(pixelAt(timeAt(x, AXIS), AXIS) - x) < 1e-6);
  assert.equal(timeAt(-50, AXIS), AXIS.fromMs);
  assert.equal(timeAt(900, AXIS), AXIS.toMs);
  assert.equal(timeAt(10, { ...AXIS, width: 0 }), AXIS.toMs);
});

test("brushed() takes whole steps, in whichever direction it is drawn", () => {
  const startsMs = Array.from({ length: 60 }, (_, at) => at * MINUTE);
  const all = { fromMs: 0, toMs: 60 * MINUTE, startsMs };
  const wanted = { fromMs: 5 * MINUTE, toMs: 8 * MINUTE };
  assert.deepEqual(brushed([5.5 * MINUTE, 7.2 * MINUTE], all), wanted);
  assert.deepEqual(brushed([7.2 * MINUTE, 5.5 * MINUTE], all), wanted);
  assert.deepEqual(brushed([58.5 * MINUTE, 60 * MINUTE], all), {
    fromMs: 58 * MINUTE,
    toMs: 60 * MINUTE,
  });
  assert.deepEqual(brushed([5.1 * MINUTE, 5.2 * MINUTE], all), {
    fromMs: 5 * MINUTE,
    toMs: 6 * MINUTE,
  });
});

test("brushed() chooses nothing where all is chosen, and never less than can be shown", () => {
  const all = { fromMs: 0, toMs: MINUTE, startsMs: [0, 1_000, 2_000, 3_000] };
  assert.equal(brushed([0, MINUTE], all), undefined);
  const least = brushed([1_100, 1_200], all);
  assert.equal((least?.toMs ?? 0) - (least?.fromMs ?? 0), SHORTEST_MS);
});

test("closer() shows half of the time around a moment, within what is shown", () => {
  const all = { fromMs: 0, toMs: 80 * MINUTE };
  assert.deepEqual(closer(40 * MINUTE, all), { fromMs: 20 * MINUTE, toMs: 60 * MINUTE });
  assert.deepEqual(closer(0, all), { fromMs: 0, toMs: 40 * MINUTE });
  assert.deepEqual(closer(80 * MINUTE, all), { fromMs: 40 * MINUTE, toMs: 80 * MINUTE });
  assert.equal(closer(5_000, { fromMs: 0, toMs: SHORTEST_MS }), undefined);
});
