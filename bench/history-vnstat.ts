// Figure 9: an hour of ordinary traffic in the history, against the interface's own counters, the qdisc at the sender and
// vnStat (Debian's package) running beside it. Two links to a namespace, one with segmentation offloads, one without.
//   node bench/history-vnstat.ts [MINUTES]
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { HISTORY_LEVELS, type HistoryAnswer } from "../src/model/history.ts";
import { openHistoryReader } from "../src/store/reader.ts";
import { chanceOf } from "../src/store/scripted-ticks.ts";
import { host, killGroup, type Place } from "../test/e2e/generators/place.ts";
import { countWithNft, makeWorld, type World } from "../test/e2e/world.ts";
import { startMonitauri } from "./monitors.ts";
import { argument, machineLine, row, writeResults } from "./results.ts";

const PORT = 8_080;
/** The last readings of both, and the minute is over: hours and days have it then. */
const LAST_READINGS_MS = 70_000;
const SMALLEST_BYTES = 200;
const LARGEST_BYTES = 3_000_000;
const LONGEST_PAUSE_MS = 3_000;

/** To a port where nobody listens: the kernel answers, which is nobody's traffic. */
const DATAGRAMS = `
import socket, sys
to, count = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET6 if ":" in to else socket.AF_INET, socket.SOCK_DGRAM)
for n in range(count + 1): s.sendto(b"z" * (40 * n % 1400), (to, 9999))`;

/** In the namespace, where everybody may; this kernel answers. */
const PING = `
import socket, sys, time
to, size = sys.argv[1], int(sys.argv[2])
six = ":" in to
s = socket.socket(socket.AF_INET6 if six else socket.AF_INET, socket.SOCK_DGRAM, 58 if six else 1)
s.settimeout(2)
for n in range(3):
    s.sendto(bytes([128 if six else 8, 0, 0, 0, 0, 0, 0, n]) + b"p" * size, (to, 0))
    s.recv(2000)
    time.sleep(0.2)`;

/** From the other end for no socket here: the kernel takes it or answers it. */
const NO_SOCKET = [
  { name: "icmp", hook: "output", match: "meta l4proto { icmp, ipv6-icmp }" },
  { name: "closed", hook: "output", match: "udp dport 9999" },
] as const;

interface Both {
  readonly rx: number;
  readonly tx: number;
}

/** All of one device over the measured time. */
interface Compared {
  readonly device: string;
  readonly offloads: boolean;
  readonly interfaceBytes: Both;
  readonly vnstatBytes: Both;
  readonly countedBytes: Both;
  readonly senderIpBytes: Both;
  readonly withoutSocketBytes: Both;
  readonly historyBytes: Both;
}

const minutes = argument(1, { otherwise: 60 });
const chance = chanceOf(Date.now());
const folder = mkdtempSync(join(tmpdir(), "monitauri-vnstat-"));
await using plain = await makeWorld({ host: true, offloads: false });
await using offloaded = await makeWorld({ host: true });
const worlds = [
  { world: plain, offloads: false },
  { world: offloaded, offloads: true },
];
try {
  await measure();
} finally {
  rmSync(folder, { recursive: true });
}

async function measure(): Promise<void> {
  await using monitauri = await startMonitauri();
  await using vnstat = await startVnstat(worlds.map(({ world }) => world.a.device));
  const servers = await Promise.all(
    worlds.flatMap(({ world }) => [serve(world.a), serve(world.b)]),
  );
  const rules = await Promise.all(worlds.map(({ world }) => countWithNft(world.b, NO_SOCKET)));
  const before = await Promise.all(worlds.map(({ world }) => countersOf(world)));
  const startedMs = Date.now();
  const done = await makeTraffic(startedMs + minutes * 60_000);
  for (const server of servers) killGroup(server);
  await sleep(LAST_READINGS_MS);
  const after = await Promise.all(worlds.map(({ world }) => countersOf(world)));
  const unowned = await Promise.all(rules.map(readSum));
  const totals = await vnstat.totals();
  const period = { fromMs: startedMs - 60_000, toMs: Date.now() };
  const answer = await ask(monitauri.data, period);
  const compared = worlds.map(({ world, offloads }, n): Compared => {
    const { device } = world.a;
    const [was, is] = [before[n] as Counters, after[n] as Counters];
    const vnstatBytes = totals.get(device) ?? { rx: Number.NaN, tx: Number.NaN };
    const coverage = answer.coverage.find((one) => one.interface === device);
    const kept = answer.rows.find(({ key }) => key === device);
    return {
      device,
      offloads,
      interfaceBytes: grown(was.link, is.link),
      vnstatBytes,
      countedBytes: { rx: coverage?.rxCountedBytes ?? 0, tx: coverage?.txCountedBytes ?? 0 },
      senderIpBytes: grown(was.ip, is.ip),
      withoutSocketBytes: { rx: unowned[n] ?? 0, tx: 0 },
      historyBytes: { rx: kept?.rxBytes ?? 0, tx: kept?.txBytes ?? 0 },
    };
  });
  report(compared, { done, levels: levelSums(monitauri.data, period) });
}

