// What is sent when, and that a process killed at any step sends all of it once.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { AlertEvent, AlertMessage, AlertRule } from "../model/alert.ts";
import { createDispatch, MAX_POSTS, MAX_SEPARATE } from "./dispatch.ts";
import { ruleOf } from "./scripted-facts.ts";
import { MAX_GROUP } from "./waiting.ts";

const START = new Date(2026, 10, 2, 12, 0).getTime();
const CONDITION = { kind: "degraded" };

function eventOf(number: number, atMs = START, more: Partial<AlertEvent> = {}): AlertEvent {
  return {
    id: `test-${number}`,
    ruleId: "r1",
    ruleName: "rule",
    kind: "degraded",
    severity: "warning",
    atMs,
    subject: { kind: "machine", key: "", name: "this computer" },
    title: `title ${number}`,
    text: `text ${number}`,
    measure: {
      bytesPerSecond: null,
      thresholdBytesPerSecond: null,
      bytes: null,
      thresholdBytes: null,
      share: null,
      thresholdShare: null,
    },
    series: { atMs: [], rxBytesPerSecond: [], txBytesPerSecond: [] },
    causes: [],
    state: "fired",
    resolvedAtMs: null,
    acknowledgedAtMs: null,
    ...more,
  };
}

/** A journal in memory, a delivery that knows ids, and a process that can be killed between any two steps. */
function office(rule: AlertRule) {
  const kept = new Map<string, string>();
  const received = new Map<string, AlertMessage>();
  const order: string[] = [];
  let stepsLeft = Number.POSITIVE_INFINITY;
  let isRefusing = false;
  const step = () => {
    stepsLeft -= 1;
    if (stepsLeft < 0) throw new Error("killed");
  };
  async function commit(changes: ReadonlyMap<string, unknown>): Promise<void> {
    step();
    for (const [key, value] of changes) {
      if (value === null) kept.delete(key);
      else kept.set(key, JSON.stringify(value));
    }
  }
  const start = () =>
    createDispatch({
      state: {
        get: (key) => kept.get(key),
        entries: (prefix) => [...kept].filter(([key]) => key.startsWith(prefix)),
      },
      rule: (id) => (id === rule.id ? rule : undefined),
      delivery: {
        async enqueue(message) {
          step();
          if (isRefusing) throw new Error("no space left");
          if (!received.has(message.id)) order.push(message.id);
          received.set(message.id, message);
          step();
        },
      },
      commit,
      warn() {},
    });
  let dispatch = start();
  return {
    received,
    order,
    kept,
    killAfter(steps: number) {
      stepsLeft = steps;
    },
    refuse(isSo: boolean) {
      isRefusing = isSo;
    },
    restart() {
      stepsLeft = Number.POSITIVE_INFINITY;
      dispatch = start();
    },
    async fire(events: readonly AlertEvent[], atMs: number) {
      const changes = new Map<string, unknown>();
      dispatch.add(events, atMs, changes);
      await commit(changes);
      await dispatch.flush();
    },
    async tick(atMs: number) {
      const changes = new Map<string, unknown>();
      dispatch.gather(atMs, changes);
      await commit(changes);
      await dispatch.flush();
    },
    async end(events: readonly AlertEvent[], atMs: number) {
      const changes = new Map<string, unknown>();
      dispatch.addEnds(events, atMs, changes);
      await commit(changes);
      await dispatch.flush();
    },
  };
}

const SENT = ruleOf("r1", { condition: CONDITION, channels: ["me"] });

