// Threads that die: started again later and later, soon again after they were well, never after the end.
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { createRestarts, LONGEST_DELAY_MS } from "./restarts.ts";

test("schedule() doubles the delay up to its bound, and begins anew with a thread that was well", (t) => {
  t.after(() => mock.timers.reset());
  mock.timers.enable({ apis: ["setTimeout"] });
  let launched = 0;
  const restarts = createRestarts(() => {
    launched += 1;
  });
  const delays = Array.from({ length: 8 }, () => {
    const delayMs = restarts.schedule(10);
    mock.timers.tick(delayMs - 1);
    const before = launched;
    mock.timers.tick(1);
    assert.equal(launched, before + 1);
    return delayMs;
  });
  assert.deepEqual(delays, [500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, LONGEST_DELAY_MS]);
  assert.equal(restarts.count, 8);
  assert.equal(restarts.schedule(60_000), 500);
  restarts.cancel();
  mock.timers.tick(LONGEST_DELAY_MS);
  assert.deepEqual([launched, restarts.count], [8, 8]);
});
