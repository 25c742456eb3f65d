// How long a subject has been past a threshold, without a cell for each: what goes on and what begins anew.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { AlertRule } from "../model/alert.ts";
import { createWorld, factsAt, program, ruleOf, type World } from "./scripted-facts.ts";

const START = Date.parse("2026-11-08T12:00:00Z");

function above(id: string, bytesPerSecond: number, forMs = 5_000): AlertRule {
  return ruleOf(id, {
    scope: { kind: "application", match: "*" },
    condition: { kind: "rate", bytesPerSecond, forMs },
  });
}

/** Ids of the rules that fire in the seconds from `from` to `to`, with the second. */
function run(world: World, [from, to]: readonly [number, number], rx: (second: number) => number) {
  const fired: string[] = [];
  for (let second = from; second <= to; second += 1) {
    const bytes = rx(second);
    const applications = bytes < 0 ? [] : [program("curl", bytes)];
    for (const { ruleId } of world.take(factsAt(START + second * 1_000, { applications }))) {
      fired.push(`${ruleId}@${second}`);
    }
  }
  return fired;
}

test("each rule fires when the rate has been past its own threshold for its own time", () => {
  const world = createWorld({
    rules: [above("r1", 100), above("r2", 300, 2_000), above("r3", 900)],
  });
  assert.deepEqual(
    run(world, [1, 12], (second) => (second <= 3 ? 200 : 400)),
    ["r1@5", "r2@5"],
  );
  assert.equal(world.evaluation.cells.size, 2, "no cell for what never fired");
});

test("one second below, or without a row, or a gap, begins the time anew", () => {
  const dips: ((second: number) => number)[] = [
    (second) => (second === 4 ? 50 : 200),
    (second) => (second === 4 ? -1 : 200),
  ];
  for (const dip of dips) {
    assert.deepEqual(run(createWorld({ rules: [above("r1", 100)] }), [1, 10], dip), ["r1@9"]);
  }
  const world = createWorld({ rules: [above("r1", 100)] });
  run(world, [1, 4], () => 200);
  const applications = [program("curl", 200)];
  world.take(factsAt(START + 5_000, { applications, isAfterGap: true }));
  assert.deepEqual(
    run(world, [6, 12], () => 200),
    ["r1@10"],
  );
});

test("a change of another rule leaves the time of this one, a change of its question begins it anew", () => {
  const rules = [above("r1", 100), above("r2", 300)];
  const world = createWorld({ rules });
  run(world, [1, 3], () => 400);
  world.setRules([above("r0", 50), ...rules, above("r4", 350, 60_000)], START + 3_000);
  assert.deepEqual(
    run(world, [4, 5], () => 400),
    ["r2@5", "r1@5"].sort(),
  );
  const other = createWorld({ rules });
  run(other, [1, 3], () => 400);
  other.setRules([above("r1", 100), above("r2", 301)], START + 3_000);
  assert.deepEqual(
    run(other, [4, 9], () => 400),
    ["r1@5", "r2@8"],
  );
});

test("what is snoozed is told when the snooze is over, as it has lasted all the time", () => {
  const rule = { ...above("r1", 100), snoozedUntilMs: START + 20_000 };
  const world = createWorld({ rules: [rule] });
  assert.deepEqual(
    run(world, [1, 25], () => 200),
    ["r1@20"],
  );
});
