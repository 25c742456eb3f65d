// What readers of the live stream cost the daemon: its share of a core with none, one and thirty of them, and what
// `monitauri top`, nethogs, bandwhich and RustNet take beside it, while programs talk.
// node bench/readers.ts [seconds per setting] [rounds] [daemon | top | rivals]
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findNode } from "../bin/runtime.mjs";
import { connectDaemon } from "../src/cli/connect.ts";
import { killGroup } from "../test/e2e/generators/place.ts";
import { startGenerator } from "../test/e2e/generators/run.ts";
import { host, makeWorld } from "../test/e2e/world.ts";
import { findRivals, startMonitauri } from "./monitors.ts";
import { cpuSecondsOf } from "./process-cost.ts";
import { argument, machineLine, row, writeResults } from "./results.ts";
import { estimateMedian } from "./statistics.ts";

const SETTINGS = [0, 1, 30] as const;
/** Each sends a little several times a second, as programs of a desktop do. */
const PROGRAMS = 20;
const ROOT = join(import.meta.dirname, "..");

const seconds = argument(1, { otherwise: 20 });
const rounds = argument(2, { otherwise: 5 });
const [, , , , part] = process.argv;
if (part !== undefined && !["daemon", "top", "rivals"].includes(part)) {
  throw new RangeError(`"${part}" is given where daemon, top or rivals is wanted`);
}
await using world = await makeWorld({ host: true });
await using monitor = await startMonitauri();
const daemon = connectDaemon([join(monitor.data, "daemon.sock")]);
await using _traffic = await startTraffic();

const shares = new Map<string, number[]>();
// Round by round, so that each meets what else the machine does.
for (let round = 0; round < rounds; round++) {
  if (part === undefined || part === "daemon") await measureDaemon();
  if (part === undefined || part === "top") await measureTop();
  if (part === undefined || part === "rivals") await measureRivals();
}

console.log(`${machineLine()}; ${PROGRAMS} programs talk, ${rounds} rounds of ${seconds} s\n`);
console.log(row("what runs", "share of a core", "interval"));
console.log(row("---", "---", "---"));
for (const [what, values] of shares) {
  const { median, low, high } = estimateMedian(values);
  console.log(row(what, percent(median), `${percent(low)} to ${percent(high)}`));
}
writeResults(part === undefined ? "readers" : `readers-${part}`, {
  seconds,
  rounds,
  shares: Object.fromEntries(shares),
});

function note(what: string, share: number): void {
  shares.set(what, [...(shares.get(what) ?? []), share]);
}

async function measureDaemon(): Promise<void> {
  for (const readers of SETTINGS) {
    using _reading = startReaders(readers);
    note(`the daemon, ${readers} readers`, await shareOf(monitor.pid));
  }
}

async function measureTop(): Promise<void> {
  note("top at 80x24", await shareOfTop(["-x", "80", "-y", "24"]));
  note("top at 200x60", await shareOfTop(["-x", "200", "-y", "60"]));
}

async function measureRivals(): Promise<void> {
  for (const { name, version, start } of await findRivals()) {
    if (version === undefined) continue;
    await using rival = await start(world.a.device);
    note(`${name} ${version}`, await shareOf(rival.pid));
  }
}

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
