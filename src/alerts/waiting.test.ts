// What waits is bounded over all groups, and nothing of it is left out of the count.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createWaiting, type Held, MAX_GROUP, MAX_HELD, SEVERAL_RULES } from "./waiting.ts";

const EMPTY = { get: () => undefined, entries: () => [] };

function heldOf(id: string, group: string, more: Partial<Held> = {}): Held {
  return {
    id,
    ruleId: "r1",
    ruleName: "one",
    kind: "rate",
    atMs: 1,
    severity: "info",
    title: id,
    channels: ["me"],
    group,
    dueMs: 1_000,
    count: 1,
    ...more,
  };
}

test("createWaiting() keeps so many of all groups, the first of each, and counts the others", () => {
  const waiting = createWaiting(EMPTY);
  const kept = new Map<string, unknown>();
  const groups = 2 * (MAX_HELD / MAX_GROUP);
  for (let group = 0; group < groups; group += 1) {
    for (let n = 0; n < MAX_GROUP + 10; n += 1) {
      waiting.add(heldOf(`${group}-${n}`, `g${group}`), kept);
    }
  }
  assert.ok(kept.size <= MAX_HELD + 2 * groups, `${kept.size}`);
  assert.equal(waiting.size, kept.size);
  const changes = new Map<string, unknown>();
  const due = waiting.take(1_000, changes);
  assert.equal(due.length, groups);
  for (const [at, own] of due.entries()) {
    assert.equal(own[0]?.id, `${at}-0`);
    assert.equal(
      own.reduce((sum, { count }) => sum + count, 0),
      MAX_GROUP + 10,
    );
  }
  assert.deepEqual([...changes.keys()].sort(), [...kept.keys()].sort());
  assert.ok([...changes.values()].every((value) => value === null));
  assert.deepEqual([waiting.take(1_000, changes), waiting.size], [[], 0]);
});

test("createWaiting() says of the others the worst, and that they are of several rules", () => {
  const waiting = createWaiting(EMPTY);
  const kept = new Map<string, unknown>();
  for (let n = 0; n < MAX_GROUP; n += 1) waiting.add(heldOf(`${n}`, "g"), kept);
  waiting.add(heldOf("a", "g"), kept);
  waiting.add(heldOf("b", "g", { severity: "critical", ruleName: "two", dueMs: 2_000 }), kept);
  waiting.add(heldOf("c", "g"), kept);
  assert.equal(waiting.dueMs("g"), 1_000);
  assert.equal(waiting.take(1_000, kept)[0]?.length, MAX_GROUP);
  const [[rest] = []] = waiting.take(2_000, kept);
  assert.deepEqual(
    [rest?.id, rest?.severity, rest?.ruleName, rest?.count],
    ["a", "critical", SEVERAL_RULES, 3],
  );
});
