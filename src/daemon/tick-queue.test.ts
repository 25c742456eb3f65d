// Ticks on their way to the history thread: what is dropped is said with the next one, as the time that it was.
import assert from "node:assert/strict";
import { test } from "node:test";
import { tickOf } from "../store/scripted-ticks.ts";
import { createLog } from "./log.ts";
import { createTickQueue, MAX_TICKS } from "./tick-queue.ts";

const tick = (second: number) => tickOf(second * 1_000, []);

function queue() {
  return createTickQueue(createLog(() => {}));
}

test("ticks that find no room are the lost time of the next one that does", () => {
  const ticks = queue();
  for (let n = 1; n <= MAX_TICKS; n += 1) assert.equal(ticks.add(tick(n))?.lost, null);
  for (let n = 1; n <= 3; n += 1) assert.equal(ticks.add(tick(MAX_TICKS + n)), undefined);
  ticks.taken();
  const queued = ticks.add(tick(MAX_TICKS + 4));
  const fromMs = MAX_TICKS * 1_000;
  assert.deepEqual(queued?.lost, { fromMs, toMs: fromMs + 3_000 });
  ticks.taken();
  assert.equal(ticks.add(tick(MAX_TICKS + 5))?.lost, null);
  assert.equal(ticks.dropped(), 3);
});

test("what a thread may have died of is lost time, too, whether others wait or not", () => {
  const ticks = queue();
  ticks.add(tick(1));
  ticks.add(tick(2));
  ticks.interrupted();
  assert.deepEqual(
    ticks.waiting().map(({ lost }) => lost),
    [{ fromMs: 0, toMs: 1_000 }],
  );
  ticks.interrupted();
  assert.deepEqual(ticks.waiting(), []);
  assert.deepEqual(ticks.add(tick(3))?.lost, { fromMs: 0, toMs: 2_000 });
  ticks.interrupted();
  ticks.interrupted();
  assert.equal(ticks.dropped(), 3);
});
