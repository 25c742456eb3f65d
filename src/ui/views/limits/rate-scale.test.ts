// The slider of rates.
import assert from "node:assert/strict";
import { test } from "node:test";
import { positionOf, rateAt, STEPS } from "./rate-scale.ts";

test("rateAt() goes from the least to 10 Gbit/s, in two digits, never downwards", () => {
  assert.equal(rateAt(0), 1_000);
  assert.equal(rateAt(STEPS - 1), 1_250_000_000);
  let before = 0;
  for (let at = 0; at < STEPS; at += 1) {
    const rate = rateAt(at);
    assert.ok(rate >= before, `${at}`);
    assert.match(String(Math.round(rate * 8)), /^\d{1,2}0*$/);
    before = rate;
  }
});

test("positionOf() finds the position again, and keeps what is beyond at the end", () => {
  for (let at = 0; at < STEPS; at += 7)
    assert.ok(Math.abs(positionOf(rateAt(at)) - at) <= 1, `${at}`);
  assert.equal(positionOf(1), 0);
  assert.equal(positionOf(1e12), STEPS - 1);
});
