/** Interfaces that take no filter: when they are said, and of which rules. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitAchieved } from "../model/limit.ts";
import { createHindered } from "./hindered.ts";
import type { Attachment } from "./linux-plan.ts";
import { limitRule } from "./rule-fixture.ts";

const AT: Attachment = { name: "wan", ifindex: 3, hook: "egress", shaping: "tx" };
const BOTH: Attachment[] = [AT, { ...AT, hook: "ingress", shaping: "rx" }];
const REFUSED = new Map(BOTH.map((one) => [one, new Error("wan refuses")]));
const RULES = [
  limitRule("l1", { kind: "interface", name: "wan" }),
  limitRule("l2", { kind: "interface", name: "lan" }),
  limitRule("l3", { kind: "machine" }),
];

test("note() says each interface once, until it is another reason", () => {
  const hindered = createHindered();
  assert.deepEqual(hindered.note(REFUSED, 0), ["wan refuses"]);
  assert.deepEqual(hindered.note(REFUSED, 5_000), []);
  assert.deepEqual(hindered.note(new Map([[AT, new Error("gone wrong")]]), 0), ["gone wrong"]);
  assert.deepEqual(hindered.note(new Map(), 0), []);
  assert.deepEqual(hindered.note(REFUSED, 0), ["wan refuses"], "again after it went well");
});

test("areDue() asks for another try a while after a failure, and for none without", () => {
  const hindered = createHindered();
  assert.equal(hindered.areDue(1e9), false);
  hindered.note(REFUSED, 1_000);
  assert.deepEqual([hindered.areDue(5_999), hindered.areDue(6_000)], [false, true]);
  hindered.forget();
  assert.equal(hindered.areDue(1e9), false);
});

test("told() defeats the rule for that interface, and warns at those that hold beyond it", () => {
  const hindered = createHindered();
  const told = (reason: string | null = null) =>
    RULES.map(({ id }) =>
      hindered.told({ id, state: "active", reason } as LimitAchieved, RULES),
    ).map((one) => [one.state, one.reason]);
  const free = ["active", null];
  assert.deepEqual(told(), [free, free, free]);
  hindered.note(REFUSED, 0);
  assert.deepEqual(told(), [["defeated", "wan refuses"], free, ["active", "wan refuses"]]);
  assert.deepEqual(told("too slow")[2], ["active", "too slow; wan refuses"]);
});
