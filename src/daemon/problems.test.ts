// What alerts are told of Monitauri's own troubles: threads, and what was lost since the reading before.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ThreadStatus } from "../model/monitauri.ts";
import type { CollectorHealth } from "../model/snapshot.ts";
import { createProblems } from "./problems.ts";

const running: ThreadStatus = {
  name: "sampling",
  state: "running",
  restarts: 0,
  lastError: undefined,
};

function healthOf(more: Partial<CollectorHealth>): CollectorHealth {
  const none = { overflowRxBytes: 0, overflowTxBytes: 0, missedRuns: 0, processOverflow: 0 };
  return { ...none, ...more } as CollectorHealth;
}

test("createProblems() names threads that do not run, and why", () => {
  const problems = createProblems();
  const of = (...threads: ThreadStatus[]) => problems({ threads, health: undefined, nowMs: 0 });
  assert.deepEqual(of(running, { ...running, name: "history" }), []);
  // It was started again and runs.
  assert.deepEqual(of({ ...running, restarts: 3, lastError: "out of memory" }), []);
  const [stopped] = of({ ...running, state: "stopped", lastError: "out of memory" });
  assert.equal(stopped?.key, "sampling");
  assert.match(stopped?.text ?? "", /^The sampling thread has stopped: out of memory\. monitauri/);
  assert.match(of({ ...running, state: "restarting" })[0]?.text ?? "", /is starting again\. /);
});

test("createProblems() also names a history that runs and cannot write", () => {
  const history = { ...running, name: "history", lastError: "the disk is full" };
  const [found] = createProblems()({ threads: [history], health: undefined, nowMs: 0 });
  assert.match(found?.text ?? "", /^The history thread has trouble: the disk is full\./);
});

test("createProblems() says what was lost anew for two minutes, and not what was lost before", () => {
  const problems = createProblems();
  const at = (nowMs: number, health: CollectorHealth | undefined) =>
    problems({ threads: [running], health, nowMs }).map(({ key, text }) => `${key}: ${text}`);
  const old = { overflowRxBytes: 5_000_000, missedRuns: 7 };
  assert.deepEqual(at(0, healthOf(old)), [], "what was lost before is known");
  assert.deepEqual(at(1_000, healthOf(old)), []);
  const words =
    "completeness: Not everything is told apart: 2.00 MB have no row of their own; " +
    "the kernel skipped 1 runs of its programs; 3 processes have no name.";
  const lost = healthOf({ overflowRxBytes: 7_000_000, missedRuns: 8, processOverflow: 3 });
  assert.deepEqual(at(2_000, lost), [words]);
  assert.deepEqual(at(121_000, lost), [words]);
  assert.deepEqual(at(122_000, lost), []);
  // While there is no reading nothing is forgotten, and counters that begin anew are no loss.
  assert.deepEqual(at(123_000, undefined), []);
  assert.deepEqual(at(124_000, healthOf({})), []);
  assert.equal(at(125_000, healthOf({ processOverflow: 1 })).length, 1);
});
