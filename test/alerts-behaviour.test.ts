// Alerts for both who implement `Monitauri`: rules, the log and channels, in process and over a real socket.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { createAccess } from "../src/api/access.ts";
import { listenOnSocket } from "../src/api/listen.ts";
import { createApp } from "../src/api/routes.ts";
import { connectDaemon } from "../src/cli/connect.ts";
import { createAlerts } from "../src/daemon/alerts.ts";
import { createMonitauri, type MonitauriParts } from "../src/daemon/monitauri.ts";
import type { AlertRuleDraft } from "../src/model/alert.ts";
import type { Monitauri } from "../src/model/monitauri.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const socket = join(folder, "daemon.sock");
const bugs: unknown[] = [];
const alerts = createAlerts({
  path: join(folder, "alerts.journal"),
  log: {
    info() {},
    warn: (message) => bugs.push(message),
    warnOnce: (_, message) => bugs.push(message),
  },
});
const inProcess = createMonitauri({ alerts } as unknown as MonitauriParts);
const access = createAccess({ saved: { sessions: [], tokens: [] }, save() {} });
const options = { version: "0.0.0-test", onBug: (error: unknown) => bugs.push(error), access };
const implementations: Record<string, Monitauri> = {
  "in process": inProcess,
  "over the socket": connectDaemon([socket]),
};
let listener: AsyncDisposable;

before(async () => {
  const app = createApp(inProcess, options);
  listener = await listenOnSocket((asked) => app.fetch(asked), {
    path: socket,
    gid: process.getgid?.(),
  });
});
after(async () => {
  await listener[Symbol.asyncDispose]();
  await alerts.close();
  assert.deepEqual(bugs, []);
  rmSync(folder, { recursive: true });
});

const DRAFT: AlertRuleDraft = {
  condition: {
    kind: "rate",
    comparison: "above",
    direction: "rx",
    bytesPerSecond: 1_250_000,
    forMs: 30_000,
  },
  scope: { kind: "application", match: "firefox" },
};

for (const [name, monitauri] of Object.entries(implementations)) {
  describe(`Monitauri ${name}`, () => {
    test("addAlertRule() fills in the rest, setAlertRule() changes a part, removeAlertRule() takes it away", async () => {
      const rule = await monitauri.addAlertRule(DRAFT);
      assert.match(rule.id, /^r\d+$/);
      assert.equal(rule.name, "firefox receives more than 10.0 Mbit/s for 30 s");
      const changed = await monitauri.setAlertRule(rule.id, { severity: "critical" });
      assert.deepEqual(changed, { ...rule, severity: "critical" });
      assert.deepEqual((await monitauri.alertRules()).at(-1), changed);
      await monitauri.removeAlertRule(rule.id);
      assert.ok((await monitauri.alertRules()).every(({ id }) => id !== rule.id));
      await assert.rejects(monitauri.removeAlertRule(rule.id), { code: "not-found" });
      await assert.rejects(monitauri.setAlertRule("r999999", {}), { code: "not-found" });
    });

    test("impossible rules are refused with what is wrong", async () => {
      const wrong = { ...DRAFT, condition: { ...DRAFT.condition, bytesPerSecond: -5 } };
      await assert.rejects(monitauri.addAlertRule(wrong as AlertRuleDraft), {
        code: "invalid",
        message: /bytesPerSecond/,
      });
      await assert.rejects(monitauri.addAlertRule({ ...DRAFT, channels: ["nobody"] }), {
        code: "invalid",
        message: /channel nobody: there are none yet/,
      });
    });

    test("snoozeAlerts() keeps one rule or all quiet until a time", async () => {
      const rules = [await monitauri.addAlertRule(DRAFT), await monitauri.addAlertRule(DRAFT)];
      const [first] = rules;
      const [one] = await monitauri.snoozeAlerts({ ruleId: first?.id ?? "", untilMs: 5_000 });
      assert.deepEqual([one?.id, one?.snoozedUntilMs], [first?.id, 5_000]);
      const all = await monitauri.snoozeAlerts({ untilMs: null });
      assert.ok(all.length >= 2 && all.every(({ snoozedUntilMs }) => snoozedUntilMs === null));
      for (const { id } of rules) await monitauri.removeAlertRule(id);
    });

    test("alertLog() of nothing has nothing, and acknowledgeAlerts() nothing to do", async () => {
      assert.deepEqual(await monitauri.alertLog(), { events: [], count: 0, unread: 0, ongoing: 0 });
      assert.equal(await monitauri.acknowledgeAlerts({ all: true }), 0);
      assert.equal(await monitauri.acknowledgeAlerts({ ids: ["none-1"] }), 0);
      await assert.rejects(monitauri.alertLog({ before: "x" }), { code: "invalid" });
    });

    test("channels that do not exist are not found", async () => {
      assert.deepEqual(await monitauri.alertChannels(), []);
      await assert.rejects(monitauri.removeAlertChannel("me@example.org"), { code: "not-found" });
      await assert.rejects(monitauri.testAlertChannel("a/b"), { code: "not-found" });
    });
  });
}

describe("the API of alerts", () => {
  test("over TCP nobody names a program to run, not even by changing a channel that has one", async () => {
    const target = { kind: "command", command: ["/bin/true"], user: "" } as const;
    const asked: unknown[] = [];
    const channel = {
      name: "hook",
      enabled: true,
      target,
      secrets: [],
      lastOutcome: null,
      lastOutcomeAtMs: null,
      waiting: 0,
    };
    const door = createApp(
      {
        ...inProcess,
        alertChannels: async () => [channel],
        async setAlertChannel(draft) {
          asked.push(draft);
          return channel;
        },
      },
      { ...options, door: { port: 1 } },
    );
    const { token } = access.redeem(access.makeCode().code);
    const post = (body: object) => {
      const text = JSON.stringify(body);
      return door.request("http://127.0.0.1:1/api/v1/alerts/channels", {
        method: "POST",
        headers: {
          Host: "127.0.0.1:1",
          Authorization: `Bearer ${token}`,
          "Content-Type": "application/json",
          "Content-Length": String(text.length),
        },
        body: text,
      });
    };
    const desktop = { kind: "desktop", user: "" };
    assert.equal((await post({ name: "new", target })).status, 403);
    assert.equal((await post({ name: "hook", target: desktop })).status, 403);
    assert.equal((await post({ name: "screen", target: desktop })).status, 200);
    assert.deepEqual(asked, [{ name: "screen", target: desktop }]);
  });
});
