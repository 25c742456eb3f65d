// Alerts on a disk that is really full: judging goes on, it is said, what was accepted is sent, the rest when there is room.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmdirSync, unlinkSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { createDelivery } from "../src/alerts/deliver/delivery.ts";
import { createAlerts } from "../src/daemon/alerts.ts";
import { createDeliverySystem } from "../src/daemon/delivery-system.ts";
import { tickOf } from "../src/store/scripted-ticks.ts";
import { fillDisk } from "./fixtures/ballast.ts";
import { activity, createMadeUpSampler } from "./fixtures/sampled.ts";

const data = mkdtempSync(join(tmpdir(), "monitauri-full-"));
/** Its own file system, of which nobody else fills a byte. */
const isMounted =
  process.geteuid?.() === 0 &&
  spawnSync("mount", ["-t", "tmpfs", "-o", "size=1m,mode=0700", "none", data]).status === 0;
const skip = isMounted ? false : "cannot mount a file system here";
const received: string[] = [];
let accepts = false;
let receiver: Server;
before(async () => {
  receiver = createServer(async (request, response) => {
    let body = "";
    for await (const piece of request) body += piece;
    if (!accepts) return response.writeHead(503).end();
    received.push(JSON.parse(body).alert.subject.name);
    response.end("{}");
  }).listen(0, "127.0.0.1");
  await once(receiver, "listening");
});
after(() => {
  receiver.closeAllConnections();
  receiver.close();
  if (isMounted) spawnSync("umount", ["-l", data]);
  rmdirSync(data);
});

async function open() {
  const lines: string[] = [];
  const warn = (line: string) => void lines.push(line);
  const delivery = await createDelivery({
    queuePath: join(data, "alert-queue.journal"),
    channelsPath: join(data, "alert-channels.json"),
    system: createDeliverySystem({ uid: 0, env: {}, commandUsers: () => [] }),
    log: { warn, info() {} },
    host: "box",
  });
  const alerts = createAlerts({
    path: join(data, "alerts.journal"),
    delivery,
    log: { warn, info() {}, warnOnce: (_, line) => warn(line) },
  });
  const sampler = createMadeUpSampler();
  const take = (name: string) => {
    const atMs = Date.now();
    const applications = [activity(`path:/usr/bin/${name}`, name, 1_000_000)];
    alerts.take({ ...sampler.take({ atMs }), applications }, tickOf(atMs, []));
  };
  return { alerts, delivery, take, lines, status: () => alerts.status(delivery.state()) };
}

async function until(isSo: () => boolean, what: string, meanwhile = () => {}): Promise<void> {
  for (let n = 0; n < 300; n += 1) {
    if (isSo()) return;
    meanwhile();
    await sleep(100);
  }
  assert.fail(`still not: ${what}`);
}

test("a full disk: judging goes on, what was accepted is sent, what came later when there is room, nothing twice", {
  skip,
}, async () => {
  const first = await open();
  const { alerts, delivery, take, status } = first;
  const url = `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`;
  await delivery.setChannel({
    name: "hook",
    target: { kind: "webhook", format: "json", recipient: "", allowInternal: true },
    secrets: { url },
  });
  await alerts.questions.addAlertRule({
    condition: {
      kind: "rate",
      comparison: "above",
      direction: "rx",
      bytesPerSecond: 500,
      forMs: 0,
    },
    scope: { kind: "application", match: "*" },
    channels: ["hook"],
  });
  // A minute of samples: what is written of an alert is longer than what is left of a page.
  for (let second = 0; second < 60; second += 1) take("early");
  await until(() => status().lastFailure !== null, "a refusal");
  assert.equal(status().waiting, 1);
  assert.match(status().lastFailure?.said ?? "", /503/);

  fillDisk(join(data, "ballast"));
  accepts = true;
  take("late");
  // One after the other come, as in every second.
  await until(
    () => received.length === 1,
    "what was accepted",
    () => take("late"),
  );
  await until(
    () => status().troubles.length > 0,
    "it is said",
    () => take("late"),
  );
  for (const { text } of status().troubles) assert.match(text, /ENOSPC|no space left/i);
  assert.match(first.lines.join("\n"), /Cannot write .*alerts\.journal: .*no space left/i);
  const { events } = await alerts.questions.alertLog();
  assert.deepEqual(
    events.map(({ subject }) => subject.name),
    ["late", "early"],
    "judging goes on",
  );
  assert.deepEqual(received, ["early"], "what is on no disk is not sent yet");
  await assert.rejects(alerts.questions.removeAlertChannel("hook"), /rules are as before/);
  const named = (await alerts.questions.alertRules()).map(({ channels }) => channels);
  assert.deepEqual(named, [["hook"]], "no rule names a place that is gone");
  assert.deepEqual(
    (await alerts.questions.alertChannels()).map(({ name }) => name),
    ["hook"],
  );

  unlinkSync(join(data, "ballast"));
  await until(
    () => received.length === 2,
    "the other one",
    () => take("late"),
  );
  const isWell = () => status().troubles.length + status().waiting === 0;
  await until(isWell, "nothing wrong any more", () => take("late"));
  // As SIGKILL leaves it: nobody closes the first one.
  const second = await open();
  second.take("late");
  await sleep(500);
  assert.deepEqual(received, ["early", "late"]);
  const after = await second.alerts.questions.alertLog();
  assert.deepEqual(
    after.events.map(({ subject }) => subject.name),
    ["late", "early"],
  );
  assert.equal(second.status().waiting, 0);
  for (const each of [first, second]) {
    await each.alerts.close();
    await each.delivery.close();
  }
});
