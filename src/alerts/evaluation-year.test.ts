// A year of samples under simulated time, with restarts at any moment: nothing fires twice, nothing is forgotten.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AlertRule } from "../model/alert.ts";
import { DAY_MS } from "./periods.ts";
import { createWorld, detailOf, factsAt, program, ruleOf } from "./scripted-facts.ts";

const START = new Date(2025, 10, 1).getTime();
const TICK_MS = 300_000;
const TICKS = (365 * DAY_MS) / TICK_MS;
const NAMES = ["firefox", "curl", "ssh", "backup", "update"];

const RULES: readonly AlertRule[] = [
  ruleOf("r1", {
    condition: { kind: "rate", bytesPerSecond: 100_000, forMs: 0 },
    scope: { kind: "application", match: "*" },
    coolDownMs: 0,
  }),
  ruleOf("r2", {
    condition: { kind: "volume", period: "month", capBytes: 3.2e10, percentages: [50, 80, 100] },
  }),
  ruleOf("r3", {
    condition: {
      kind: "volume",
      period: "cycle",
      cycleDay: 31,
      capBytes: 5e9,
      percentages: [100],
    },
    scope: { kind: "application", match: "*" },
  }),
  ruleOf("r4", { condition: { kind: "newcomer", of: ["program"] } }),
  ruleOf("r5", { condition: { kind: "first-contact" } }),
];

/** The same numbers for the same seed. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** `isKilledAt` says before which ticks the daemon is killed, and comes back at once. */
function year(isKilledAt: (tick: number) => boolean) {
  const random = generator(7);
  const world = createWorld({ rules: RULES, knows: false });
  // What the history would answer: sums since the period's beginning.
  const ledger: { atMs: number; key: string; name: string; bytes: number }[] = [];
  for (let tick = 0; tick < TICKS; tick += 1) {
    const atMs = START + tick * TICK_MS;
    const applications = NAMES.filter(() => random() < 0.5).map((name) => {
      const isBusy = random() < 0.02;
      return program(name, Math.floor(random() * (isBusy ? 60_000_000 : 3_000_000)));
    });
    if (tick > 2_000 && random() < 0.0005) applications.push(program(`tool${tick}`, 1_000));
    const details = applications.map(({ name }) =>
      detailOf(name, {
        country: random() < 0.001 ? "JP" : "DE",
        network: `AS${Math.floor(random() * 3)} Net`,
      }),
    );
    for (const { key, name, rxBytes } of applications)
      ledger.push({ atMs, key, name, bytes: rxBytes });
    if (isKilledAt(tick)) world.restart();
    takeWithHistory(world, { atMs, ledger }, { applications, details });
  }
  return world;
}

/** As the daemon does: the history has the tick when it is asked. */
function takeWithHistory(
  world: ReturnType<typeof createWorld>,
  {
    atMs,
    ledger,
  }: { atMs: number; ledger: { atMs: number; key: string; name: string; bytes: number }[] },
  more: Parameters<typeof factsAt>[1],
): void {
  const { evaluation } = world;
  const facts = factsAt(atMs, { intervalMs: TICK_MS, ...more });
  world.take(facts);
  for (const group of evaluation.meters.groups()) {
    if (!asked.has(group)) {
      asked.add(group);
      const sums = new Map<
        string,
        { key: string; name: string; rxBytes: number; txBytes: number }
      >();
      for (let at = ledger.length - 1; at >= 0; at -= 1) {
        const row = ledger[at];
        if (row === undefined || row.atMs < group.fromMs) break;
        const key = group.scope === "machine" ? "" : row.key;
        const name = group.scope === "machine" ? "this computer" : row.name;
        const sum = sums.get(key) ?? { key, name, rxBytes: 0, txBytes: 0 };
        sum.rxBytes += row.bytes;
        sums.set(key, sum);
      }
      evaluation.meters.asked(group);
      evaluation.meters.answer(group, [...sums.values()]);
    }
  }
}
const asked = new WeakSet<object>();

describe("a year of samples", () => {
  const whole = year(() => false);
  const of = (world: typeof whole, ruleId: string) =>
    world.events.filter((event) => event.ruleId === ruleId);

  test("is the same each time", () => {
    const again = year(() => false);
    assert.deepEqual(again.events, whole.events);
    assert.deepEqual(again.ended, whole.ended);
  });

  test("has each percentage once in each month, each program new once, each contact first once", () => {
    const volumes = of(whole, "r2").map(({ atMs, title }) => {
      const at = new Date(atMs);
      return `${at.getFullYear()}-${at.getMonth()} ${title}`;
    });
    assert.ok(volumes.length >= 12, `${volumes.length}`);
    assert.equal(new Set(volumes).size, volumes.length);
    const tools = of(whole, "r4").map(({ subject }) => subject.name);
    assert.ok(tools.length > 20);
    assert.equal(new Set(tools).size, tools.length);
    const contacts = of(whole, "r5").map(({ title }) => title);
    assert.ok(contacts.includes("firefox talks to Japan for the first time"));
    assert.equal(new Set(contacts).size, contacts.length);
    assert.ok(of(whole, "r3").length >= 12);
  });

  test("a crossing fires once, and what went on has ended before it fires again", () => {
    const going = new Set<string>();
    let at = 0;
    const ends = new Set(whole.ended);
    for (const { subject, id } of of(whole, "r1")) {
      if (going.has(subject.key)) {
        const last = of(whole, "r1").findLast((e, n) => n < at && e.subject.key === subject.key);
        assert.ok(last !== undefined && ends.has(last.id), `${id} after ${last?.id}`);
      }
      going.add(subject.key);
      at += 1;
    }
    assert.ok(at > 100, `${at}`);
  });

  for (const seed of [1, 2]) {
    test(`killed at some hundred moments (${seed}) it is the same`, () => {
      const random = generator(seed);
      let kills = 0;
      const killed = year(() => {
        const isKilled = random() < 0.003;
        kills += Number(isKilled);
        return isKilled;
      });
      assert.ok(kills > 200, `${kills}`);
      const words = (world: typeof whole) =>
        world.events.map(({ atMs, ruleId, title }) => `${atMs} ${ruleId} ${title}`);
      assert.deepEqual(words(killed), words(whole));
      assert.deepEqual(killed.ended, whole.ended);
    });
  }
});
