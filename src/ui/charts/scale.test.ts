import assert from "node:assert/strict";
import { test } from "node:test";
import { chooseScale, timeLines } from "./scale.ts";

const MBIT = 1e6 / 8;
const bits = { unit: 1 / 8, wasSplit: false };

test("chooseScale() draws both directions on one scale while they differ less than tenfold", () => {
  const { top, bottom, factor } = chooseScale({ rx: 50 * MBIT, tx: 9 * MBIT, ...bits });
  assert.equal(factor, 1);
  assert.ok(top >= 50 * MBIT && bottom <= -9 * MBIT);
});

test("chooseScale() takes two scales where they differ more, and the smaller one gets room", () => {
  const { top, bottom, factor } = chooseScale({ rx: 50 * MBIT, tx: 1 * MBIT, ...bits });
  assert.ok(factor > 1);
  assert.ok(-bottom / (top - bottom) > 0.3);
  assert.ok(1 * MBIT * factor <= -bottom);
});

test("chooseScale() gives a larger upload the larger part", () => {
  const { top, bottom, factor } = chooseScale({ rx: 1 * MBIT, tx: 50 * MBIT, ...bits });
  assert.ok(factor < 1);
  assert.ok(-bottom > top);
});

test("chooseScale() goes back to one scale only when the difference is clearly smaller", () => {
  const peaks = { rx: 90 * MBIT, tx: 10 * MBIT, unit: 1 / 8 };
  assert.equal(chooseScale({ ...peaks, wasSplit: false }).factor, 1);
  assert.notEqual(chooseScale({ ...peaks, wasSplit: true }).factor, 1);
});

test("chooseScale() draws its lines at round values of the unit, within the plot", () => {
  for (const rx of [0, 1e3, 7.7e5, 3.3e6, 9.99e9]) {
    const { lines, top, bottom } = chooseScale({ rx, tx: rx / 3, ...bits });
    assert.ok(lines.length >= 2, `${lines.length} lines for ${rx}`);
    for (const { at, bytesPerSecond } of lines) {
      assert.ok(at < top && at > bottom);
      assert.match((bytesPerSecond * 8).toExponential(), /^(\d|\d\.5)e/);
    }
  }
});

test("chooseScale() does not magnify an idle network", () => {
  assert.ok(chooseScale({ rx: 3, tx: 0, ...bits }).top >= 125);
});

test("timeLines() stand at round times and are few", () => {
  const toMs = Date.UTC(2026, 0, 1, 14, 31, 7);
  for (const minutes of [1, 5, 15]) {
    const lines = timeLines(toMs - minutes * 60_000, toMs);
    assert.ok(lines.length >= 3 && lines.length <= 6, `${lines.length} for ${minutes} min`);
    for (const at of lines) assert.equal(at % 15_000, 0);
  }
});
