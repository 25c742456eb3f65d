// What status says of rules that cannot work, messages that wait, and failures of delivery.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryState } from "../alerts/deliver/delivery.ts";
import type { LaneOutcome } from "../alerts/deliver/lane-runner.ts";
import { ruleOf } from "../alerts/scripted-facts.ts";
import type { AlertRule } from "../model/alert.ts";
import { MAX_ALERT_TROUBLES, MAX_TROUBLE_LENGTH } from "../model/alert-status.ts";
import { type AlertStatusParts, alertStatus } from "./alert-status.ts";

const NOW_MS = 1_000_000;
const RATE = { condition: { kind: "rate", bytesPerSecond: 1_000 } } as const;

function statusOf(rules: readonly AlertRule[], more: Partial<AlertStatusParts> = {}) {
  return alertStatus({
    rules,
    unusable: [],
    events: { page: () => ({ events: [], count: 0, unread: 3, ongoing: 1 }) },
    listTrouble: () => undefined,
    faults: [],
    hasHistory: true,
    learning: [],
    delivery: undefined,
    posts: 0,
    nowMs: NOW_MS,
    ...more,
  });
}

function deliveryOf(
  channels: readonly (Partial<DeliveryState["channels"][number]> & { name: string })[],
): DeliveryState {
  const counts = { taken: 0, delivered: 0, merged: 0, failed: 0, repeated: 0 };
  const usual = {
    enabled: true,
    waiting: 0,
    oldestAtMs: undefined,
    nextAttemptAtMs: undefined,
    last: undefined,
    lastFailure: undefined,
    counts,
  };
  return {
    channels: channels.map((channel) => ({ ...usual, ...channel })),
    fault: undefined,
    queueBytes: 0,
    maxWaiting: 500,
  };
}

test("alertStatus() counts rules that are active, and neither those switched off nor those that rest", () => {
  const rules = [
    ruleOf("r1", RATE),
    ruleOf("r2", { ...RATE, enabled: false }),
    ruleOf("r3", { ...RATE, snoozedUntilMs: NOW_MS + 1 }),
    ruleOf("r4", { ...RATE, snoozedUntilMs: NOW_MS }),
  ];
  const { activeRules, faultyRules, troubles, unread, ongoing, ...status } = statusOf(rules);
  assert.deepEqual([status.rules, activeRules, faultyRules], [4, 2, 0]);
  assert.deepEqual([troubles, unread, ongoing], [[], 3, 1]);
});

test("alertStatus() names each rule that cannot work, and what to do", () => {
  const rules = [
    ruleOf("r1", { condition: { kind: "block-list", list: "/lists/bad" } }),
    ruleOf("r2", { condition: { kind: "unusual" } }),
    ruleOf("r3", { ...RATE, channels: ["off"] }),
    ruleOf("r4", { ...RATE, channels: ["off", "on"] }),
    ruleOf("r5", { condition: { kind: "block-list", list: "/lists/good" } }),
  ];
  const status = statusOf(rules, {
    hasHistory: false,
    listTrouble: (list) =>
      list === "/lists/bad" ? `Cannot read the block list ${list}: ENOENT` : undefined,
    delivery: deliveryOf([{ name: "off", enabled: false }, { name: "on" }]),
    unusable: ["r9"],
  });
  assert.deepEqual([status.rules, status.activeRules, status.faultyRules], [6, 2, 4]);
  assert.deepEqual(
    status.troubles.map(({ ruleId, text }) => `${ruleId} ${text.slice(0, 36)}`),
    [
      "r9 It cannot be read any more. Remove i",
      "r1 Cannot read the block list /lists/ba",
      "r2 It compares with the past, and the h",
      "r3 It is sent nowhere: off is switched ",
    ],
  );
  assert.match(status.troubles[3]?.text ?? "", /monitauri alert channel set off --on$/);
});

test("alertStatus() says what the disk refuses first, and at most some troubles of some length", () => {
  const rules = Array.from({ length: 100 }, (_, n) =>
    ruleOf(`r${n}`, { condition: { kind: "unusual" } }),
  );
  const status = statusOf(rules, {
    hasHistory: false,
    faults: ["x".repeat(10_000)],
    delivery: { ...deliveryOf([]), fault: "ENOSPC" },
  });
  assert.equal(status.faultyRules, 100);
  assert.equal(status.troubles.length, MAX_ALERT_TROUBLES);
  assert.equal(status.troubles[0]?.text.length, MAX_TROUBLE_LENGTH);
  assert.match(status.troubles[1]?.text ?? "", /cannot be kept on the disk.*ENOSPC\. Make room/);
});

test("alertStatus() has the latest failure of all channels, whether it is over, and all that waits", () => {
  const old: LaneOutcome = { kind: "later", said: "old", remedy: "", atMs: 1 };
  const failed: LaneOutcome = {
    kind: "later",
    said: "refused\x1b[2J the password",
    remedy: "give it again",
    atMs: 5,
  };
  const fine: LaneOutcome = { kind: "delivered", said: "250 ok", remedy: "", atMs: 9 };
  const channels = [
    { name: "a", waiting: 2, last: old, lastFailure: old },
    { name: "b", waiting: 3, last: failed, lastFailure: failed },
    { name: "c" },
  ];
  const status = statusOf([], { delivery: deliveryOf(channels), posts: 4 });
  assert.equal(status.waiting, 9);
  assert.deepEqual(status.lastFailure, {
    channel: "b",
    atMs: 5,
    said: "refused\\x1b[2J the password",
    remedy: "give it again",
    isOver: false,
  });
  const again = deliveryOf([{ name: "b", last: fine, lastFailure: failed }]);
  assert.equal(statusOf([], { delivery: again }).lastFailure?.isOver, true);
  assert.equal(statusOf([]).lastFailure, null);
});

test("alertStatus() says what is learned yet, of the kinds that somebody asked for", () => {
  const learning = [{ kind: "newcomer", what: "new programs", untilMs: 7 }] as const;
  assert.deepEqual(statusOf([ruleOf("r1", RATE)], { learning }).learning, []);
  const rule = ruleOf("r1", { condition: { kind: "newcomer" } });
  assert.deepEqual(statusOf([rule], { learning }).learning, learning);
});
