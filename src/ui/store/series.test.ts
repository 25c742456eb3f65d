import assert from "node:assert/strict";
import { test } from "node:test";
import { CAPACITY, createPast, MAX_APPLICATIONS } from "./series.ts";

const moment = (atMs: number, rxBytes = 1000) => ({
  atMs,
  intervalMs: 1000,
  gap: null,
  rxBytes,
  txBytes: rxBytes / 10,
});
const nobody = { keys: [], numbers: new Float64Array(), width: 2 };
const busy = (...keys: string[]) => ({
  keys,
  numbers: Float64Array.from(keys.flatMap(() => [500, 50])),
  width: 2,
});

test("machine() returns rates in the span", () => {
  const past = createPast();
  for (let at = 1; at <= 5; at += 1) past.add({ ...moment(at * 2000), intervalMs: 2000 }, nobody);
  assert.deepEqual(past.machine(3000, 7000), { atMs: [4000, 6000], rx: [500, 500], tx: [50, 50] });
});

test("machine() has a gap where the daemon says so, and where time is missing", () => {
  const past = createPast();
  past.add(moment(1000), nobody);
  past.add({ ...moment(2000), gap: "suspended" }, nobody);
  past.add(moment(3000), nobody);
  past.add(moment(60_000), nobody);
  assert.deepEqual(past.machine(0, 100_000).rx, [1000, null, 1000, null, 1000]);
});

test("machine() keeps CAPACITY moments", () => {
  const past = createPast();
  for (let at = 1; at <= CAPACITY + 50; at += 1) past.add(moment(at * 1000), nobody);
  const { atMs } = past.machine(0, Number.POSITIVE_INFINITY);
  assert.equal(atMs.length, CAPACITY);
  assert.equal(atMs[0], 51_000);
});

test("application() is zero while it was idle, also after the ring has gone round", () => {
  const past = createPast();
  past.add(moment(1000), busy("a"));
  for (let at = 2; at <= CAPACITY + 1; at += 1) past.add(moment(at * 1000), nobody);
  past.add(moment((CAPACITY + 2) * 1000), busy("a"));
  const { rx } = past.application("a", { fromMs: 0, toMs: Number.POSITIVE_INFINITY });
  assert.equal(rx.at(-1), 500);
  assert.ok(rx.slice(0, -1).every((rate) => rate === 0));
});

test("add() remembers MAX_APPLICATIONS and gives the place of idle ones to new ones", () => {
  const past = createPast();
  past.add(moment(1000), busy(...Array.from({ length: MAX_APPLICATIONS }, (_, at) => `a${at}`)));
  past.add(moment(2000), busy("late"));
  assert.equal(past.hasApplication("late"), false, "nobody was idle");
  for (let at = 3; at < 40; at += 1) past.add(moment(at * 1000), busy("a0"));
  past.add(moment(40_000), busy("late"));
  assert.equal(past.hasApplication("late"), true);
  assert.equal(past.hasApplication("a0"), true);
  assert.equal(past.applications, MAX_APPLICATIONS);
});

test("busyness() fades", () => {
  const past = createPast();
  past.add(moment(1000), busy("a"));
  const before = past.busyness("a");
  past.add(moment(2000), nobody);
  assert.ok(past.busyness("a") < before && past.busyness("a") > 0);
  assert.equal(past.busyness("nobody"), 0);
});
