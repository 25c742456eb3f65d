import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesPerSecond, measureInterval } from "./rates.ts";

const START = { atMs: 1_000_000, monotonicMs: 5_000, bootMs: 9_000 };
const ASKED = { intervalMs: 1000 };

test("measureInterval() finds nothing wrong with a regular tick", () => {
  assert.deepEqual(measureInterval(START, later({}), ASKED), { intervalMs: 1000, gap: undefined });
  assert.equal(
    measureInterval(START, later({ monotonic: 3000, boot: 3000, wall: 3000 }), ASKED).gap,
    undefined,
  );
});

test("measureInterval() knows no length of the first interval", () => {
  assert.deepEqual(measureInterval(undefined, START, ASKED), { intervalMs: 0, gap: undefined });
});

test("measureInterval() says when a sampler follows one that failed", () => {
  const restarted = { ...ASKED, restartedAfterMs: 990_000 };
  assert.deepEqual(measureInterval(undefined, START, restarted).gap, {
    fromMs: 990_000,
    toMs: 1_000_000,
    reason: "sampler-restarted",
  });
});

test("measureInterval() calls it suspended when only the boot clock went on, and measures the rest", () => {
  const measured = measureInterval(
    START,
    later({ monotonic: 1000, boot: 3_601_000, wall: 3_601_000 }),
    ASKED,
  );
  assert.deepEqual(measured, {
    intervalMs: 1000,
    gap: { fromMs: 1_000_000, toMs: 4_601_000, reason: "suspended" },
  });
});

test("measureInterval() notices a wall clock that was set, and never lets a gap end before it begins", () => {
  const forward = measureInterval(START, later({ wall: 61_000 }), ASKED);
  assert.deepEqual(forward.gap, { fromMs: 1_000_000, toMs: 1_061_000, reason: "clock-changed" });
  const back = measureInterval(START, later({ wall: -59_000 }), ASKED);
  assert.deepEqual(back.gap, { fromMs: 940_000, toMs: 941_000, reason: "clock-changed" });
  assert.equal(back.intervalMs, 1000);
  assert.equal(measureInterval(START, later({ wall: 2_900 }), ASKED).gap, undefined);
  assert.equal(measureInterval(START, later({ wall: 3_100 }), ASKED).gap?.reason, "clock-changed");
});

test("measureInterval() calls a tick late beyond three intervals", () => {
  const late = later({ monotonic: 3001, boot: 3001, wall: 3001 });
  assert.equal(measureInterval(START, late, ASKED).gap?.reason, "late");
  assert.equal(measureInterval(START, late, { intervalMs: 2000 }).gap, undefined);
});

test("measureInterval() takes a monotonic clock that went back for a restart", () => {
  const measured = measureInterval(START, { atMs: 1_000_500, monotonicMs: 10, bootMs: 20 }, ASKED);
  assert.deepEqual(measured, {
    intervalMs: 0,
    gap: { fromMs: 1_000_000, toMs: 1_000_500, reason: "sampler-restarted" },
  });
});

test("bytesPerSecond() divides by the interval and has no rate without one", () => {
  assert.equal(bytesPerSecond(500, 250), 2000);
  assert.equal(bytesPerSecond(500, 0), 0);
  assert.equal(bytesPerSecond(500, -5), 0);
});

function later({ monotonic = 1000, boot = 1000, wall = 1000 }) {
  return {
    atMs: START.atMs + wall,
    monotonicMs: START.monotonicMs + monotonic,
    bootMs: START.bootMs + boot,
  };
}
