// From the sample in which a threshold is crossed to the mail server's 250: judged, written, handed over, written, sent.
//   node bench/alerts-crossing.ts   about a minute; prints Markdown
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { createDelivery } from "../src/alerts/deliver/delivery.ts";
import { systemClock } from "../src/alerts/deliver/sender.ts";
import { createAlerts } from "../src/daemon/alerts.ts";
import { createDeliverySystem } from "../src/daemon/delivery-system.ts";
import { tickOf } from "../src/store/scripted-ticks.ts";
import { makeCertificates } from "../test/fixtures/certificates.ts";
import { mailTarget, PASSWORD } from "../test/fixtures/mail-sending.ts";
import { activity, createMadeUpSampler } from "../test/fixtures/sampled.ts";

const CROSSINGS = 300;
/** More than twenty in a minute would be gathered. */
const APART_MS = 10_000;
const START = Date.parse("2026-11-08T12:00:00Z");

const folder = mkdtempSync(join(tmpdir(), "monitauri-crossing-"));
using certificates = makeCertificates();
if (certificates === undefined) throw new Error("needs openssl");
// A thread of its own, so that the server does not share the event loop.
const server = new Worker(new URL("./alerts-mail-server.ts", import.meta.url), {
  workerData: certificates.good,
});
const port = await new Promise<number>((resolve) => server.once("message", resolve));
let nowMs = START;
let accepted = () => {};
const delivery = await createDelivery({
  queuePath: join(folder, "queue"),
  channelsPath: join(folder, "channels.json"),
  system: createDeliverySystem({ uid: 0, env: {}, commandUsers: () => [] }),
  log: { warn: console.error, info() {} },
  host: "box",
  clock: systemClock,
  onOutcome: (_channel, _message, { kind }) => kind === "delivered" && accepted(),
});
const log = { info() {}, warn: console.error, warnOnce: console.error };
const path = join(folder, "alerts.journal");
const alerts = createAlerts({ path, delivery, log, now: () => nowMs });
await delivery.setChannel({
  name: "mail",
  target: mailTarget(port, { caFile: certificates.caFile }),
  secrets: { password: PASSWORD },
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
  channels: ["mail"],
});
const sampler = createMadeUpSampler();
const took: number[] = [];
for (let at = 0; at < CROSSINGS; at += 1) {
  nowMs += APART_MS;
  const arrival = new Promise<void>((resolve) => {
    accepted = resolve;
  });
  const applications = [activity(`path:/usr/bin/p${at}`, `p${at}`, 1_000)];
  const sample = { ...sampler.take({ atMs: nowMs }), applications };
  const startedMs = performance.now();
  alerts.take(sample, tickOf(nowMs, []));
  await arrival;
  took.push(performance.now() - startedMs);
  await new Promise((ready) => setTimeout(ready, 20));
}
took.sort((one, other) => one - other);
const ms = (share: number) => `${(took[Math.ceil(share * took.length) - 1] ?? 0).toFixed(1)} ms`;
console.log("| from the sample that crosses to the server's 250 | p50 | p99 |\n|---|---|---|");
console.log(
  `| ${CROSSINGS} crossings, TLS and PLAIN, both journals on disk | ${ms(0.5)} | ${ms(0.99)} |`,
);
await alerts.close();
await delivery.close();
await server.terminate();
rmSync(folder, { recursive: true, force: true });
