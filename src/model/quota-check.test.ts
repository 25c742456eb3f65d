// What is refused of a quota, and what its notices say.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_QUOTAS, type QuotaWish } from "./quota.ts";
import { changedQuota, noticeOf, type QuotaSurroundings, quotaOf } from "./quota-check.ts";
import { quotaState } from "./quota-evaluate.ts";

const GB = 1e9;
const machine: QuotaWish = { target: { kind: "machine" }, bytes: 10 * GB };

test("quotaOf() fills in what was not said", () => {
  assert.deepEqual(quotaOf(machine, "q1", around()), {
    id: "q1",
    target: { kind: "machine" },
    bytes: 10 * GB,
    direction: "both",
    exceptLan: false,
    period: "month",
    startDay: 1,
    steps: [
      { atShare: 0.8, action: { do: "notify" } },
      { atShare: 1, action: { do: "notify" } },
    ],
    enabled: true,
    overriddenUntilMs: null,
    createdAtMs: 1_000_000,
  });
  assert.equal(quotaOf({ ...machine, startDay: 15 }, "q1", around()).period, "billing");
});

test("quotaOf() refuses what makes no sense, and says why", () => {
  const throttle = { do: "throttle", rxBytesPerSecond: null, txBytesPerSecond: null } as const;
  const refusals: [wish: object, message: RegExp][] = [
    [{ bytes: 0 }, /^Cannot add the quota: a quota is 1\.00 MB or more$/],
    [{ bytes: 1e19 }, /a quota is 1\.00 EB or less/],
    [{ bytes: "10GB" }, /a quota is a number of bytes/],
    [{ steps: [] }, /a quota needs a step/],
    [{ steps: [{ atShare: 0, action: { do: "notify" } }] }, /more than 0 %/],
    [{ steps: [{ atShare: 1, action: throttle }] }, /throttles to no rate/],
    [{ steps: [{ atShare: 1, action: { ...throttle, rxBytesPerSecond: 1 } }] }, /too little/],
    [
      { steps: [1, 0.8].map((atShare) => ({ atShare, action: { do: "notify" } })) },
      /its steps do not rise/,
    ],
    [{ period: "day", startDay: 5 }, /only a billing cycle has a start day/],
    [{ startDay: 32 }, /a day from 1 to 31/],
    [{ target: { kind: "user", user: "ada" } }, /of the machine or of an application/],
    [{ target: { kind: "application", pattern: "*" } }, /is every program/],
    [{ target: { kind: "application", pattern: "moni*" } }, /Monitauri itself/],
  ];
  for (const [parts, message] of refusals) {
    assert.throws(() => quotaOf({ ...machine, ...parts } as QuotaWish, "q1", around()), {
      code: "invalid",
      message,
    });
  }
});

test("quotaOf() refuses one that counts the same, and one too many", () => {
  const q1 = quotaOf(machine, "q1", around());
  assert.throws(() => quotaOf(machine, "q2", around([q1])), {
    code: "invalid",
    message: /q1 counts the same/,
  });
  assert.equal(quotaOf({ ...machine, period: "day" }, "q2", around([q1])).id, "q2");
  const full = Array.from({ length: MAX_QUOTAS }, () => q1);
  assert.throws(() => quotaOf(machine, "q2", around(full)), {
    code: "busy",
    message: /there are 100 already/,
  });
});

test("changedQuota() changes what is given, and overrides until the day ends", () => {
  const q1 = quotaOf(machine, "q1", around());
  assert.deepEqual(changedQuota(q1, { bytes: 20 * GB }, around([q1])), { ...q1, bytes: 20 * GB });
  const today = changedQuota(q1, { overrideToday: true }, around([q1]));
  assert.equal(today.overriddenUntilMs, 86_400_000, "of 1 January 1970");
  assert.equal(
    changedQuota(today, { overrideToday: false }, around([today])).overriddenUntilMs,
    null,
  );
  assert.throws(() => changedQuota(q1, { bytes: -1 }, around([q1])), {
    message: /^Cannot change q1: /,
  });
});

test("noticeOf() says who used how much of what, and what follows", () => {
  const quota = quotaOf(
    {
      ...machine,
      target: { kind: "application", pattern: "firefox" },
      steps: [{ atShare: 1, action: { do: "block" } }],
    },
    "q1",
    around(),
  );
  const usage = { usedBytes: 10.26 * GB, source: "history", countedFromMs: 0 } as const;
  const { text } = noticeOf(quotaState(quota, usage, { atMs: 0, zone: "UTC" }), 0, 0);
  assert.equal(
    text,
    "firefox has used 10.3 GB, 102.6 % of its 10.0 GB this month; it is blocked now",
  );
});

function around(quotas: QuotaSurroundings["quotas"] = []): QuotaSurroundings {
  return {
    quotas,
    atMs: 1_000_000,
    self: {
      key: "script:/opt/monitauri/main.js",
      name: "monitauri (node)",
      path: "/opt/monitauri/main.js",
    },
    zone: "UTC",
  };
}
