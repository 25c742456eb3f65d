import assert from "node:assert/strict";
import { test } from "node:test";
import { startTick, type TickClock } from "./tick.ts";

test("startTick() reads at once and then on the schedule, without drift from slow reads", () => {
  const clock = manualClock();
  const reads = start(clock, { intervalMs: 1000, read: () => clock.pass(30) });
  clock.runUntil(3500);
  assert.deepEqual(reads, [0, 1000, 2000, 3000]);
});

test("startTick() keeps the schedule when timers fire late, and waits on when they fire early", () => {
  const clock = manualClock(7);
  const reads = start(clock, { intervalMs: 100 });
  clock.runUntil(450);
  assert.deepEqual(reads, [0, 107, 207, 307, 407]);
  const early = manualClock(-3);
  const soon = start(early, { intervalMs: 100 });
  early.runUntil(250);
  assert.deepEqual(soon, [0, 100, 200]);
});

test("startTick() skips what it missed instead of making up for it", () => {
  const clock = manualClock();
  let slow = true;
  const reads = start(clock, {
    intervalMs: 1000,
    read: () => {
      if (slow) clock.pass(5300);
      slow = false;
    },
  });
  clock.runUntil(8500);
  assert.deepEqual(reads, [0, 6000, 7000, 8000]);
});

test("startTick() goes on after an error, counts all and reports each message once", () => {
  const clock = manualClock();
  const messages: string[] = [];
  const thrown = [new Error("a"), undefined, new Error("b"), new Error("a"), "text", "text"];
  let reads = 0;
  const tick = startTick({
    intervalMs: 1000,
    clock,
    read: () => {
      const error = thrown[reads++];
      if (error !== undefined) throw error;
    },
    onError: ({ message }) => messages.push(message),
  });
  clock.runUntil(6500);
  assert.deepEqual(messages, ["a", "b", "text"]);
  assert.equal(tick.errors, 5);
  assert.equal(reads, 7);
});

test("startTick() remembers a bounded number of messages", () => {
  const clock = manualClock();
  let reported = 0;
  let reads = 0;
  startTick({
    intervalMs: 100,
    clock,
    read: () => {
      throw new Error(`message ${reads++ % 101}`);
    },
    onError: () => reported++,
  });
  clock.runUntil(100 * 202);
  // 101 messages in turn: each is forgotten just before it comes again.
  assert.equal(reported, reads);
});

test("setIntervalMs() counts from the last read, also from within a read, with one timer", () => {
  const clock = manualClock();
  const reads: number[] = [];
  const tick = startTick({
    intervalMs: 1000,
    clock,
    read: () => {
      reads.push(clock.now());
      if (clock.now() === 2000) tick.setIntervalMs(500);
    },
    onError: assert.fail,
  });
  clock.runUntil(3200);
  assert.deepEqual(reads, [0, 1000, 2000, 2500, 3000]);
  tick.setIntervalMs(60_000);
  clock.runUntil(63_100);
  assert.deepEqual(reads.slice(5), [63_000]);
  tick.setIntervalMs(100);
  clock.runUntil(63_350);
  assert.deepEqual(reads.slice(6), [63_100, 63_200, 63_300]);
  assert.equal(clock.timers(), 1);
});

test("setIntervalMs() reads at once when a shorter interval has passed already", () => {
  const clock = manualClock();
  const reads: number[] = [];
  const read = () => reads.push(clock.now());
  const tick = startTick({ intervalMs: 60_000, clock, read, onError: assert.fail });
  clock.runUntil(30_000);
  tick.setIntervalMs(1000);
  clock.runUntil(32_500);
  assert.deepEqual(reads, [0, 30_000, 31_000, 32_000]);
});

test("startTick() and setIntervalMs() refuse intervals outside 100 to 60,000 ms", () => {
  const clock = manualClock();
  for (const intervalMs of [99, 60_001, 0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => start(clock, { intervalMs }), RangeError);
  }
  const tick = startTick({ intervalMs: 100, clock, read() {}, onError: assert.fail });
  assert.throws(() => tick.setIntervalMs(99), RangeError);
});

test("stop() ends the loop, also from within a read, and may come twice", () => {
  const clock = manualClock();
  let reads = 0;
  const tick = startTick({
    intervalMs: 100,
    clock,
    read: () => {
      if (++reads === 3) tick.stop();
    },
    onError: assert.fail,
  });
  clock.runUntil(1000);
  tick.stop();
  assert.equal(reads, 3);
  assert.equal(clock.timers(), 0);
  tick.setIntervalMs(200);
  assert.equal(clock.timers(), 0);
});

function start(
  clock: ReturnType<typeof manualClock>,
  { intervalMs, read = () => {} }: { intervalMs: number; read?: () => void },
): number[] {
  const reads: number[] = [];
  startTick({
    intervalMs,
    clock,
    onError: assert.fail,
    read: () => {
      reads.push(clock.now());
      read();
    },
  });
  return reads;
}

/** A clock that stands still until told; its timers fire `late` milliseconds after they should. */
function manualClock(late = 0) {
  let nowMs = 0;
  const timers = new Map<object, { dueMs: number; callback: () => void }>();
  return {
    now: () => nowMs,
    after(delayMs: number, callback: () => void) {
      const key = {};
      timers.set(key, { dueMs: nowMs + (delayMs > -late ? delayMs + late : delayMs), callback });
      return () => timers.delete(key);
    },
    pass(ms: number) {
      nowMs += ms;
    },
    timers: () => timers.size,
    runUntil(endMs: number) {
      for (;;) {
        const next = [...timers].sort(([, a], [, b]) => a.dueMs - b.dueMs)[0];
        if (next === undefined || next[1].dueMs > endMs) break;
        timers.delete(next[0]);
        nowMs = Math.max(nowMs, next[1].dueMs);
        next[1].callback();
      }
      nowMs = Math.max(nowMs, endMs);
    },
  } satisfies TickClock & Record<string, unknown>;
}
