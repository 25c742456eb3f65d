/** The tree of classes: nesting, guarantees, stable numbers, bounds. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { classOf, EMPTY_TREE, LAST_MINOR, MAX_NESTING, planTree, REST } from "./classes.ts";
import { limitRule } from "./rule-fixture.ts";

const machine = limitRule("m", { kind: "machine" }, { txBytesPerSecond: 1_000_000 });
const app = limitRule("a", { kind: "application", pattern: "a" }, { txBytesPerSecond: 300_000 });
const call = limitRule(
  "c",
  { kind: "application", pattern: "c" },
  { txGuaranteedBytesPerSecond: 400_000, priority: 0 },
);

describe("planTree()", () => {
  test("one rule is one class with exactly its cap, in its direction only", () => {
    const tree = planTree([[app]], "tx");
    assert.deepEqual(
      [...tree.classes],
      [
        [
          "a",
          {
            minor: 1,
            parentMinor: 0,
            rateBytesPerSecond: 300_000,
            ceilBytesPerSecond: 300_000,
            priority: 3,
            isLeaf: true,
          },
        ],
      ],
    );
    assert.equal(planTree([[app]], "rx").classes.size, 0);
    assert.equal(classOf(planTree([[app]], "rx"), [app], "rx"), undefined);
  });

  test("a narrower rule is inside the wider one, and what is under the wider alone goes to its rest", () => {
    const tree = planTree([[machine], [machine, app]], "tx");
    const outer = tree.classes.get("m");
    const inner = classOf(tree, [machine, app], "tx");
    const rest = classOf(tree, [machine], "tx");
    assert.equal(outer?.isLeaf, false);
    assert.equal(inner?.parentMinor, outer?.minor);
    assert.equal(rest?.parentMinor, outer?.minor);
    assert.equal(rest, tree.classes.get(`m>${REST}`));
    assert.equal(inner?.ceilBytesPerSecond, 300_000);
    assert.equal(rest?.ceilBytesPerSecond, 1_000_000);
  });

  test("a narrow cap above the wide one is cut to it", () => {
    const wide = limitRule("w", { kind: "application", pattern: "w" }, { txBytesPerSecond: 9e9 });
    assert.equal(
      classOf(planTree([[machine, wide]], "tx"), [machine, wide], "tx")?.ceilBytesPerSecond,
      1_000_000,
    );
  });

  test("what those inside may always send is never more than what is around them", () => {
    const hungry = Array.from({ length: 40 }, (_, at) =>
      limitRule(
        `g${at}`,
        { kind: "application", pattern: `g${at}` },
        { txGuaranteedBytesPerSecond: at % 2 === 0 ? 500_000 : null, txBytesPerSecond: 600_000 },
      ),
    );
    const user = limitRule("u", { kind: "user", user: "u" }, { txBytesPerSecond: 800_000 });
    const chains = hungry.flatMap((rule, at) => [[machine, ...(at % 3 === 0 ? [user] : []), rule]]);
    const tree = planTree([[machine], ...chains], "tx");
    for (const outer of tree.classes.values()) {
      if (outer.isLeaf) continue;
      const inside = [...tree.classes.values()].filter((one) => one.parentMinor === outer.minor);
      const sum = inside.reduce((total, one) => total + one.rateBytesPerSecond, 0);
      assert.ok(sum <= outer.rateBytesPerSecond, `${sum} in ${outer.rateBytesPerSecond}`);
      assert.ok(inside.every((one) => one.rateBytesPerSecond >= 1));
    }
  });

  test("a guarantee is kept where it fits, and priority stays with its class", () => {
    const tree = planTree([[machine], [machine, call], [machine, app]], "tx");
    const guaranteed = classOf(tree, [machine, call], "tx");
    assert.equal(guaranteed?.rateBytesPerSecond, 400_000);
    assert.equal(guaranteed?.ceilBytesPerSecond, 1_000_000);
    assert.equal(guaranteed?.priority, 0);
  });

  test("a guarantee without a cap around it makes no class", () => {
    const tree = planTree([[call], [call, app]], "tx");
    assert.deepEqual([...tree.classes.keys()], ["a"]);
    assert.equal(classOf(tree, [call], "tx"), undefined);
  });

  test("numbers stay with their chains, and freed ones are not given again at once", () => {
    const first = planTree([[app]], "tx");
    const both = planTree([[machine, call], [app]], "tx", first);
    assert.equal(both.classes.get("a")?.minor, 1);
    const without = planTree([[machine, call]], "tx", both);
    const again = planTree([[machine, call], [app]], "tx", without);
    const minors = [...again.classes.values()].map(({ minor }) => minor);
    assert.equal(new Set(minors).size, minors.length);
    assert.equal(again.classes.get("m")?.minor, both.classes.get("m")?.minor);
  });

  test("is the same for the same", () => {
    const chains = [[machine], [machine, app], [machine, call]];
    const once = planTree(chains, "tx");
    assert.deepEqual(planTree(chains, "tx", once), once);
    assert.deepEqual(planTree([], "tx", once).classes, EMPTY_TREE.classes);
  });

  test("has no more classes than numbers, nor more levels than HTB; what is left out keeps its wider cap", () => {
    const many = Array.from({ length: 20_000 }, (_, at) =>
      limitRule(`r${at}`, { kind: "remote", network: "192.0.2.1" }, { txBytesPerSecond: 1_000 }),
    );
    const tree = planTree([[machine], ...many.map((rule) => [machine, rule])], "tx");
    assert.ok(tree.shortened > 0);
    assert.ok([...tree.classes.values()].every(({ minor }) => minor >= 1 && minor <= LAST_MINOR));
    assert.equal(classOf(tree, [machine, many.at(-1) ?? app], "tx"), tree.classes.get(`m>${REST}`));
    const deep = many.slice(0, MAX_NESTING + 3);
    const nested = planTree([deep], "tx");
    assert.equal(nested.shortened, 1);
    assert.equal(nested.classes.size, 2 * MAX_NESTING - 1);
    assert.equal(classOf(nested, deep, "tx")?.ceilBytesPerSecond, 1_000);
  });
});
