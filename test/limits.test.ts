// What the daemon does by itself: restarts, kernels that refuse, disks that fail, histories that know more.
import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import type { LimitsOptions } from "../src/daemon/limits.ts";
import { createNoLimiter } from "../src/limits/no-limiter.ts";
import type { HistoryAnswer, HistoryQuery } from "../src/model/history.ts";
import { CONFIRM_MS, type LimitWish } from "../src/model/limit.ts";
import { unavailable } from "../src/model/unavailable.ts";
import { createScriptedLimiter, createTestLimits } from "./fixtures/limiting.ts";
import { createMadeUpSampler } from "./fixtures/sampled.ts";

const NOON = Date.parse("2026-11-25T12:00:00Z");
const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const path = join(folder, "limits.json");
const sampler = createMadeUpSampler();
const sampling = {
  latest: () => sampler.take({ atMs: NOON }),
  ask: async (topic: string, what: unknown) => sampler[topic as "ps"](what as never) as never,
} as LimitsOptions["sampling"];
const machine: LimitWish = { target: { kind: "machine" }, rxBytesPerSecond: 125_000 };
const ssh: LimitWish = { target: { kind: "port", port: 22, protocol: null }, block: true };
const via = {
  remoteAddress: "198.51.100.7",
  remotePort: 50_000,
  localAddress: "192.0.2.1",
  localPort: 22,
};
let limiter = createScriptedLimiter();
let atMs = NOON;
const warnings: string[] = [];

beforeEach(() => {
  rmSync(path, { force: true });
  limiter = createScriptedLimiter();
  atMs = NOON;
  warnings.length = 0;
});
after(() => rmSync(folder, { recursive: true }));

function open(parts: Partial<LimitsOptions> = {}) {
  const log = { warn: (text: string) => void warnings.push(text), info() {} };
  return createTestLimits({ path, limiter, sampling, now: () => atMs, zone: "UTC", log, ...parts });
}

test("a restart clears the kernel first, or enforces what the book says", async () => {
  const first = open();
  await first.tick();
  assert.equal(limiter.calls, 1, "what a killed daemon left is taken away");
  const { rule } = await first.addLimit(machine);
  await first.close();
  assert.deepEqual(limiter.held, []);
  const second = open();
  await second.tick();
  assert.deepEqual(limiter.held, [rule]);
  const { calls } = limiter;
  await second.tick();
  assert.equal(limiter.calls, calls, "nothing changed, nothing is done");
});

test("a change that was never confirmed is taken back by the next daemon at once", async () => {
  await open().addLimit(ssh, { via });
  assert.equal(limiter.held.length, 1);
  const next = open();
  await next.tick();
  assert.deepEqual(limiter.held, []);
  assert.deepEqual((await next.limits()).limits, []);
  assert.match(warnings[0] ?? "", /^The change of l1 \(port 22\) was taken back/);
});

test("the list says where traffic is that a rule does not reach", async () => {
  const limits = open();
  limiter.open = ["eth0"];
  await limits.addLimit(machine);
  const [row] = (await limits.limits()).limits;
  assert.equal(row?.state, "active");
  assert.match(row?.reason ?? "", /^traffic over eth0 is not limited: it does not lead off/);
  limiter.open = ["docker0"];
  assert.equal((await limits.limits()).limits[0]?.reason, null, "nobody uses it");
});

test("a kernel that refuses is tried again, later each time, and said", async () => {
  const first = open();
  await first.addLimit(machine);
  await first.close();
  const limits = open();
  limiter.failNext("Cannot limit: no HTB");
  await limits.tick();
  const [row] = (await limits.limits()).limits;
  assert.deepEqual([row?.state, row?.reason], ["unenforced", "Cannot limit: no HTB"]);
  assert.deepEqual(
    [limits.finding().state, limits.finding().detail],
    ["limited", "Cannot limit: no HTB"],
  );
  const { calls } = limiter;
  atMs += 1_000;
  await limits.tick();
  assert.equal(limiter.calls, calls, "not each second");
  atMs += 1_000;
  await limits.tick();
  assert.equal((await limits.limits()).limits[0]?.state, "active");
  assert.equal(limits.finding().state, "ok");
});

