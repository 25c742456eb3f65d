// The disk of a whole daemon is full for a while: it counts and answers, says what it cannot keep, refuses changes whole, and
// goes on by itself when there is room again.
import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { connectDaemon } from "../../src/cli/connect.ts";
import type { AlertRuleDraft } from "../../src/model/alert.ts";
import type { AlertChannelDraft } from "../../src/model/alert-channel.ts";
import { fillDisk } from "../fixtures/ballast.ts";
import { meet, tcp } from "./generators/pairs.ts";
import {
  buildOnce,
  expectNothing,
  launch,
  type RealDaemon,
  rowOf,
  startDaemon,
  until,
} from "./real-daemon.ts";
import { host, makeWorld, skipWithoutWorld, type World } from "./world.ts";

const skip = await skipWithoutWorld();
/** What waits for the disk is kept for a minute at this one, longer than it is full here. */
const INTERVAL_MS = 500;
const INTERVAL = `${INTERVAL_MS}ms`;
/** What the disk refused is tried again every five seconds. */
const RESUMED_MS = 15_000;
const CHANNEL: AlertChannelDraft = {
  name: "command",
  target: { kind: "command", command: ["/bin/true"], user: "" },
  secrets: {},
};

describe("a disk that is full", { skip }, () => {
  const data = mkdtempSync(join(tmpdir(), "monitauri-full-"));
  const ballast = join(data, "ballast");
  const monitauri = connectDaemon([join(data, "daemon.sock")]);
  let world: World;
  before(async () => {
    await buildOnce();
    world = await makeWorld({ host: true });
    await host.exec("mount", ["-t", "tmpfs", "-o", "size=8m,mode=0700", "none", data]);
    writeFileSync(join(data, "config.toml"), configOf(7));
  });
  after(async () => {
    await world?.close();
    await host.exec("umount", ["--lazy", data]).catch(() => {});
    rmSync(data, { recursive: true });
    await expectNothing();
  });

  test("counting goes on, changes are refused whole, nothing recorded is lost, and all resumes by itself", async () => {
    await using daemon = await startDaemon(data, { interval: INTERVAL });
    await monitauri.addAlertRule(whenSending(world.a.device));
    await monitauri.setAlertChannel(CHANNEL);
    await monitauri.addToken("reader");
    await monitauri.addLimit({ target: { kind: "application", pattern: "none" }, block: true });
    await send(300_000);
    await seen(async () => (await monitauri.alertLog()).events.length > 0);
    await seen(async () => (await kept()).txBytes > 300_000);
    const [early, rules, shapers] = [await kept(), await book(), await kernel()];

    fillDisk(ballast);
    await seen(async () => {
      await send(10_000);
      // A tick without traffic ends the alert, so that the next burst is another one to be written.
      await sleep(3 * INTERVAL_MS);
      // What is left of a page is taken by small records.
      fillDisk(ballast);
      const { threads, alerts } = await monitauri.status();
      const history = threads.find(({ name }) => name === "history");
      return /full/.test(history?.lastError ?? "") && alerts.troubles.length > 0;
    });
    const row = await send(123_456);
    assert.equal(row.txPayloadBytes, 123_456, "counting goes on");
    const { alerts, gaps } = await monitauri.status();
    assert.deepEqual(gaps, []);
    assert.match(alerts.troubles[0]?.text ?? "", /alerts\.journal: .*no space left/);
    const finding = await historyFinding();
    assert.equal(finding?.state, "limited");
    assert.match(`${finding?.detail}: ${finding?.remedy}`, /disk is full: make room on the disk/);

    await refuseAll();
    assert.deepEqual(await book(), rules, "nothing has changed");
    assert.equal(await kernel(), shapers, "in the kernel neither");
    assert.deepEqual(
      readdirSync(data).filter((name) => name.endsWith(".new")),
      [],
    );
    const { events } = await monitauri.alertLog();
    assert.ok(events.length > 1, "judging goes on");
    assert.equal(await monitauri.acknowledgeAlerts({ all: true }), events.length);
    assert.equal((await monitauri.alertLog({ limit: 0 })).unread, 0);
    // Of the same length: it takes no room.
    writeFileSync(join(data, "config.toml"), configOf(9), { flag: "r+" });
    daemon.tell("SIGHUP");
    await daemon.says(/Cannot keep the settings of the history: .*full/);

    unlinkSync(ballast);
    await seen(async () => {
      const { threads, alerts: now } = await monitauri.status();
      return threads.every(({ lastError }) => lastError === undefined) && now.troubles.length === 0;
    }, RESUMED_MS);
    assert.equal((await historyFinding())?.state, "ok");
    await seen(async () => (await monitauri.historyState()).settings.minuteDays === 9);
    await send(20_000);
    const late = await monitauri.addAlertRule(whenSending("late"));
    await monitauri.removeToken("reader");
    await monitauri.addLimit({ target: limited(), txBytesPerSecond: 1e9 });
    await monitauri.clearLimits();
    const { lostTicks } = await monitauri.historyState();
    assert.equal(lostTicks, 0, "it was full for less than what waits");
    const sent = (await monitauri.ps()).find(({ key }) => key.endsWith("tcp.py"));
    const all = { rxBytes: sent?.rxBytes, txBytes: sent?.txBytes };
    await seen(async () => (await kept()).txBytes === all.txBytes);
    assert.deepEqual(await kept(), all, "what waited is there too");
    const log = await monitauri.alertLog();
    assert.ok(log.events.length > events.length, "alerts are recorded again");
    await stop(daemon, /history saved\n$/);

    await using again = await startDaemon(data, { interval: INTERVAL });
    assert.deepEqual(await kept(), all);
    assert.ok(all.txBytes !== undefined && all.txBytes > early.txBytes + 100_000);
    const found = await book();
    assert.deepEqual(found.alertRules, [...rules.alertRules, late]);
    assert.deepEqual([found.channels, found.tokens, found.limits], [rules.channels, [], []]);
    const ids = (await monitauri.alertLog()).events.map(({ id }) => id);
    assert.deepEqual(
      ids.slice(-log.events.length),
      log.events.map(({ id }) => id),
    );
    const read = (await monitauri.alertLog({ unread: true })).events.map(({ id }) => id);
    assert.ok(!events.some(({ id }) => read.includes(id)), "what was acknowledged stays so");
    await stop(again, /history saved\n$/);
  });

  test("a daemon starts on it and counts, ends with 0 on it, and keeps what comes when there is room", async () => {
    fillDisk(ballast);
    await using first = await startDaemon(data, { interval: INTERVAL });
    assert.equal((await send(11_111)).txPayloadBytes, 11_111);
    assert.match((await historyFinding())?.detail ?? "", /full/);
    await using second = launch(data);
    assert.match(
      (await second.ended).stderr,
      /another Monitauri (\(pid \d+\) )?is running with this data/,
    );
    await stop(first, /history NOT saved in full\n$/);

    fillDisk(ballast);
    await using next = await startDaemon(data, { interval: INTERVAL });
    unlinkSync(ballast);
    await seen(async () => (await historyFinding())?.state === "ok");
    const before = await kept();
    await send(22_222);
    await seen(async () => (await kept()).txBytes > before.txBytes + 22_222);
    await stop(next, /history saved\n$/);
  });

  /** The row of who sent so many bytes, once it has them. */
  async function send(upload: number) {
    const options = { address: world.b.ip4 };
    const { client } = await meet(tcp({ upload }), { a: world.a, b: world.b, options });
    const [{ pid } = assert.fail()] = client.results;
    return rowOf(asking, pid, ({ txPayloadBytes }) => txPayloadBytes === upload);
  }
  const asking = { ps: async () => [...(await monitauri.ps({ by: "process" }))] };

  /** What the history has of the generators. */
  async function kept() {
    const toMs = Date.now() + 60_000;
    const { rows } = await monitauri.history({
      fromMs: toMs - 3_600_000,
      toMs,
      groupBy: "application",
    });
    const row = rows.find(({ key }) => key.endsWith("tcp.py"));
    return { rxBytes: row?.rxBytes ?? 0, txBytes: row?.txBytes ?? 0 };
  }

  /** What people have set. */
  async function book() {
    const { limits, quotas } = await monitauri.limits();
    const channels = await monitauri.alertChannels();
    return {
      alertRules: await monitauri.alertRules(),
      channels: channels.map(({ name, enabled, target }) => ({ name, enabled, target })),
      tokens: (await monitauri.tokens()).map(({ name }) => name),
      limits: limits.map(({ rule }) => rule),
      quotas: quotas.map(({ quota }) => quota),
    };
  }

  async function kernel(): Promise<string> {
    const filters = await host.exec("tc", ["filter", "show", "dev", world.a.device, "egress"]);
    return `${await host.exec("tc", ["qdisc", "show"])}${filters}`;
  }

  async function historyFinding() {
    return (await monitauri.doctor()).findings.find(({ feature }) => feature === "history");
  }

  async function refuseAll(): Promise<void> {
    const bytes = 1e9;
    const refused: Record<string, () => Promise<unknown>> = {
      "a new rule": () => monitauri.addAlertRule(whenSending("another")),
      "a changed rule": () => monitauri.setAlertRule("r1", { enabled: false }),
      "a snoozed rule": () => monitauri.snoozeAlerts({ untilMs: Date.now() + 60_000 }),
      "a removed rule": () => monitauri.removeAlertRule("r1"),
      "a channel": () => monitauri.setAlertChannel({ ...CHANNEL, name: "another" }),
      "a removed channel": () => monitauri.removeAlertChannel("command"),
      "a token": () => monitauri.addToken("another"),
      "a removed token": () => monitauri.removeToken("reader"),
      "a limit": () => monitauri.addLimit({ target: limited(), txBytesPerSecond: bytes }),
      "a changed limit": () => monitauri.setLimit("l1", { block: false, txBytesPerSecond: bytes }),
      "no limits": () => monitauri.clearLimits(),
      "a quota": () => monitauri.addQuota({ target: { kind: "machine" }, bytes }),
    };
    for (const [what, change] of Object.entries(refused)) {
      const message =
        /^Cannot (?=.*no space left)(?=.*(as before|Nothing was changed)).*make room/i;
      await assert.rejects(change(), { code: "failed", message }, what);
    }
  }

  const limited = () => ({ kind: "interface", name: world.a.device }) as const;
});

/** As long whatever the number is. */
function configOf(minuteDays: number): string {
  return `[historyKeep]\nminuteDays = ${minuteDays}\n`;
}

/** Each burst is an alert of its own. */
function whenSending(match: string): AlertRuleDraft {
  return {
    condition: {
      kind: "rate",
      comparison: "above",
      direction: "tx",
      bytesPerSecond: 1000,
      forMs: 0,
    },
    scope: { kind: "interface", match },
    coolDownMs: 0,
    channels: [],
  };
}

async function seen(wanted: () => Promise<boolean>, waitMs?: number): Promise<void> {
  assert.ok(await until(wanted, waitMs), `not within the time: ${wanted}`);
}

async function stop(daemon: RealDaemon, farewell: RegExp): Promise<void> {
  daemon.tell("SIGTERM");
  const { code, stdout, stderr } = await daemon.ended;
  assert.equal(code, 0, stderr);
  assert.match(stdout, farewell);
}
