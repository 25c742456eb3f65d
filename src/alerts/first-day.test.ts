// What is quiet on a first day, and what is nothing new because the history has it.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DAY_MS } from "./periods.ts";
import { createWorld, detailOf, factsAt, program, ruleOf, type World } from "./scripted-facts.ts";

const START = Date.parse("2026-11-08T12:00:00Z");
const RULES = [
  ruleOf("r1", { condition: { kind: "first-contact" } }),
  ruleOf("r2", { condition: { kind: "newcomer" } }),
];
const CURL = "path:/usr/bin/curl";

/** `at` is the time since START. */
function meet(
  world: World,
  at: number,
  more: { country?: string; network?: string; name?: string },
) {
  const { name = "curl", ...place } = more;
  const facts = { applications: [program(name, 1_000)], details: [detailOf(name, place)] };
  return world.take(factsAt(START + at, facts)).map(({ title }) => title);
}

function know(world: World, countries: Readonly<Record<string, number>> | undefined, at = 0) {
  const changes = new Map<string, unknown>();
  const meetings =
    countries &&
    Object.entries(countries).map(([value, since]) => {
      return { application: CURL, value, atMs: START + since };
    });
  world.evaluation.contacts.know(meetings, START + at, changes);
  return changes;
}

describe("the first day", () => {
  test("is silent, says until when, and what came in it is nothing new afterwards", () => {
    const world = createWorld({ rules: RULES, knows: false });
    const until = () =>
      world.evaluation
        .learning(START + 1_000)
        .map(({ what, untilMs }) => `${what} ${untilMs - START}`);
    assert.deepEqual(meet(world, 0, { country: "DE", network: "AS1 One" }), []);
    assert.deepEqual(until(), [
      `new programs ${DAY_MS}`,
      `first contacts with countries ${DAY_MS}`,
      `first contacts with networks ${DAY_MS}`,
    ]);
    assert.deepEqual(meet(world, DAY_MS - 1, { country: "FR", network: "AS2 Two" }), []);
    assert.deepEqual(world.evaluation.learning(START + DAY_MS), []);
    assert.deepEqual(meet(world, DAY_MS + 1, { country: "DE", network: "AS2 Two" }), []);
    assert.deepEqual(meet(world, DAY_MS + 2, { country: "US", network: "AS2 Two" }), [
      "curl talks to United States for the first time",
    ]);
  });

  test("is each program's own: one that comes later is told of as new, and its contacts a day later", () => {
    const world = createWorld({ rules: RULES, knows: false });
    meet(world, 0, { country: "DE" });
    const late = { name: "wget", country: "FR" };
    assert.deepEqual(meet(world, 2 * DAY_MS, late), ["wget uses the network for the first time"]);
    assert.deepEqual(meet(world, 2 * DAY_MS + 5_000, { ...late, country: "US" }), []);
    assert.deepEqual(meet(world, 3 * DAY_MS + 5_000, { ...late, country: "JP" }), [
      "wget talks to Japan for the first time",
    ]);
  });
});

describe("what the history has", () => {
  test("is no first contact, and what it does not have is told at once; its networks are learned for a day", () => {
    const world = createWorld({ rules: RULES });
    know(world, { DE: -30 * DAY_MS, FR: -20 * DAY_MS });
    world.take(factsAt(START, { applications: [program("curl", 1)] }));
    const titles = [
      ...meet(world, 1_000, { country: "DE", network: "AS1 One" }),
      ...meet(world, 2_000, { country: "FR", network: "AS2 Two" }),
      ...meet(world, 3_000, { country: "US", network: "AS3 Three" }),
    ];
    assert.deepEqual(titles, ["curl talks to United States for the first time"]);
    assert.deepEqual(
      world.evaluation.learning(START + 3_000).map(({ what }) => what),
      ["first contacts with networks"],
    );
    assert.deepEqual(meet(world, DAY_MS + 4_000, { country: "US", network: "AS4 Four" }), [
      "curl talks to AS4 Four for the first time",
    ]);
  });

  test("of less than a day says nothing about what is new", () => {
    const world = createWorld({ rules: RULES });
    know(world, { DE: -DAY_MS / 2 });
    world.take(factsAt(START, { applications: [program("curl", 1)] }));
    assert.deepEqual(meet(world, 1_000, { country: "US" }), []);
    assert.deepEqual(meet(world, DAY_MS / 2 + 1_000, { country: "JP" }), [
      "curl talks to Japan for the first time",
    ]);
  });

  test("makes up for the minute that SIGKILL took, and nothing is judged before it answers", () => {
    const world = createWorld({ rules: RULES });
    know(world, { DE: -30 * DAY_MS });
    world.take(factsAt(START, { applications: [program("curl", 1)] }));
    // Met without a rule, and not yet on the disk.
    world.setRules([], START);
    meet(world, 5_000, { country: "FR" });
    world.restart();
    world.setRules(RULES, START);
    world.evaluation.contacts.awaitHistory();
    assert.deepEqual(meet(world, 10_000, { country: "FR" }), []);
    assert.deepEqual(meet(world, 11_000, { country: "US" }), [], "not judged yet");
    for (const [key, value] of know(world, { DE: -30 * DAY_MS, FR: 5_000 }, 12_000)) {
      (world.kept as Map<string, string>).set(key, JSON.stringify(value));
    }
    assert.deepEqual(
      world.take(factsAt(START + 13_000)).map(({ title }) => title),
      ["curl talks to United States for the first time"],
      "what came meanwhile is not forgotten",
    );
    world.restart();
    assert.deepEqual(meet(world, 20_000, { country: "FR" }), [], "and it is kept");
  });

  test("is not waited for when it does not answer", () => {
    const world = createWorld({ rules: RULES });
    know(world, { DE: -30 * DAY_MS });
    world.take(factsAt(START, { applications: [program("curl", 1)] }));
    world.evaluation.contacts.awaitHistory();
    assert.deepEqual(meet(world, 1_000, { country: "US" }), []);
    know(world, undefined);
    assert.deepEqual(
      world.take(factsAt(START + 2_000)).map(({ title }) => title),
      ["curl talks to United States for the first time"],
    );
  });
});
