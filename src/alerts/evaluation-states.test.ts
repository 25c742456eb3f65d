// States of the machine and of Monitauri itself: when they fire and end.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createWorld, factsAt, ruleOf } from "./scripted-facts.ts";

const START = new Date(2026, 10, 2, 12, 0).getTime();

describe("the machine's own states", () => {
  test("an interface that was there is missed, also after a restart, and its return ends it", () => {
    const rule = ruleOf("r1", { condition: { kind: "interface-gone", forMs: 5_000 } });
    const world = createWorld({ rules: [rule] });
    const gone = { present: [{ name: "eth0", kind: "physical", present: false } as const] };
    world.take(factsAt(START));
    for (let n = 1; n < 10; n += 1) world.take(factsAt(START + n * 1_000, gone));
    assert.deepEqual(
      world.events.map(({ title }) => title),
      ["The interface eth0 is gone"],
    );
    world.restart();
    for (let n = 10; n < 20; n += 1) world.take(factsAt(START + n * 1_000, { present: [] }));
    assert.deepEqual([world.events.length, world.ended.length], [1, 0]);
    for (let n = 20; n < 30; n += 1) world.take(factsAt(START + n * 1_000));
    assert.deepEqual(world.ended, ["test-1"]);
  });

  test("coverage is judged over its time, not in single intervals", () => {
    const rule = ruleOf("r1", { condition: { kind: "coverage", belowShare: 0.98, forMs: 10_000 } });
    const world = createWorld({ rules: [rule] });
    const counted = (share: number) => ({
      coverage: [
        {
          interface: "eth0",
          rxCountedBytes: 1e6,
          txCountedBytes: 0,
          rxAttributedBytes: share * 1e6,
          txAttributedBytes: 0,
        },
      ],
    });
    for (let n = 0; n < 10; n += 1)
      world.take(factsAt(START + n * 1_000, counted(n === 3 ? 0.9 : 1)));
    assert.equal(world.events.length, 0);
    for (let n = 10; n < 30; n += 1) world.take(factsAt(START + n * 1_000, counted(0.9)));
    assert.deepEqual(
      world.events.map(({ title, measure }) => [title, measure.share]),
      [["Only 90.0 % of the bytes of this computer's interfaces have an owner", 0.9]],
    );
  });

  test("limits in trouble and parts that do not work begin and end", () => {
    const rules = [
      ruleOf("r1", { condition: { kind: "limit", of: ["defeated"] } }),
      ruleOf("r2", { condition: { kind: "degraded", forMs: 2_000 } }),
    ];
    const world = createWorld({ rules });
    const subject = { kind: "application", key: "path:/usr/bin/curl", name: "curl" } as const;
    const limits = [
      { key: "l1", trouble: "defeated", subject, text: "curl passed its limit." } as const,
      { key: "l2", trouble: "saturated", subject, text: "no" } as const,
    ];
    const problems = [{ key: "history", text: "The history thread has stopped." }];
    for (let n = 0; n < 4; n += 1) world.take(factsAt(START + n * 1_000, { limits, problems }));
    assert.deepEqual(
      world.events.map(({ title }) => title),
      ["The limit of curl is defeated", "Monitauri is degraded: history"],
    );
    for (let n = 4; n < 8; n += 1) world.take(factsAt(START + n * 1_000));
    assert.equal(world.ended.length, 2);
  });
});
