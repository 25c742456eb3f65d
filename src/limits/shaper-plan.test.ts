/** Steps between trees: valid in their order, none where nothing changes, the same end whatever the way. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LimitRule } from "../model/limit.ts";
import { type ClassTree, EMPTY_TREE, planTree } from "./classes.ts";
import { limitRule } from "./rule-fixture.ts";
import { planShaper } from "./shaper-plan.ts";

const SHAPER = { device: "up", leaf: "bfifo" } as const;
const rules = Array.from({ length: 8 }, (_, at) =>
  limitRule(
    `r${at}`,
    { kind: "application", pattern: `r${at}` },
    { txBytesPerSecond: 1_000_000 * (at + 1) },
  ),
);

describe("planShaper()", () => {
  test("writes rates in bits and sizes in bytes", () => {
    const tree = planTree([[rules[0] as LimitRule]], "tx");
    assert.deepEqual(planShaper(EMPTY_TREE, tree, SHAPER), {
      add: [
        "class add dev up parent 6d: classid 6d:1 htb prio 3 rate 8000000bit ceil 8000000bit burst 4000 cburst 4000 quantum 4000",
        "qdisc add dev up parent 6d:1 bfifo limit 131072",
      ],
      remove: [],
    });
  });

  test("sets fq_codel's target from the rate", () => {
    const slow = limitRule("s", { kind: "machine" }, { txBytesPerSecond: 12_500 });
    const { add } = planShaper(EMPTY_TREE, planTree([[slow]], "tx"), {
      ...SHAPER,
      leaf: "fq_codel",
    });
    assert.equal(add[1], "qdisc add dev up parent 6d:1 fq_codel target 182ms interval 364ms");
  });

  test("has nothing to do between equals", () => {
    const tree = planTree([[rules[0] as LimitRule, rules[1] as LimitRule]], "tx");
    assert.deepEqual(
      planShaper(
        tree,
        planTree([[rules[0] as LimitRule, rules[1] as LimitRule]], "tx", tree),
        SHAPER,
      ),
      {
        add: [],
        remove: [],
      },
    );
  });

  test("changes a rate in place, so that packets that wait stay", () => {
    const slow = { ...(rules[0] as LimitRule), txBytesPerSecond: 500_000 };
    const before = planTree([[rules[0] as LimitRule]], "tx");
    const { add, remove } = planShaper(before, planTree([[slow]], "tx", before), SHAPER);
    assert.match(
      add.join("\n"),
      /^class change dev up parent 6d: classid 6d:1 htb prio 3 rate 4000000bit/,
    );
    assert.deepEqual([add.length, remove.length], [1, 0]);
  });

  test("whatever the order of changes, a model of HTB accepts every line and ends as planned", () => {
    let tree: ClassTree = EMPTY_TREE;
    const model = createModel();
    let seed = 7;
    const random = (below: number) => {
      seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
      return seed % below;
    };
    for (let step = 0; step < 300; step += 1) {
      const chains = Array.from({ length: random(6) }, () =>
        rules.filter(() => random(3) === 0).map((rule) => ({ ...rule, priority: 3 })),
      );
      const next = planTree(chains, "tx", tree);
      const { add, remove } = planShaper(tree, next, SHAPER);
      for (const line of [...add, ...remove]) model.run(line);
      assert.deepEqual(
        model.classes(),
        [...next.classes.values()].map(({ minor }) => minor).sort(),
      );
      assert.deepEqual(
        model.queues(),
        [...next.classes.values()]
          .filter(({ isLeaf }) => isLeaf)
          .map(({ minor }) => minor)
          .sort(),
      );
      tree = next;
    }
  });
});

/** What the kernel minds: parents first, no removal of what has others inside, queues only where nothing is inside. */
function createModel() {
  const parents = new Map<number, number>();
  const queues = new Set<number>();
  const inside = (minor: number) => [...parents].filter(([, parent]) => parent === minor).length;
  const number = (text: string | undefined) => Number.parseInt(text || "0", 16);
  return {
    run(line: string) {
      const [, what, verb, , parent, minor] =
        /^(class|qdisc) (add|change|replace|del) dev up (parent 6d:(\w*) ?)?(?:classid 6d:(\w+))?/.exec(
          line,
        ) ?? [];
      if (what === "qdisc") {
        const at = number(parent);
        assert.ok(parents.has(at), `${line}: no such class`);
        assert.equal(inside(at), 0, `${line}: it has classes inside`);
        assert.equal(queues.has(at), verb === "replace", line);
        queues.add(at);
        return;
      }
      const at = number(minor);
      if (verb === "del") {
        assert.equal(inside(at), 0, `${line}: it has classes inside`);
        const around = parents.get(at) ?? 0;
        assert.ok(parents.delete(at), line);
        queues.delete(at);
        if (around !== 0 && inside(around) === 0) queues.add(around);
        return;
      }
      assert.equal(parents.has(at), verb === "change", line);
      const around = number(parent);
      assert.ok(around === 0 || parents.has(around), `${line}: no such parent`);
      if (verb === "change") assert.equal(parents.get(at), around, `${line}: it cannot move`);
      parents.set(at, around);
      queues.delete(around);
    },
    classes: () => [...parents.keys()].sort(),
    queues: () => [...queues].sort(),
  };
}
