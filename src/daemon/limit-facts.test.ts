// What alerts are told of limits that do not hold, that are used in full, and of quotas.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitList, LimitState, LimitTarget } from "../model/limit.ts";
import type { QuotaNotice } from "../model/quota.ts";
import { createLimitFacts } from "./limit-facts.ts";

const CURL: LimitTarget = { kind: "application", pattern: "/usr/bin/curl" };

function limitOf(id: string, more: Partial<Omit<LimitState, "rule">> & { target?: LimitTarget }) {
  const { target = CURL, ...state } = more;
  const rule = { id, target, rxBytesPerSecond: 1_000_000, txBytesPerSecond: null };
  return { rule, state: "active", reason: null, achieved: undefined, ...state } as LimitState;
}

/** A list that changes, a clock, and facts once an answer is there. */
function world() {
  let limits: readonly LimitState[] = [];
  let nowMs = 1_000_000;
  let asked = 0;
  let failure: Error | undefined;
  const facts = createLimitFacts({
    list: async () => {
      asked += 1;
      if (failure !== undefined) throw failure;
      return { limits } as LimitList;
    },
    now: () => nowMs,
  });
  return {
    facts,
    asked: () => asked,
    async after(ms: number, now?: readonly LimitState[]) {
      limits = now ?? limits;
      nowMs += ms;
      facts.facts();
      await new Promise((resolve) => setImmediate(resolve));
      return facts.facts();
    },
    fail(error: Error | undefined) {
      failure = error;
    },
  };
}

const full = { achieved: { rxBytesPerSecond: 950_000, txBytesPerSecond: 0 } } as never;
const half = { achieved: { rxBytesPerSecond: 500_000, txBytesPerSecond: 0 } } as never;

test("createLimitFacts() names a limit that does not hold, with the reason, until it does", async () => {
  const { after } = world();
  const [fact, ...more] = await after(5_000, [
    limitOf("l1", { state: "defeated", reason: "fq took its place" }),
    limitOf("l2", {}),
  ]);
  assert.deepEqual(more, []);
  assert.deepEqual(fact, {
    key: "l1 defeated",
    trouble: "defeated",
    subject: { kind: "application", key: "/usr/bin/curl", name: "curl" },
    text: "The limit l1 of curl does not hold: fq took its place.",
  });
  const [unenforced] = await after(5_000, [limitOf("l1", { state: "unenforced" })]);
  assert.match(unenforced?.text ?? "", /does not hold: unenforced\./);
  assert.deepEqual(await after(5_000, [limitOf("l1", {})]), []);
});

test("createLimitFacts() calls a limit saturated after half a minute without a break, and not before", async () => {
  const { after } = world();
  const busy = [limitOf("l1", full)];
  assert.deepEqual(await after(5_000, busy), []);
  assert.deepEqual(await after(29_000, busy), []);
  const [fact] = await after(5_000, busy);
  assert.equal(fact?.trouble, "saturated");
  assert.match(fact?.text ?? "", /^curl uses its limit l1 in full: 7\.60 Mbit\/s down/);
  assert.deepEqual(await after(5_000, [limitOf("l1", half)]), []);
  assert.deepEqual(await after(5_000, busy), [], "the time begins anew");
  assert.deepEqual(
    await after(20_000, [limitOf("l1", { ...(full as object), state: "waiting" as never })]),
    [],
  );
});

test("createLimitFacts() asks every five seconds at most, and keeps the last answer where none comes", async () => {
  const { after, asked, fail } = world();
  await after(5_000, [limitOf("l1", { state: "defeated" })]);
  for (let n = 0; n < 4; n += 1) await after(1_000);
  assert.equal(asked(), 1);
  fail(new Error("busy"));
  assert.equal((await after(1_000)).length, 1);
  assert.equal(asked(), 2);
  fail(undefined);
  assert.deepEqual(await after(5_000, []), []);
  // A clock that was set back an hour does not keep it from asking.
  await after(-3_600_000);
  assert.equal(asked(), 4);
});

test("createLimitFacts() tells of a quota's step until its period ends, and remembers so many", async () => {
  const { facts, after } = world();
  const notice = (step: number, id = "q1"): QuotaNotice =>
    ({
      quota: { id, target: { kind: "user", user: "ann" } },
      step,
      text: `ann has used ${step}`,
      periodFromMs: 1,
      periodToMs: 1_100_000,
    }) as unknown as QuotaNotice;
  facts.notice(notice(0));
  facts.notice(notice(1));
  assert.deepEqual(
    (await after(5_000)).map(({ key, trouble, subject, text }) => [
      key,
      trouble,
      subject.key,
      text,
    ]),
    [
      ["q1 step 0 1", "quota", "ann", "ann has used 0."],
      ["q1 step 1 1", "quota", "ann", "ann has used 1."],
    ],
  );
  assert.deepEqual(await after(100_000), [], "the period is over");
  for (let n = 0; n < 2_000; n += 1) facts.notice({ ...notice(n), periodToMs: 9e9 });
  const kept = await after(5_000);
  assert.equal(kept.length, 500);
  assert.equal(kept.at(-1)?.key, "q1 step 1999 1", "the latest stay");
});

test("createLimitFacts() gives each kind of target a name", async () => {
  const { after } = world();
  const targets = [
    { kind: "machine" },
    { kind: "interface", name: "wwan0" },
    { kind: "container", container: "web" },
    { kind: "process", pid: 7, startedAtMs: 1 },
    { kind: "country", country: "US" },
  ] as unknown as LimitTarget[];
  const limits = targets.map((target, n) => limitOf(`l${n}`, { target, state: "defeated" }));
  assert.deepEqual(
    (await after(5_000, limits)).map(({ subject }) => `${subject.kind} ${subject.name}`),
    [
      "machine this computer",
      "interface wwan0",
      "container web",
      "application process 7",
      "application country US",
    ],
  );
});
