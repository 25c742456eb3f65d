// Limits of both who implement `Monitauri`: the daemon's object, and the client over the API on a real socket.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { listenOnSocket } from "../src/api/listen.ts";
import { createApp } from "../src/api/routes.ts";
import { connectDaemon } from "../src/cli/connect.ts";
import type { DaemonLimits } from "../src/daemon/limits.ts";
import { CONFIRM_MS, type LimitWish } from "../src/model/limit.ts";
import { parseSchedule } from "../src/model/limit-schedule.ts";
import type { Monitauri } from "../src/model/monitauri.ts";
import { createScriptedLimiter, createTestLimits } from "./fixtures/limiting.ts";
import { createMadeUpSampler, LISTENERS } from "./fixtures/sampled.ts";

const MBIT = 125_000;
const NOON = Date.parse("2026-11-25T12:00:00Z");
const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const path = join(folder, "limits.json");
const socket = join(folder, "daemon.sock");
const limiter = createScriptedLimiter();
const sampler = createMadeUpSampler();
const answers = { ...sampler, listeners: () => LISTENERS };
const sampling = {
  latest: () => sampler.take({ atMs: NOON }),
  ask: async (topic: keyof typeof answers, what: unknown) => answers[topic](what as never) as never,
};
let atMs = NOON;
let limits: DaemonLimits = open();
const bugs: unknown[] = [];
const inProcess = new Proxy({} as Monitauri, {
  get: (_, name) => limits[name as keyof DaemonLimits],
});
const app = createApp(inProcess, { version: "0.0.0-test", onBug: (error) => bugs.push(error) });
const implementations: Record<string, Monitauri> = {
  "in process": inProcess,
  "over the socket": connectDaemon([socket]),
};
let listener: AsyncDisposable;

