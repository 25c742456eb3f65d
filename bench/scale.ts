// Figure 5: what a tick takes with many open TCP sockets, idle and all active once per second. Both ends of each
// connection are on this machine, so n sockets are n / 2 connections, and the collector counts both ends.
// node bench/scale.ts [largest number of sockets]
import { setTimeout as sleep } from "node:timers/promises";
import { type LinuxCollector, openLinuxCollector } from "../src/collector/linux.ts";
import { isUnavailable } from "../src/model/unavailable.ts";
import { createSampler } from "../src/sampler/sampler.ts";
import { startGenerator } from "../test/e2e/generators/run.ts";
import { makeWorld, type World } from "../test/e2e/world.ts";
import { argument, machineLine, row, writeResults } from "./results.ts";
import { median } from "./statistics.ts";

const SOCKETS = [100, 1_000, 10_000, 65_000];
/** Measured and forgotten: the first sizes would pay for code that is not compiled yet. */
const WARM_UP = 10_000;
const ROUNDS = 5;
const INTERVAL_MS = 1000;
/** Of one address, port and peer there are 28,232 ephemeral ports: this keeps far from it. */
const ADDRESSES = 4;
const SERVER_PORTS = 4;

interface Tick {
  /** collector.read() and sampler.take(). */
  readonly ms: number;
  /** User and system time of this process meanwhile, its garbage collection in other threads too. */
  readonly cpuMs: number;
  readonly flows: number;
}

interface Row {
  readonly sockets: number;
  readonly state: "opened" | "idle" | "active";
  readonly ticks: Tick[];
}

const largest = argument(1, { otherwise: SOCKETS.at(-1) as number });
const rows: Row[] = [];
await measure(Math.min(WARM_UP, largest));
for (const sockets of SOCKETS.filter((number) => number <= largest)) {
  rows.push(...(await measure(sockets)));
  console.error(`${sockets} sockets measured`);
}
report();
writeResults("scale", { intervalMs: INTERVAL_MS, rows });

/** A collector of its own for each size: rows of former connections would be in the way. */
async function measure(sockets: number): Promise<Row[]> {
  await using world = await makeWorld({ host: true, addresses: ADDRESSES });
  const collector = openLinuxCollector();
  if (isUnavailable(collector)) throw new Error(`${collector.feature}: ${collector.reason}`);
  try {
    const tick = createTicks(collector);
    for (let i = 0; i < 3; i++) tick(); // What was there before, and compiled code.
    await using connections = await open(world, sockets / 2);
    const opened = [tick()];
    for (let i = 0; i < 3; i++) await everySecond(1, tick);
    const idle = await everySecond(ROUNDS, tick);
    const sent = connections.send(ROUNDS + 1);
    await sleep(INTERVAL_MS / 2); // Ticks between the rounds, so that each has one round to read.
    const active = await everySecond(ROUNDS, tick);
    await sent;
    return [
      { sockets, state: "opened", ticks: opened },
      { sockets, state: "idle", ticks: idle },
      { sockets, state: "active", ticks: active },
    ];
  } finally {
    collector.close();
  }
}

/** As the sampling thread of the daemon does it. */
function createTicks(collector: LinuxCollector): () => Tick {
  const sampler = createSampler({ intervalMs: INTERVAL_MS, now: () => performance.now() });
  return () => {
    const cpuBefore = process.cpuUsage();
    const startedMs = performance.now();
    const snapshot = collector.read();
    const flows = snapshot.flows.length;
    const { tickMs } = sampler.take(snapshot, { startedMs });
    const { user, system } = process.cpuUsage(cpuBefore);
    return { ms: tickMs, cpuMs: (user + system) / 1000, flows };
  };
}

async function everySecond(count: number, tick: () => Tick): Promise<Tick[]> {
  const found: Tick[] = [];
  for (let i = 0; i < count; i++) {
    await sleep(INTERVAL_MS);
    found.push(tick());
  }
  return found;
}

interface Connections extends AsyncDisposable {
  /** 64 bytes on each connection, once per interval; resolves when all are sent. */
  send(rounds: number): Promise<void>;
}

async function open({ a, b }: World, count: number): Promise<Connections> {
  const common = { connections: count, ports: SERVER_PORTS, barrier: "open" };
  const timeoutMs = 180_000;
  const server = await startGenerator({
    generator: "many",
    role: "server",
    at: b,
    timeoutMs,
    options: common,
  });
  await server.listening();
  const client = await startGenerator({
    generator: "many",
    role: "client",
    at: a,
    timeoutMs,
    options: { ...common, address: b.ip4s, sources: a.ip4s, intervalMs: INTERVAL_MS },
  });
  for (const side of [client, server]) {
    await side.ready();
    side.release();
  }
  return {
    async send(rounds) {
      client.command(`send 64 ${rounds}`);
      await client.ready();
    },
    async [Symbol.asyncDispose]() {
      await client.kill();
      await server.kill();
    },
  };
}

function report(): void {
  console.log(`${machineLine()}\n`);
  console.log(
    row(
      "sockets",
      "state",
      "rows read",
      "median tick ms",
      "max tick ms",
      "CPU of a core at one tick per second",
    ),
  );
  console.log(row("---", "---", "---", "---", "---", "---"));
  for (const { sockets, state, ticks } of rows) {
    const ms = ticks.map((one) => one.ms);
    const flows = ticks.map((one) => one.flows);
    const cpu = (median(ticks.map(({ cpuMs }) => cpuMs)) / INTERVAL_MS) * 100;
    console.log(
      row(
        sockets,
        state,
        median(flows),
        median(ms).toFixed(2),
        Math.max(...ms).toFixed(2),
        `${cpu.toFixed(2)} %`,
      ),
    );
  }
}
