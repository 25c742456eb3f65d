// What readers of the live stream cost the daemon: its share of a core with none, one and thirty of them, and what
// `monitauri top` and nethogs take beside it, while programs talk.
// node bench/readers.ts [seconds per setting] [rounds]
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findNode } from "../bin/runtime.mjs";
import { connectDaemon } from "../src/cli/connect.ts";
import { killGroup } from "../test/e2e/generators/place.ts";
import { startGenerator } from "../test/e2e/generators/run.ts";
import { host, makeWorld } from "../test/e2e/world.ts";
import { startMonitauri } from "./monitors.ts";
import { cpuSecondsOf } from "./process-cost.ts";
import { argument, machineLine, row, writeResults } from "./results.ts";
import { estimateMedian } from "./statistics.ts";

const SETTINGS = [0, 1, 30] as const;
/** Each sends a little several times a second, as programs of a desktop do. */
const PROGRAMS = 20;
const ROOT = join(import.meta.dirname, "..");

const seconds = argument(1, { otherwise: 20 });
const rounds = argument(2, { otherwise: 5 });
await using world = await makeWorld({ host: true });
await using monitor = await startMonitauri();
const daemon = connectDaemon([join(monitor.data, "daemon.sock")]);
await using _traffic = await startTraffic();

const shares = new Map<string, number[]>(SETTINGS.map((readers) => [`${readers} readers`, []]));
for (let round = 0; round < rounds; round++) {
  for (const readers of SETTINGS) {
    using _reading = startReaders(readers);
    shares.get(`${readers} readers`)?.push(await shareOf(monitor.pid));
  }
}
const screens = {
  "top at 80x24": ["-x", "80", "-y", "24"],
  "top at 200x60": ["-x", "200", "-y", "60"],
};
for (const [name, size] of Object.entries(screens)) {
  shares.set(name, []);
  for (let round = 0; round < rounds; round++) shares.get(name)?.push(await shareOfTop(size));
}
shares.set("nethogs", []);
for (let round = 0; round < rounds; round++) shares.get("nethogs")?.push(await shareOfNethogs());

console.log(`${machineLine()}; ${PROGRAMS} programs talk, ${rounds} rounds of ${seconds} s\n`);
console.log(row("what runs", "share of a core", "interval"));
console.log(row("---", "---", "---"));
for (const [what, values] of shares) {
  const { median, low, high } = estimateMedian(values);
  console.log(row(what, percent(median), `${percent(low)} to ${percent(high)}`));
}
writeResults("readers", { seconds, rounds, shares: Object.fromEntries(shares) });

async function shareOf(pid: number): Promise<number> {
  await sleep(1_500); // what starting took
  const [before, began] = [cpuSecondsOf(pid), performance.now()];
  await sleep(seconds * 1000);
  return (cpuSecondsOf(pid) - before) / ((performance.now() - began) / 1000);
}

function startReaders(count: number): Disposable {
  const streams = Array.from({ length: count }, () =>
    daemon.live({ after: 0 })[Symbol.asyncIterator](),
  );
  for (const stream of streams) void drain(stream);
  return {
    [Symbol.dispose]() {
      for (const stream of streams) void stream.return?.();
    },
  };
}

async function drain(stream: AsyncIterator<unknown>): Promise<void> {
  while ((await stream.next()).done !== true);
}

/** In a terminal of its own, as over ssh. */
async function shareOfTop(size: readonly string[]): Promise<number> {
  const session = `mta-readers-${process.pid}`;
  const node = findNode(ROOT) ?? process.execPath;
  const command = `exec ${node} ${join(ROOT, "dist", "main.js")} top --data ${monitor.data}`;
  await host.exec("tmux", ["new-session", "-d", "-s", session, ...size, command]);
  try {
    const pid = await host.exec("tmux", ["list-panes", "-t", session, "-F", "#{pane_pid}"]);
    return await shareOf(Number(pid));
  } finally {
    await host.exec("tmux", ["kill-session", "-t", session]);
  }
}

async function shareOfNethogs(): Promise<number> {
  const child = host.spawn("nethogs", ["-t", "-C", "-d", "1", world.a.device], { stdio: "ignore" });
  try {
    return await shareOf(child.pid as number);
  } finally {
    killGroup(child);
  }
}

async function startTraffic(): Promise<AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  const server = stack.use(
    await startGenerator({
      generator: "servers",
      role: "threads",
      at: world.b,
      timeoutMs: 3_600_000,
      options: { address: world.b.ip4, connections: 1_000_000 },
    }),
  );
  const port = await server.listening();
  const folder = mkdtempSync(join(tmpdir(), "monitauri-bench-"));
  stack.defer(() => rmSync(folder, { recursive: true }));
  for (let i = 0; i < PROGRAMS; i++) {
    // A script of its own is an application of its own.
    const script = join(folder, `program${i}.py`);
    writeFileSync(
      script,
      clientScript({ address: world.b.ip4, port, pauseSeconds: 0.1 + i * 0.02 }),
    );
    const child = world.a.spawn("python3", [script], { stdio: "ignore" });
    stack.defer(() => killGroup(child));
  }
  return stack;
}

/** Asks the server again and again, as servers.py wants it: two lengths, then as many bytes. */
function clientScript(to: { address: string; port: number; pauseSeconds: number }): string {
  return `import socket, struct, time
while True:
    with socket.create_connection(("${to.address}", ${to.port})) as s:
        s.sendall(struct.pack("!II", 1000, 20000) + b"x" * 992)
        left = 20000
        while left > 0:
            left -= len(s.recv(left))
    time.sleep(${to.pauseSeconds})
`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(2)} %`;
}
