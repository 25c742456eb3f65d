// From an alert to the mail server's 250, and what a server that is down and SIGKILL cost. Prints Markdown.
//   node bench/alerts-delivery.ts latency   about a minute
//   node bench/alerts-delivery.ts kill      about a minute
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { Worker } from "node:worker_threads";
import { createDelivery, type Delivery } from "../src/alerts/deliver/delivery.ts";
import { alertMessage } from "../src/alerts/deliver/scripted-message.ts";
import { type Clock, systemClock } from "../src/alerts/deliver/sender.ts";
import { makeCertificates } from "../test/fixtures/certificates.ts";
import { mailTarget, PASSWORD } from "../test/fixtures/mail-sending.ts";
import { killAlerts } from "./alerts-kill.ts";

const HOUR_MS = 3_600_000;
const SAMPLES = 300;
const FLOOD = 1_000;

/** Lets go of a connection as soon as nothing waits. */
const restless: Clock = {
  now: Date.now,
  after(_delayMs, run) {
    const timer = setImmediate(run);
    return () => clearImmediate(timer);
  },
};

const folder = mkdtempSync(join(tmpdir(), "monitauri-alerts-"));
try {
  const [what = "all"] = process.argv.slice(2);
  if (what !== "kill") await latency();
  if (what !== "latency") await kill();
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function latency(): Promise<void> {
  using certificates = makeCertificates();
  if (certificates === undefined) throw new Error("needs openssl");
  // A thread of its own, so that the server does not share the sender's event loop.
  const server = new Worker(new URL("./alerts-mail-server.ts", import.meta.url), {
    workerData: certificates.good,
  });
  const port = await new Promise<number>((resolve) => server.once("message", resolve));
  const draft = {
    name: "mail",
    target: mailTarget(port, { caFile: certificates.caFile }),
    secrets: { password: PASSWORD },
  };

  console.log(
    "| from enqueue() to the server's 250, STARTTLS and PLAIN | p50 | p99 | CPU of the thread |",
  );
  console.log("|---|---|---|---|");
  for (const [name, clock] of [
    ["each with a connection, TLS and login of its own", restless],
    ["on the connection of the one before", systemClock],
  ] as const) {
    const waiters = new Map<string, () => void>();
    const delivery = await open(clock, (id) => waiters.get(id)?.());
    await delivery.setChannel(draft);
    const took: number[] = [];
    const cpuBefore = process.threadCpuUsage();
    for (let at = 0; at < SAMPLES; at += 1) {
      const { promise, resolve } = Promise.withResolvers<void>();
      const id = `${at}-${took.length}`;
      waiters.set(id, resolve);
      const startedMs = performance.now();
      await delivery.enqueue(alertMessage(id), ["mail"]);
      await promise;
      took.push(performance.now() - startedMs);
      await new Promise((ready) => setTimeout(ready, 5));
    }
    const cpu = `${(cpuMs(cpuBefore) / SAMPLES).toFixed(1)} ms each`;
    await delivery.close();
    console.log(`| ${name} | ${ms(took, 0.5)} | ${ms(took, 0.99)} | ${cpu} |`);
  }
  await flood(draft);
  await server.terminate();
}

async function flood(draft: Parameters<Delivery["setChannel"]>[0]): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  let told = 0;
  const delivery = await open(systemClock, (_id, count) => {
    told += count;
    if (told === FLOOD) resolve();
  });
  await delivery.setChannel(draft);
  const loop = monitorEventLoopDelay({ resolution: 1 });
  loop.enable();
  const cpuBefore = process.threadCpuUsage();
  const startedMs = performance.now();
  const enqueued: number[] = [];
  for (let at = 0; at < FLOOD; at += 1) {
    const beganMs = performance.now();
    delivery
      .enqueue(alertMessage(`flood-${at}`), ["mail"])
      .then(() => enqueued.push(performance.now() - beganMs), console.error);
    await new Promise((ready) => setImmediate(ready));
  }
  const givenMs = performance.now() - startedMs;
  await promise;
  const allMs = performance.now() - startedMs;
  loop.disable();
  const counts = delivery.state().channels[0]?.counts;
  await delivery.close();
  console.log(
    `\n${FLOOD} alerts given in ${Math.round(givenMs)} ms: on the disk after ${ms(enqueued, 0.5)} (p50) and ${ms(enqueued, 0.99)} (p99),`,
  );
  console.log(
    `all told after ${(allMs / 1000).toFixed(1)} s in ${counts?.delivered} mails with ${Math.round(cpuMs(cpuBefore))} ms of CPU; the thread was busy for ${(loop.percentile(99) / 1e6).toFixed(0)} ms at most in 99 % of its turns, ${(loop.max / 1e6).toFixed(0)} ms in the longest.`,
  );
}

async function kill(): Promise<void> {
  const result = await killAlerts({
    folder,
    alerts: 10_000,
    downMs: 6 * HOUR_MS,
    kills: 20,
    speed: 720,
  });
  const { taken, kills, single, digests, merged, missing, twice, doubles, counts, tookMs } = result;
  console.log("\n| 10,000 alerts, server down for simulated 6 h | |");
  console.log("|---|---|");
  console.log(`| taken, SIGKILLs | ${taken}, ${kills} |`);
  console.log(`| delivered one by one | ${single} |`);
  console.log(`| delivered in ${digests} digests | ${merged} |`);
  console.log(`| missing, told twice under two ids | ${missing.length}, ${twice.length} |`);
  console.log(`| mails that came again with the same Message-ID | ${doubles} |`);
  console.log(`| of those the queue said it does not know | ${counts.repeated} |`);
  console.log(`\n(${(tookMs / 1000).toFixed(0)} s)`);
  if (missing.length > 0 || twice.length > 0 || doubles > counts.repeated) process.exitCode = 1;
}

function open(clock: Clock, onDelivered: (id: string, count: number) => void): Promise<Delivery> {
  const nothing = { exitCode: 0, stdout: "", stderr: "" };
  const place = mkdtempSync(join(folder, "run-"));
  return createDelivery({
    queuePath: join(place, "queue"),
    channelsPath: join(place, "channels.json"),
    system: {
      run: async () => nothing,
      checkCommand() {},
      sendDatagram() {},
      exists: () => false,
      desktopUser: (name) => name,
      desktops: () => [],
      notify: async () => nothing,
    },
    log: { warn: console.error, info() {} },
    host: "box",
    clock,
    onOutcome: (_channel, { id, count }, { kind }) => {
      if (kind === "delivered") onDelivered(id, count);
    },
  });
}

/** Of this thread alone, so that other work on the machine does not count. */
function cpuMs(before: NodeJS.CpuUsage): number {
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1000;
}

function ms(values: readonly number[], share: number): string {
  const sorted = values.toSorted((one, other) => one - other);
  return `${(sorted[Math.ceil(share * sorted.length) - 1] ?? 0).toFixed(1)} ms`;
}
