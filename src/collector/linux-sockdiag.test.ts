/** The whole collector against real sockets of child processes, as the user who runs the tests and as an ordinary one. */

import assert from "node:assert/strict";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { COUNTERS_PER_FLOW, type Collector, type Snapshot, TX } from "../model/snapshot.ts";
import { isUnavailable } from "../model/unavailable.ts";
import { openSockDiagCollector } from "./linux-sockdiag.ts";

const onLinux = { skip: process.platform !== "linux" && "needs Linux" };
const NOBODY = 65534;

interface Row {
  readonly index: number;
  readonly process: number;
  readonly interface: number;
  readonly closed: boolean;
  readonly rxPayload: number;
  readonly txPayload: number;
  readonly rxWire: number;
  readonly txWire: number;
  readonly rxPackets: number;
}

/** Reads until told otherwise and remembers the last row of every flow. */
function follow(t: TestContext, searchPauseMs = 0) {
  const collector = openSockDiagCollector({ searchPauseMs });
  assert.ok(!isUnavailable(collector), JSON.stringify(collector));
  t.after(() => collector.close());
  const names = new Map<number, number>();
  const rows = new Map<string, Row>();
  const exited = new Set<number>();
  return {
    collector,
    exited,
    read(): Snapshot {
      const snapshot = collector.read();
      for (const one of snapshot.processes) names.set(one.id, one.pid);
      for (const id of snapshot.exited) exited.add(id);
      for (const [key, row] of rowsOf(snapshot)) rows.set(key, row);
      return snapshot;
    },
    row: (localPort: number, remotePort: number) => rows.get(`${localPort} ${remotePort}`),
    pidOf: (row: Row | undefined) => names.get(row?.process ?? 0),
  };
}

function* rowsOf({ flows }: Snapshot): Generator<[string, Row]> {
  for (let row = 0; row < flows.length; row++) {
    if (flows.protocol[row] !== 6) continue;
    const counter = (at: number) => flows.counters[row * COUNTERS_PER_FLOW + at] ?? 0;
    yield [
      `${flows.localPort[row]} ${flows.remotePort[row]}`,
      {
        index: flows.index[row] ?? 0,
        process: flows.process[row] ?? 0,
        interface: flows.interface[row] ?? 0,
        closed: flows.closed[row] === 1,
        rxPayload: counter(4),
        txPayload: counter(TX + 4),
        rxWire: counter(0),
        txWire: counter(TX),
        rxPackets: counter(1),
      },
    ];
  }
}

async function connected(
  t: TestContext,
  host = "127.0.0.1",
): Promise<{ server: Peer; client: Peer }> {
  const server = await startServer(host);
  t.after(() => server.stop());
  const client = await startClient(server.port, host);
  t.after(() => client.stop());
  return { server, client };
}

for (const [host, headers] of [
  ["127.0.0.1", 52],
  ["::1", 72],
] as const) {
  test(
    `read() counts a transfer to the byte for both programs, over ${host}`,
    onLinux,
    async (t) => {
      const watch = follow(t);
      watch.read();
      const { server, client } = await connected(t, host);
      const waiting = server.command("wait 3000000");
      await client.command("send 3000000");
      await waiting;
      const answer = client.command("wait 70001");
      await server.command("send 70001");
      await answer;
      let { interfaces } = watch.read();
      // A row waits for the search for its program, which takes several readings on a busy machine.
      await until(() => {
        ({ interfaces } = watch.read());
        return watch.row(client.port, server.port) && watch.row(server.port, client.port);
      });

      const sender = watch.row(client.port, server.port);
      const receiver = watch.row(server.port, client.port);
      assert.ok(sender && receiver);
      assert.deepEqual([sender.txPayload, sender.rxPayload], [3_000_000, 70_001]);
      assert.deepEqual([receiver.txPayload, receiver.rxPayload], [70_001, 3_000_000]);
      assert.equal(watch.pidOf(sender), client.pid);
      assert.equal(watch.pidOf(receiver), server.pid);
      const loopback = interfaces.find((one) => one.kind === "loopback");
      assert.equal(sender.interface, loopback?.id);
      assert.equal(receiver.rxWire, 3_000_000 + receiver.rxPackets * headers);
      assert.ok(sender.txWire >= receiver.rxWire, "the sender has at least what arrived");

      await Promise.all([client.command("close"), server.command("close")]);
      await until(() => {
        watch.read();
        return (
          watch.row(client.port, server.port)?.closed && watch.row(server.port, client.port)?.closed
        );
      });
      assert.equal(watch.row(client.port, server.port)?.rxPayload, 70_001);
      assert.equal(watch.row(server.port, client.port)?.rxPayload, 3_000_000);

      await client.stop();
      await until(() => {
        watch.read();
        return watch.exited.has(sender.process);
      });
    },
  );
}

test(
  "read() does not count what a socket carried before the collector started",
  onLinux,
  async (t) => {
    const { server, client } = await connected(t);
    const before = server.command("wait 50000");
    await client.command("send 50000");
    await before;
    const watch = follow(t);
    watch.read();
    assert.equal(watch.row(server.port, client.port)?.rxPayload, 0);
    assert.equal(watch.row(server.port, client.port)?.rxWire, 0);
    const after = server.command("wait 50700");
    await client.command("send 700");
    await after;
    watch.read();
    assert.equal(watch.row(server.port, client.port)?.rxPayload, 700);
    assert.equal(watch.row(client.port, server.port)?.txPayload, 700);
  },
);