test("a disk that cannot keep a rule refuses it, and what held holds", async () => {
  const limits = open();
  const { rule } = await limits.addLimit(machine);
  const before = readFileSync(path, "utf8");
  const broken = open({ path: join(folder, "none", "limits.json") });
  await assert.rejects(broken.addLimit(machine), {
    code: "failed",
    message: /^Cannot keep the limits/,
  });
  assert.deepEqual(limiter.held, []);
  await limits.setLimit(rule.id, { priority: 1 });
  assert.notEqual(readFileSync(path, "utf8"), before);
  chmodSync(path, 0o600);
});

test("a disk that is full keeps no rule in force that nobody confirmed", async () => {
  const home = join(folder, "full");
  mkdirSync(home);
  const limits = open({ path: join(home, "limits.json") });
  await limits.addLimit(ssh, { via });
  assert.equal(limiter.held.length, 1);
  // To root no folder is read-only: one that is not there fails as a full disk does.
  rmSync(home, { recursive: true });
  atMs += CONFIRM_MS;
  await limits.tick();
  assert.deepEqual(limiter.held, [], "the way in is free");
  assert.deepEqual((await limits.limits()).limits, []);
  assert.match(warnings.join(), /The change of l1 \(port 22\) was taken back/);
  const { calls } = limiter;
  await limits.tick();
  assert.equal(limiter.calls, calls, "and stays free");
  mkdirSync(home);
  await limits.tick();
  const next = open({ path: join(home, "limits.json") });
  assert.deepEqual((await next.limits()).limits, [], "kept as soon as there is room");
  assert.equal((await next.addLimit(machine)).rule.id, "l2");
  rmSync(home, { recursive: true });
});

test("a book that cannot be read is set aside, and the list says so", async () => {
  writeFileSync(path, '{"version":1,"rules":"all"}');
  const limits = open();
  assert.match((await limits.limits()).warnings[0] ?? "", /set aside as .*limits\.json\.broken/);
  assert.equal((await limits.addLimit(machine)).rule.id, "l1");
});

test("without the means nothing is added, and what is in the book can be taken out", async () => {
  const seen = open();
  await seen.addLimit(machine);
  await seen.addLimit({ ...machine, target: { kind: "user", user: "ada" } });
  const missing = unavailable("limits", "this user may not", "sudo monitauri start");
  const limits = open({ limiter: createNoLimiter(missing) });
  await limits.tick();
  const { limits: rows, capabilities } = await limits.limits();
  assert.deepEqual(capabilities.missing, missing);
  assert.deepEqual(
    rows.map(({ state, reason }) => [state, reason]),
    [
      ["unenforced", "this user may not"],
      ["unenforced", "this user may not"],
    ],
  );
  await assert.rejects(limits.addLimit({ ...machine, target: { kind: "user", user: "bob" } }), {
    code: "unsupported",
    message: "Cannot limit anything: this user may not. To get it: sudo monitauri start",
  });
  await limits.removeLimit("l1");
  assert.equal(await limits.clearLimits(), 1);
  const quota = await limits.addQuota({ target: { kind: "machine" }, bytes: 1e9 });
  assert.equal(quota.id, "q1", "one that only notifies needs no means");
  const steps = [{ atShare: 1, action: { do: "block" } }] as const;
  await assert.rejects(limits.setQuota("q1", { steps }), { code: "unsupported" });
  assert.equal(limits.finding().state, "missing");
});

test("many changes at once are done in turn, and each is whole", async () => {
  const limits = open();
  const wishes = Array.from({ length: 40 }, (_, i) => ({
    ...machine,
    target: { kind: "port", port: 1_000 + i, protocol: null } as const,
  }));
  const added = await Promise.all(wishes.map((wish) => limits.addLimit(wish)));
  assert.equal(new Set(added.map(({ rule }) => rule.id)).size, 40);
  assert.deepEqual(new Set(limiter.held), new Set(added.map(({ rule }) => rule)));
  await Promise.all(added.map(({ rule }) => limits.removeLimit(rule.id)));
  assert.deepEqual(limiter.held, []);
});

