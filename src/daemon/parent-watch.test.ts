// What the daemon makes of signals that come twice, and of a start without a launcher.
import assert from "node:assert/strict";
import { test } from "node:test";
import { pressCounter, SAME_PRESS_MS, watchParent } from "./parent-watch.ts";

test("pressCounter() counts what npm and the launcher pass on as the same key press", () => {
  const count = pressCounter();
  assert.deepEqual([count(1000), count(1001), count(1002)], [1, 1, 1]);
  assert.equal(count(1000 + SAME_PRESS_MS + 1), 2);
});

test("watchParent() has nothing to watch without a launcher", () => {
  delete process.env.MONITAURI_PARENT_FD;
  assert.equal(
    watchParent(() => assert.fail()),
    undefined,
  );
});