async function readSum(read: () => Promise<Record<string, { bytes: number }>>): Promise<number> {
  return Object.values(await read()).reduce((sum, { bytes }) => sum + bytes, 0);
}

interface Counters {
  readonly link: Both;
  /** As they left the sender, offloaded packets as the wire would carry them, without link headers. */
  readonly ip: Both;
}

async function countersOf({ a, b }: World): Promise<Counters> {
  const { rx, tx } = await a.link();
  const [here, there] = [await a.sent(), await b.sent()];
  return {
    link: { rx: rx.bytes, tx: tx.bytes },
    ip: { rx: there.ipBytes, tx: here.ipBytes },
  };
}

function grown(before: Both, after: Both): Both {
  return { rx: after.rx - before.rx, tx: after.tx - before.tx };
}

/** vnStat with settings and a database of its own. */
async function startVnstat(devices: readonly string[]) {
  const config = join(folder, "vnstat.conf");
  // MaxBandwidth 0: whatever is faster than a limit would be thrown away as a fault.
  writeFileSync(
    config,
    [
      `DatabaseDir "${folder}"`,
      "UpdateInterval 10",
      "PollInterval 5",
      "SaveInterval 1",
      "MaxBandwidth 0",
      "AlwaysAddNewInterfaces 0",
      "UseLogging 0",
      'DaemonUser ""',
      'DaemonGroup ""',
      `PidFile "${join(folder, "vnstat.pid")}"`,
      "",
    ].join("\n"),
  );
  await host.exec("vnstatd", ["--config", config, "--initdb"]);
  for (const device of devices) {
    await host.exec("vnstat", ["--config", config, "--add", "-i", device]);
  }
  const child = host.spawn("vnstatd", ["--config", config, "--nodaemon", "--sync"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  await once(child, "spawn");
  // Its first reading, from which it counts.
  await sleep(15_000);
  if (child.exitCode !== null) throw new Error(`vnstatd ended with ${child.exitCode}`);
  return {
    async totals(): Promise<Map<string, Both>> {
      // Writes what it has.
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      const text = await host.exec("vnstat", ["--config", config, "--json"]);
      const { interfaces } = JSON.parse(text) as {
        interfaces: { name: string; traffic: { total: Both } }[];
      };
      return new Map(interfaces.map(({ name, traffic }) => [name, traffic.total]));
    },
    async [Symbol.asyncDispose]() {
      killGroup(child);
    },
  };
}

/** Answers "/N" with N bytes and takes what is sent to it. */
async function serve(at: Place) {
  const script = `
    require("node:http").createServer((request, response) => {
      request.resume().on("end", () => response.end(Buffer.alloc(Number(request.url.slice(1)), "x")));
    }).listen(${PORT}, "::")`;
  const child = at.spawn(process.execPath, ["-e", script], { stdio: "ignore" });
  await once(child, "spawn");
  await sleep(500);
  return child;
}

/** One thing after the other, of sizes between a few bytes and some megabytes. Resolves to how many of each. */
async function makeTraffic(untilMs: number): Promise<Record<string, number>> {
  const done: Record<string, number> = {};
  while (Date.now() < untilMs) {
    const { world } = worlds[chance() < 0.5 ? 0 : 1] as (typeof worlds)[number];
    const [here, there] = chance() < 0.7 ? [world.a, world.b] : [world.b, world.a];
    const bytes = Math.round(SMALLEST_BYTES * (LARGEST_BYTES / SMALLEST_BYTES) ** chance());
    const isIp6 = chance() < 0.3;
    const address = isIp6 ? there.ip6 : there.ip4;
    const url = `http://${isIp6 ? `[${address}]` : address}:${PORT}`;
    const kinds: Record<string, () => Promise<unknown>> = {
      download: () => here.exec("curl", ["-gsS", "-o", "/dev/null", `${url}/${bytes}`]),
      upload: () =>
        here.exec("curl", ["-gsS", "-o", "/dev/null", "-T", "-", `${url}/20`], {
          input: "y".repeat(bytes),
        }),
      datagrams: () =>
        here.exec("/usr/bin/python3", ["-c", DATAGRAMS, address, String(bytes % 50)]),
      ping: () => {
        const target = isIp6 ? world.a.ip6 : world.a.ip4;
        return world.b.exec("/usr/bin/python3", ["-c", PING, target, String(bytes % 1_400)]);
      },
    };
    const names = Object.keys(kinds);
    const name = names[Math.floor(chance() * names.length)] as string;
    await kinds[name]?.();
    done[name] = (done[name] ?? 0) + 1;
    await sleep(chance() * LONGEST_PAUSE_MS);
  }
  return done;
}

/** As anybody would. */
async function ask(
  data: string,
  { fromMs, toMs }: { fromMs: number; toMs: number },
): Promise<HistoryAnswer> {
  const main = join(import.meta.dirname, "..", "dist", "main.js");
  const times = ["--from", new Date(fromMs).toISOString(), "--to", new Date(toMs).toISOString()];
  const args = [main, "history", "--by", "interface", ...times, "--json", "--data", data];
  return JSON.parse(await host.exec(process.execPath, args)) as HistoryAnswer;
}

/** All bytes of our devices as each level has them, read beside the daemon that writes. */
function levelSums(data: string, period: { fromMs: number; toMs: number }): Map<string, number> {
  const devices = new Set(worlds.map(({ world }) => world.a.device));
  using reader = openHistoryReader({ path: join(data, "history.db"), now: Date.now });
  const sums = new Map<string, number>();
  for (const level of HISTORY_LEVELS) {
    let sum = 0;
    // Hours and days as a whole: before this run there was nothing.
    const whole = { fromMs: period.fromMs - 2 * 86_400_000, toMs: period.toMs };
    for (let cursor: string | null = null, isFirst = true; isFirst || cursor !== null; ) {
      isFirst = false;
      const part = reader.exportPart({ ...whole, level, format: "jsonl" }, cursor);
      for (const line of part.text.split("\n")) {
        if (line === "") continue;
        const one = JSON.parse(line) as { interface: string; rx_bytes: number; tx_bytes: number };
        if (devices.has(one.interface)) sum += one.rx_bytes + one.tx_bytes;
      }
      cursor = part.next;
    }
    sums.set(level, sum);
  }
  return sums;
}

function report(
  compared: readonly Compared[],
  { done, levels }: { done: Record<string, number>; levels: ReadonlyMap<string, number> },
): void {
  const said = Object.entries(done).map(([name, count]) => `${count} ${name}`);
  console.log(`${machineLine()}; ${minutes} minutes: ${said.join(", ")}\n`);
  console.log(row("offloads", "direction", "counted by", "bytes", "difference"));
  console.log(row("---", "---", "---", "---", "---"));
  for (const one of compared) {
    for (const way of ["rx", "tx"] as const) {
      const line = (name: string, bytes: Both, against?: Both) =>
        console.log(
          row(
            one.offloads ? "on" : "off",
            way === "rx" ? "received" : "sent",
            name,
            bytes[way],
            against === undefined ? "" : bytes[way] - against[way],
          ),
        );
      line("interface counters (ip -s link)", one.interfaceBytes);
      line("vnStat --json", one.vnstatBytes, one.interfaceBytes);
      line("history, coverage", one.countedBytes, one.interfaceBytes);
      line("sender's qdisc (tc -s), without link headers", one.senderIpBytes);
      line("of it for no socket here (nft)", one.withoutSocketBytes);
      const { historyBytes: kept, withoutSocketBytes: none } = one;
      const all = { rx: kept.rx + none.rx, tx: kept.tx + none.tx };
      line("history, bytes", kept);
      line("history and these together", all, one.senderIpBytes);
    }
  }
  console.log(`by level: ${[...levels].map(([level, sum]) => `${level} ${sum}`).join(", ")}`);
  writeResults("history-vnstat", { minutes, done, compared, levels: Object.fromEntries(levels) });
}