before(async () => {
  listener = await listenOnSocket((asked) => app.fetch(asked), { path: socket, gid: undefined });
});
after(async () => {
  await listener[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
  assert.deepEqual(bugs, []);
});

const curl: LimitWish = {
  target: { kind: "application", pattern: "curl" },
  rxBytesPerSecond: 5 * MBIT,
  txBytesPerSecond: MBIT,
};

for (const [name, monitauri] of Object.entries(implementations)) {
  describe(`limits ${name}`, () => {
    before(startAnew);

    test("addLimit() holds at once, and limits() says what applies to what", async () => {
      const { rule, confirmByMs, warnings } = await monitauri.addLimit(curl);
      assert.deepEqual([rule.id, confirmByMs, warnings], ["l1", null, []]);
      assert.deepEqual(limiter.held, [rule]);
      const { limits: rows, capabilities } = await monitauri.limits();
      assert.equal(capabilities.missing, null);
      const [row] = rows;
      assert.deepEqual(
        [row?.rule, row?.state, row?.appliesTo],
        [rule, "active", ["curl", "evil\u001b[31m"]],
      );
      assert.equal(row?.achieved?.rxBytesPerSecond, 5 * MBIT);
    });

    test("limits() says which wider rule holds around a narrower one", async () => {
      await monitauri.addLimit({ target: { kind: "machine" }, rxBytesPerSecond: 50 * MBIT });
      const { limits: rows } = await monitauri.limits();
      assert.deepEqual(
        rows.map(({ rule, within }) => [rule.id, within]),
        [
          ["l1", ["l2"]],
          ["l2", []],
        ],
      );
      await monitauri.removeLimit("l2");
    });

    test("addLimit() refuses what makes no sense, and the old state stays", async () => {
      const before = [limiter.held, (await monitauri.limits()).limits];
      for (const [wish, code] of [
        [{ ...curl, rxBytesPerSecond: 0 }, "invalid"],
        [{ ...curl, rxBytesPerSecond: -5 }, "invalid"],
        [{ ...curl, rxBytesPerSecond: 0.125 }, "invalid"],
        [{ ...curl, rxBytesPerSecond: 1.25e14 }, "invalid"],
        [{ ...curl, target: { kind: "application", pattern: "*" } }, "invalid"],
        [{ ...curl, target: { kind: "application", pattern: "monitauri*" } }, "invalid"],
        [{ ...curl, target: { kind: "process", pid: 4_000_000 } }, "invalid"],
        [curl, "invalid"],
        [{ ...curl, nonsense: 1 }, "invalid"],
      ] as const) {
        await assert.rejects(monitauri.addLimit(wish as LimitWish), { code });
      }
      await assert.rejects(monitauri.setLimit("l1", { rxBytesPerSecond: -1 }), { code: "invalid" });
      await assert.rejects(monitauri.setLimit("l99", {}), {
        code: "not-found",
        message: "There is no limit l99. See: monitauri limit list",
      });
      await assert.rejects(monitauri.removeLimit("l99"), { code: "not-found" });
      assert.deepEqual([limiter.held, (await monitauri.limits()).limits], before);
    });

    test("addLimit() changes nothing where the kernel refuses", async () => {
      const before = limiter.held;
      limiter.failNext("Cannot limit: tc said no");
      const more: LimitWish = { target: { kind: "machine" }, rxBytesPerSecond: MBIT };
      await assert.rejects(monitauri.addLimit(more), { code: "failed", message: /tc said no/ });
      assert.equal((await monitauri.limits()).limits.length, 1);
      assert.deepEqual(limiter.held, before);
    });

    test("setLimit() changes what is given", async () => {
      const { rule } = await monitauri.setLimit("l1", { rxBytesPerSecond: 2 * MBIT });
      assert.deepEqual([rule.rxBytesPerSecond, rule.txBytesPerSecond], [2 * MBIT, MBIT]);
      assert.deepEqual(limiter.held, [rule]);
      await monitauri.setLimit("l1", { enabled: false });
      assert.deepEqual(limiter.held, []);
      const [row] = (await monitauri.limits()).limits;
      assert.deepEqual([row?.state, row?.achieved], ["disabled", undefined]);
      await monitauri.setLimit("l1", { enabled: true });
    });

    test("rules follow their schedule and end in time", async () => {
      await monitauri.setLimit("l1", {
        schedule: parseSchedule("12:00-13:00"),
        forMs: 86_400_000 * 2,
      });
      const held = async (ms: number) => {
        atMs = ms;
        await limits.tick();
        const [row] = (await monitauri.limits()).limits;
        return [row?.state, limiter.held.length];
      };
      assert.deepEqual(await held(NOON + 3_599_000), ["active", 1]);
      assert.deepEqual(await held(NOON + 3_600_000), ["off-schedule", 0]);
      assert.deepEqual(await held(NOON + 86_400_000), ["active", 1]);
      assert.deepEqual(await held(NOON + 2 * 86_400_000), ["expired", 0]);
      assert.deepEqual(await held(NOON + 2 * 86_400_000 + 3_600_000), [undefined, 0], "forgotten");
      await assert.rejects(monitauri.removeLimit("l1"), { code: "not-found" });
    });

    test("ids are not given again, also not after a restart", async () => {
      const { rule } = await monitauri.addLimit(curl);
      assert.equal(rule.id, "l3");
      limits = open();
      assert.deepEqual((await monitauri.limits()).limits[0]?.rule, rule);
      await limits.tick();
      assert.deepEqual(limiter.held, [rule]);
      assert.equal(await monitauri.clearLimits(), 1);
      assert.deepEqual(limiter.held, []);
    });

    test("previewLimit() says what would be done and does nothing", async () => {
      const { rule, lines, touchesSession } = await monitauri.previewLimit(curl);
      assert.deepEqual([lines, touchesSession], [[`limit ${rule.id} application`], false]);
      assert.deepEqual((await monitauri.limits()).limits, []);
      await assert.rejects(monitauri.previewLimit({ ...curl, priority: 9 }), { code: "invalid" });
    });

    test("a change that touches the session it came over is taken back unless it is confirmed", async () => {
      const via = {
        remoteAddress: "198.51.100.7",
        remotePort: 50_000,
        localAddress: "192.0.2.1",
        localPort: 22,
      };
      const elsewhere: LimitWish = {
        target: { kind: "remote", network: "203.0.113.0/24" },
        rxBytesPerSecond: MBIT,
      };
      assert.equal((await monitauri.addLimit(elsewhere, { via })).confirmByMs, null);
      const ours: LimitWish = {
        target: { kind: "port", port: 22, protocol: null },
        rxBytesPerSecond: MBIT,
      };
      assert.equal((await monitauri.previewLimit(ours, undefined, { via })).touchesSession, true);
      const first = await monitauri.addLimit(ours, { via });
      assert.equal(first.confirmByMs, atMs + CONFIRM_MS);
      assert.equal(limiter.held.length, 2);
      atMs += CONFIRM_MS - 1;
      await limits.tick();
      assert.equal(limiter.held.length, 2);
      atMs += 1;
      await limits.tick();
      assert.deepEqual(
        limiter.held.map(({ target }) => target.kind),
        ["remote"],
      );
      const { limits: left, warnings } = await monitauri.limits();
      assert.equal(left.length, 1);
      assert.match(
        warnings.at(-1) ?? "",
        new RegExp(`^The change of ${first.rule.id} \\(port 22\\) was taken back`),
      );
      const second = await monitauri.addLimit(ours, { via });
      await monitauri.confirmLimit(second.rule.id);
      await assert.rejects(monitauri.confirmLimit(second.rule.id), { code: "not-found" });
      atMs += 2 * CONFIRM_MS;
      await limits.tick();
      assert.equal(limiter.held.length, 2);
      // A change of one that stands goes back to what it was, also when it was changed twice.
      await monitauri.setLimit(second.rule.id, { rxBytesPerSecond: 2 * MBIT }, { via });
      await monitauri.setLimit(second.rule.id, { rxBytesPerSecond: 3 * MBIT }, { via });
      atMs += CONFIRM_MS;
      await limits.tick();
      assert.deepEqual(limiter.held.at(-1), second.rule);
      await monitauri.clearLimits();
    });

    test("quotas notify, throttle and block as the bytes come, and begin anew with the day", async () => {
      atMs = Date.parse("2026-11-26T10:00:00Z");
      const quota = await monitauri.addQuota({
        target: { kind: "application", pattern: "curl" },
        bytes: 10e6,
        period: "day",
        steps: [
          { atShare: 0.8, action: { do: "notify" } },
          {
            atShare: 1,
            action: { do: "throttle", rxBytesPerSecond: MBIT, txBytesPerSecond: null },
          },
          { atShare: 1.2, action: { do: "block" } },
        ],
      });
      await limits.tick();
      const use = async (bytes: number) => {
        limits.onSample(sampleOf("path:/usr/bin/curl", "curl", bytes));
        await limits.tick();
        const [state] = (await monitauri.limits()).quotas;
        return [state?.state, limiter.held[0]?.block, notices.length];
      };
      notices.length = 0;
      assert.deepEqual(await use(7.9e6), ["under", undefined, 0]);
      assert.deepEqual(await use(0.1e6), ["notified", undefined, 1]);
      assert.deepEqual(await use(2e6), ["throttled", false, 2]);
      assert.equal(limiter.held[0]?.id, quota.id);
      const tried = { target: { kind: "machine" }, bytes: 1e6 } as const;
      const changed = await monitauri.previewQuota({ bytes: 5e6 }, quota.id);
      assert.deepEqual([changed.state.usedBytes, changed.state.state], [10e6, "blocked"]);
      assert.deepEqual(changed.lines, ["limit q1 application"]);
      const fresh = await monitauri.previewQuota(tried);
      assert.deepEqual([fresh.state.quota.id, fresh.state.state, fresh.lines], ["q2", "under", []]);
      await assert.rejects(monitauri.previewQuota({ ...tried, bytes: 1 }), { code: "invalid" });
      await assert.rejects(monitauri.previewQuota({}, "q9"), { code: "not-found" });
      assert.equal((await monitauri.limits()).quotas.length, 1, "nothing was made");
      assert.deepEqual(await use(2e6), ["blocked", true, 3]);
      assert.match(notices[0] ?? "", /^curl has used 8\.00 MB, 80 % of its 10\.0 MB today$/);
      await monitauri.setQuota(quota.id, { overrideToday: true });
      assert.deepEqual(limiter.held, []);
      await monitauri.setQuota(quota.id, { overrideToday: false });
      assert.deepEqual(
        limiter.held.map(({ block }) => block),
        [true],
      );
      atMs = Date.parse("2026-11-27T00:00:00Z");
      assert.deepEqual(await use(0), ["under", undefined, 3]);
      const [state] = (await monitauri.limits()).quotas;
      assert.deepEqual([state?.usedBytes, state?.source], [0, "since-start"]);
      await assert.rejects(monitauri.addQuota({ target: { kind: "machine" }, bytes: 0 }), {
        code: "invalid",
      });
      await monitauri.removeQuota(quota.id);
      await assert.rejects(monitauri.removeQuota(quota.id), { code: "not-found" });
    });
  });
}

const notices: string[] = [];

function open(): DaemonLimits {
  return createTestLimits({
    path,
    limiter,
    sampling,
    now: () => atMs,
    zone: "UTC",
    onNotice: ({ text }) => notices.push(text),
  });
}

async function startAnew(): Promise<void> {
  rmSync(path, { force: true });
  atMs = NOON;
  await limiter.clear();
  limits = open();
  await limits.tick();
}

function sampleOf(key: string, name: string, rxBytes: number) {
  const bytes = { rxBytes, txBytes: 0, rxLoopbackBytes: 0, txLoopbackBytes: 0 };
  const row = { key, name, ...bytes, total: bytes, connections: 1, interfaces: [] };
  const { delta } = sampler.take({ atMs });
  return { delta, applications: [row] };
}