test(
  "read() counts the last bytes of a socket that closed since the reading before",
  onLinux,
  async (t) => {
    const watch = follow(t);
    const { server, client } = await connected(t);
    watch.read();
    watch.read();
    const waiting = server.command("wait 123456");
    await client.command("send 123456");
    await waiting;
    await Promise.all([client.command("close"), server.command("close")]);
    await until(() => {
      watch.read();
      return (
        watch.row(client.port, server.port)?.closed && watch.row(server.port, client.port)?.closed
      );
    });
    assert.equal(watch.row(server.port, client.port)?.rxPayload, 123_456);
    assert.equal(watch.row(client.port, server.port)?.txPayload, 123_456);
    assert.equal(watch.pidOf(watch.row(client.port, server.port)), client.pid);
  },
);

test(
  "read() counts a connection between two readings, for the program that listened",
  onLinux,
  async (t) => {
    const watch = follow(t);
    const server = await startServer();
    t.after(() => server.stop());
    watch.read();
    const socket = connect({ port: server.port, host: "127.0.0.1" });
    await once(socket, "connect");
    const port = socket.localPort ?? 0;
    const waiting = server.command("wait 4242");
    socket.write(Buffer.alloc(4242));
    await waiting;
    const closed = once(socket.resume(), "close");
    socket.end();
    await server.command("close");
    await closed;
    await until(() => {
      watch.read();
      return watch.row(server.port, port) && watch.row(port, server.port);
    });
    assert.equal(watch.row(server.port, port)?.rxPayload, 4242);
    assert.equal(watch.row(port, server.port)?.txPayload, 4242);
    assert.equal(watch.pidOf(watch.row(server.port, port)), server.pid);
  },
);

test(
  "read() has rows for UDP sockets and says that their bytes are not known",
  onLinux,
  async (t) => {
    const watch = follow(t);
    const { createSocket } = await import("node:dgram");
    const socket = createSocket("udp4");
    socket.bind(0, "127.0.0.1");
    await once(socket, "listening");
    t.after(() => socket.close());
    const { flows, health } = watch.read();
    const row = flows.localPort.indexOf(socket.address().port);
    assert.equal(flows.protocol[row], 17);
    assert.match(health.missing[0]?.feature ?? "", /UDP/);
  },
);

test("openSockDiagCollector() refuses to read after close()", onLinux, (t) => {
  const { collector }: { collector: Collector } = follow(t);
  collector.close();
  collector.close();
  assert.throws(() => collector.read(), /closed/);
});

test("all of this as an ordinary user", ordinaryUserNeeds(), () => {
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const run = spawnSync(process.execPath, [fileURLToPath(import.meta.url)], {
    uid: NOBODY,
    gid: NOBODY,
    env: { ...env, HOME: "/nonexistent" },
    cwd: "/",
    encoding: "utf8",
  });
  assert.equal(run.status, 0, run.stdout + run.stderr);
});

function ordinaryUserNeeds(): { skip: string | false } {
  if (process.platform !== "linux") return { skip: "needs Linux" };
  if (process.geteuid?.() !== 0) return { skip: "this is one already" };
  const probe = spawnSync(process.execPath, ["-e", ""], { uid: NOBODY, gid: NOBODY, cwd: "/" });
  if (probe.status !== 0) return { skip: "an ordinary user cannot run this Node" };
  const readable = spawnSync(
    process.execPath,
    ["-e", "require('fs').accessSync(process.argv[1], 4)", fileURLToPath(import.meta.url)],
    { uid: NOBODY, gid: NOBODY, cwd: "/" },
  );
  return { skip: readable.status !== 0 && "an ordinary user cannot read this folder" };
}

/** Asks again and again for five seconds: the kernel ends sockets in its own time. */
async function until(condition: () => unknown): Promise<void> {
  const endMs = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < endMs, `waited in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

interface Peer {
  readonly pid: number;
  /** Port that it listens on or connected from. */
  readonly port: number;
  /** Resolves when the peer has done it. */
  command(text: string): Promise<string>;
  /** Ends the process. */
  stop(): Promise<void>;
}

/** Listens; "wait N" answers when N bytes have come in altogether, "send N" when they are written, "close". */
function startServer(host = "127.0.0.1"): Promise<Peer> {
  return start(["server", host, "0"]);
}

function startClient(port: number, host = "127.0.0.1"): Promise<Peer> {
  return start(["client", host, String(port)]);
}

const SCRIPT = `
const net = require("node:net");
const [role, host, port] = process.argv.slice(1);
const say = (text) => process.stdout.write(text + "\\n");
let received = 0, wanted = -1, socket;
const check = () => { if (wanted >= 0 && received >= wanted) { wanted = -1; say("received " + received); } };
const use = (one) => {
  socket = one;
  one.setNoDelay(true);
  one.on("data", (data) => { received += data.length; check(); });
  one.on("error", () => {});
};
if (role === "server") {
  const server = net.createServer({ allowHalfOpen: true }, use);
  server.listen(Number(port), host, () => say(server.address().port));
} else {
  const one = net.connect({ port: Number(port), host, allowHalfOpen: true }, () => say(one.localPort));
  use(one);
}
require("node:readline").createInterface({ input: process.stdin }).on("line", (line) => {
  const [verb, count] = line.split(" ");
  if (verb === "wait") { wanted = Number(count); check(); }
  if (verb === "send") socket.write(Buffer.alloc(Number(count), 120), () => say("sent"));
  if (verb === "close") socket.end(() => say("closing"));
}).on("close", () => process.exit());
`;

async function start(args: readonly string[]): Promise<Peer> {
  const child = spawn(process.execPath, ["-e", SCRIPT, ...args], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => (await lines.next()).value as string;
  const port = Number(await answer());
  return {
    pid: child.pid ?? 0,
    port,
    command(text) {
      child.stdin.write(`${text}\n`);
      return answer();
    },
    stop: () => stop(child),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGKILL");
  await once(child, "exit");
}