describe("createDispatch()", () => {
  test("sends each event at once and in order, and nothing where there is no channel", async () => {
    const to = office(SENT);
    await to.fire([eventOf(1), eventOf(2)], START);
    assert.deepEqual(to.order, ["test-1", "test-2"]);
    assert.equal(to.kept.size, 0);
    const nowhere = office(ruleOf("r1", { condition: CONDITION }));
    await nowhere.fire([eventOf(1)], START);
    assert.equal(nowhere.received.size, 0);
  });

  test("gathers what fires in quiet hours into one message at their end", async () => {
    const quiet = ruleOf("r1", {
      condition: CONDITION,
      channels: ["me"],
      quietHours: { fromMinute: 22 * 60, toMinute: 7 * 60 },
    });
    const to = office(quiet);
    const night = new Date(2026, 10, 2, 23, 30).getTime();
    await to.fire([eventOf(1, night)], night);
    await to.fire([eventOf(2, night + 60_000, { severity: "critical" })], night + 60_000);
    await to.tick(new Date(2026, 10, 3, 6, 59).getTime());
    assert.equal(to.received.size, 0);
    await to.tick(new Date(2026, 10, 3, 7, 0).getTime());
    const [message] = to.received.values();
    assert.equal(to.received.size, 1);
    assert.deepEqual([message?.count, message?.severity], [2, "critical"]);
    assert.equal(message?.text, "23:30  title 1\n23:31  title 2");
    assert.deepEqual(
      message?.digest.map(({ id }) => id),
      ["test-1", "test-2"],
    );
  });

  test("gathers a digest from its first event on", async () => {
    const to = office(ruleOf("r1", { condition: CONDITION, channels: ["me"], digestMs: 600_000 }));
    for (let n = 0; n < 5; n += 1) await to.fire([eventOf(n + 1)], START + n * 100_000);
    await to.tick(START + 599_000);
    assert.equal(to.received.size, 0);
    await to.tick(START + 600_000);
    assert.deepEqual(
      [...to.received.values()].map(({ count }) => count),
      [5],
    );
  });

  test("a thousand at once are a few messages and one that counts the rest", async () => {
    const to = office(SENT);
    const events = Array.from({ length: 1_000 }, (_, n) => eventOf(n + 1));
    await to.fire(events, START);
    assert.equal(to.received.size, MAX_SEPARATE);
    await to.tick(START + 60_000);
    assert.equal(to.received.size, MAX_SEPARATE + 1);
    const last = [...to.received.values()].at(-1);
    assert.deepEqual([last?.count, last?.digest.length], [1_000 - MAX_SEPARATE, 100]);
    assert.match(last?.text ?? "", /\.\.\. and 880 more, in the log$/);
  });

  test("a night of many events keeps some, counts all, and says so in the morning", async () => {
    const to = office(
      ruleOf("r1", {
        condition: CONDITION,
        channels: ["me"],
        quietHours: { fromMinute: 22 * 60, toMinute: 7 * 60 },
      }),
    );
    const night = new Date(2026, 10, 2, 23, 30).getTime();
    for (let second = 0; second < 5; second += 1) {
      const atMs = night + second * 1_000;
      const severity = second === 4 ? "critical" : "info";
      const events = Array.from({ length: 1_000 }, (_, n) =>
        eventOf(second * 1_000 + n + 1, atMs, { severity }),
      );
      await to.fire(events, atMs);
      if (second === 2) to.restart();
      assert.ok(to.kept.size <= MAX_GROUP + 1, `${to.kept.size} are kept`);
    }
    await to.tick(new Date(2026, 10, 3, 7, 0).getTime());
    const [message] = to.received.values();
    assert.deepEqual([to.received.size, to.kept.size], [1, 0]);
    assert.deepEqual([message?.count, message?.severity], [5_000, "critical"]);
    assert.match(message?.text ?? "", /\.\.\. and 4900 more, in the log$/);
  });

  test("what an older version kept beyond the bounds is counted, once", async () => {
    const to = office(ruleOf("r1", { condition: CONDITION, channels: ["me"], digestMs: 600_000 }));
    for (let n = 1; n <= MAX_GROUP + 500; n += 1) {
      const { id, ruleId, ruleName, kind, severity, title } = eventOf(n);
      const own = { id, ruleId, ruleName, kind, severity, title, atMs: START + n };
      const held = { ...own, channels: ["me"], group: "digest r1 me", dueMs: START + 600_000 };
      to.kept.set(`held:${id}`, JSON.stringify(held));
    }
    to.restart();
    await to.fire([eventOf(9_999, START + 5_000)], START + 5_000);
    assert.equal(to.kept.size, MAX_GROUP + 1);
    to.restart();
    await to.tick(START + 600_000);
    assert.deepEqual(
      [...to.received.values()].map(({ count }) => count),
      [MAX_GROUP + 501],
    );
  });

  test("while delivery refuses, messages are bounded and none is left out of the count", async () => {
    const to = office(SENT);
    to.refuse(true);
    const minutes = 2 * (MAX_POSTS / MAX_SEPARATE);
    let n = 0;
    for (let minute = 0; minute < minutes; minute += 1) {
      const atMs = START + minute * 61_000;
      const events = Array.from({ length: MAX_SEPARATE }, () => eventOf((n += 1), atMs));
      await to.fire(events, atMs);
      await to.tick(atMs);
    }
    const posts = [...to.kept.keys()].filter((key) => key.startsWith("post:"));
    assert.ok(posts.length <= MAX_POSTS, `${posts.length} messages`);
    to.refuse(false);
    const late = START + 86_400_000;
    for (const atMs of [late, late + 1_000]) await to.tick(atMs);
    const told = [...to.received.values()].reduce((sum, { count }) => sum + count, 0);
    assert.deepEqual([told, to.kept.size], [n, 0]);
  });

  test("tells of the end as an answer to the beginning, where that is wanted", async () => {
    const to = office(ruleOf("r1", { condition: CONDITION, channels: ["me"], tellEnd: true }));
    await to.fire([eventOf(1, START, { state: "ongoing" })], START);
    await to.end(
      [eventOf(1, START, { state: "resolved", resolvedAtMs: START + 5_000 })],
      START + 5_000,
    );
    const end = to.received.get("test-1-end");
    assert.deepEqual(
      [end?.inReplyTo, end?.state, end?.title],
      ["test-1", "resolved", "Over: title 1"],
    );
  });

  test("a clock that was set back does not hold a message for ever", async () => {
    const to = office(ruleOf("r1", { condition: CONDITION, channels: ["me"], digestMs: 600_000 }));
    await to.fire([eventOf(1)], START);
    await to.tick(START - 30 * 86_400_000);
    assert.equal(to.received.size, 1);
  });

  test("killed at every step, everything is received and nothing twice under another id", async () => {
    for (let steps = 0; steps < 40; steps += 1) {
      const to = office(
        ruleOf("r1", {
          condition: CONDITION,
          channels: ["me"],
          digestMs: steps % 2 === 0 ? 0 : 1_000,
        }),
      );
      const made: number[] = [];
      to.killAfter(steps);
      for (let n = 1; n <= 6; n += 1) {
        try {
          await to.fire([eventOf(n)], START + n);
          made.push(n);
        } catch {
          to.restart();
          // Not kept, so never said to have fired: the evaluation makes it again.
          if (
            ![...to.kept.keys()].some((key) => key.endsWith(`test-${n}`)) &&
            !to.received.has(`test-${n}`)
          ) {
            await to.fire([eventOf(n)], START + n);
          }
          made.push(n);
        }
      }
      to.restart();
      await to.tick(START + 10_000);
      const told = [...to.received.values()].flatMap(({ id, digest }) =>
        digest.length === 0 ? [id] : digest.map((line) => line.id),
      );
      assert.deepEqual(told.sort(), made.map((n) => `test-${n}`).sort(), `killed after ${steps}`);
    }
  });
});
