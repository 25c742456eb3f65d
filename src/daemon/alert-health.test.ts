// What doctor says of channels that work, wait, fail or are switched off.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DeliveryState } from "../alerts/deliver/delivery.ts";
import { deliveryHealth } from "./alert-health.ts";

const counts = { taken: 9, delivered: 5, merged: 1, failed: 0, repeated: 0 };
const NOW_MS = 10_000_000;
type Channel = DeliveryState["channels"][number];

function stateOf(channel: Partial<Channel>, more: Partial<DeliveryState> = {}): DeliveryState {
  return {
    channels: [
      {
        name: "mail",
        enabled: true,
        waiting: 0,
        oldestAtMs: undefined,
        nextAttemptAtMs: undefined,
        last: undefined,
        lastFailure: undefined,
        counts,
        ...channel,
      },
    ],
    fault: undefined,
    queueBytes: 0,
    maxWaiting: 500,
    ...more,
  };
}

test("deliveryHealth() of a channel that works is well, with what it did", () => {
  const last = { kind: "delivered", said: "accepted by x: 250", remedy: "", atMs: 1 } as const;
  const { findings, bounds } = deliveryHealth(stateOf({ last }), NOW_MS);
  assert.deepEqual(
    findings.map(({ state, detail }) => [state, detail]),
    [
      ["ok", "5 messages delivered, 0 waiting"],
      ["ok", "accepted by x: 250"],
    ],
  );
  assert.deepEqual(
    bounds.map(({ used, limit }) => [used, limit]),
    [[0, 500]],
  );
});

test("deliveryHealth() says what is wrong, how long something waits, and what to do", () => {
  const last = {
    kind: "later",
    said: "x refuses the password",
    remedy: "check it",
    atMs: 1,
  } as const;
  const waiting = { waiting: 3, oldestAtMs: NOW_MS - 7_200_000, nextAttemptAtMs: NOW_MS + 60_000 };
  const failed = { ...counts, failed: 2, repeated: 1 };
  const { findings } = deliveryHealth(stateOf({ last, ...waiting, counts: failed }), NOW_MS);
  const [queue, channel] = findings;
  assert.match(queue?.detail ?? "", /1 sent again because it was not known/);
  assert.equal(channel?.state, "limited");
  assert.equal(
    channel?.detail,
    "x refuses the password; 3 waiting, the oldest for 2 h; next try in 1 min; 2 could not be delivered",
  );
  assert.equal(channel?.remedy, "check it");
});

test("deliveryHealth() says that a disk takes nothing, and nothing where nothing is delivered", () => {
  const [queue] = deliveryHealth(stateOf({}, { fault: "ENOSPC" }), NOW_MS).findings;
  assert.deepEqual([queue?.state, queue?.remedy], ["limited", "make room on the disk"]);
  assert.deepEqual(deliveryHealth(undefined, NOW_MS), { findings: [], bounds: [] });
  const off = deliveryHealth(stateOf({ enabled: false }), NOW_MS).findings[1];
  assert.deepEqual([off?.state, off?.detail], ["ok", "switched off"]);
});