test("a quota goes by what the history knows of its period, and counts on from there", async () => {
  const asked: HistoryQuery[] = [];
  const history: LimitsOptions["history"] = {
    async ask(_, query) {
      asked.push(query);
      return pastOf([
        { key: "path:/usr/bin/curl", name: "curl", rxBytes: 6e6, rxLoopbackBytes: 1e6 },
        { key: "path:/usr/bin/wget", name: "wget", rxBytes: 9e6, rxLoopbackBytes: 0 },
      ]);
    },
    state: async () => ({ firstAtMs: NOON - 86_400_000 }),
  };
  const limits = open({ history, startedAtMs: NOON });
  const curl = { kind: "application", pattern: "curl" } as const;
  await limits.addQuota({ target: curl, bytes: 10e6, direction: "rx", period: "day" });
  await limits.tick();
  await new Promise((resolve) => setImmediate(resolve));
  limits.onSample({
    delta: sampler.take({ atMs }).delta,
    applications: [row("curl", 2e6), row("wget", 5e6)],
  });
  const [state] = (await limits.limits()).quotas;
  assert.deepEqual([state?.usedBytes, state?.source, state?.reason], [7e6, "history", null]);
  assert.deepEqual(
    asked.map(({ fromMs, groupBy }) => [fromMs, groupBy]),
    [[Date.parse("2026-11-25T00:00:00Z"), "application"]],
  );
});

test("a quota of another period goes by what the history knows of that one", async () => {
  const used: Record<string, number> = { "2026-11-01": 9e9, "2026-11-25": 2e9, "2026-11-23": 5e9 };
  const history: LimitsOptions["history"] = {
    async ask(_, { fromMs }) {
      const rxBytes = used[new Date(fromMs).toISOString().slice(0, 10)] ?? 0;
      return { rows: [], total: { rxBytes, txBytes: 0 } } as unknown as HistoryAnswer;
    },
    state: async () => ({ firstAtMs: NOON - 90 * 86_400_000 }),
  };
  const limits = open({ history, startedAtMs: NOON - 60 * 86_400_000 });
  const usedNow = async () => {
    await limits.tick();
    await new Promise((resolve) => setImmediate(resolve));
    const [state] = (await limits.limits()).quotas;
    return [state?.usedBytes, state?.source];
  };
  await limits.addQuota({ target: { kind: "machine" }, bytes: 10e9, period: "month" });
  assert.deepEqual(await usedNow(), [9e9, "history"]);
  await limits.setQuota("q1", { period: "day" });
  assert.deepEqual(await usedNow(), [2e9, "history"]);
  await limits.setQuota("q1", { period: "week" });
  assert.deepEqual(await usedNow(), [5e9, "history"]);
  await limits.setQuota("q1", { period: "billing", startDay: 25 });
  assert.deepEqual(await usedNow(), [2e9, "history"]);
  await limits.setQuota("q1", { startDay: 1 });
  assert.deepEqual(await usedNow(), [9e9, "history"]);
});

test("a step is told of once in its period, also over a restart", async () => {
  const told: string[] = [];
  const onNotice = ({ text }: { text: string }) => void told.push(text);
  const limits = open({ onNotice });
  await limits.addQuota({
    target: { kind: "application", pattern: "curl" },
    bytes: 1e6,
    period: "day",
  });
  await limits.tick();
  const use = async (one: typeof limits) => {
    one.onSample({ delta: sampler.take({ atMs }).delta, applications: [row("curl", 0.9e6)] });
    await one.tick();
    await one.tick();
  };
  await use(limits);
  assert.equal(told.length, 1);
  const again = open({ onNotice });
  await again.tick();
  await use(again);
  assert.equal(told.length, 1, "at 80 % it was told before");
  atMs += 86_400_000;
  await again.tick();
  await use(again);
  assert.equal(told.length, 2, "a new day");
});

function row(name: string, rxBytes: number) {
  const bytes = { rxBytes, txBytes: 0, rxLoopbackBytes: 0, txLoopbackBytes: 0 };
  return {
    key: `path:/usr/bin/${name}`,
    name,
    ...bytes,
    total: bytes,
    connections: 1,
    interfaces: [],
  };
}

function pastOf(rows: readonly object[]): HistoryAnswer {
  return {
    rows: rows.map((one) => ({ txBytes: 0, txLoopbackBytes: 0, ...one })),
  } as unknown as HistoryAnswer;
}
