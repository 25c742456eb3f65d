// What the log lets through.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createLog } from "./log.ts";

test("createLog() writes time and level, and leaves out what is less urgent than its level", () => {
  const lines: string[] = [];
  const log = createLog(
    (line) => lines.push(line),
    () => 0,
  );
  log.debug("not shown");
  log.warn("shown");
  log.level = "debug";
  log.debug("now it is");
  assert.deepEqual(lines, [
    "1970-01-01 00:00:00Z warn: shown\n",
    "1970-01-01 00:00:00Z debug: now it is\n",
  ]);
});

test("warnOnce() says a repeated fault once", () => {
  const lines: string[] = [];
  const log = createLog((line) => lines.push(line));
  log.warnOnce("tick", "read failed");
  log.warnOnce("tick", "read failed");
  log.warnOnce("other", "something else");
  assert.equal(lines.length, 2);
});
