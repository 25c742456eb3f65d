// The real daemon from start to end, with traffic: whatever ends it, nothing stays in the kernel and no byte is lost.
import assert from "node:assert/strict";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { meet, type Pair, tcp } from "./generators/pairs.ts";
import { type Result, type Row, startGenerator } from "./generators/run.ts";
import {
  asUser,
  buildOnce,
  expectNoPrograms,
  expectNothing,
  launch,
  MAIN,
  type RealDaemon,
  rowOf,
  startDaemon,
} from "./real-daemon.ts";
import { host, leftovers, makeWorld, skipWithoutWorld, type World } from "./world.ts";

const skip = await skipWithoutWorld();

/** "nobody" on every Linux: no files, no rights. */
const NOBODY = 65534;
const STOPPED =
  /\nStopped after [^:]+: [\d.]+ .?B down, [\d.]+ .?B up counted; kernel programs detached; history saved\n$/;

describe("the daemon on the real kernel", { skip }, () => {
  let world: World;
  let folder: string;
  let data: string;
  before(async () => {
    await buildOnce();
    world = await makeWorld();
  });
  after(async () => {
    await world?.close();
    await expectNothing();
  });
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
    data = join(folder, "data");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    test(`${signal}: ends with 0 within 2 s, says what it counted, and takes everything along`, async () => {
      await using daemon = await startDaemon(data);
      assert.ok(
        (await leftovers()).bpfPrograms.length > 0,
        "its programs are loaded while it runs",
      );
      await transfer({ upload: 1_000_000 });
      const startedMs = performance.now();
      daemon.tell(signal);
      const { code, stdout, stderr } = await daemon.ended;
      const tookMs = performance.now() - startedMs;
      assert.deepEqual([code, stderr], [0, ""]);
      assert.match(stdout, STOPPED);
      assert.ok(tookMs < 2000, `took ${tookMs} ms`);
      await expectNoPrograms();
      const kept = readdirSync(data).sort();
      assert.deepEqual(kept, ["alerts.journal", "history.db"], "only what it is to remember stays");
    });
  }

  test("a sampling thread that hangs in the kernel: a second SIGINT ends the daemon at once", async () => {
    await using daemon = await startDaemon(data);
    await using _ = await freezeSampling(daemon);
    daemon.tell("SIGINT");
    await sleep(400); // Longer than one press lasts.
    const pressedMs = performance.now();
    daemon.tell("SIGINT");
    assert.equal((await daemon.ended).code, 130);
    assert.ok(performance.now() - pressedMs < 500);
    await expectNoPrograms();
  });

  test("a sampling thread that hangs in the kernel: SIGTERM ends the daemon in a few seconds", async () => {
    await using daemon = await startDaemon(data);
    await using _ = await freezeSampling(daemon);
    daemon.tell("SIGTERM");
    const { code, stderr } = await daemon.ended;
    assert.equal(code, 1);
    assert.match(stderr, /Not everything closed in time; the kernel cleans up\n$/);
    await expectNoPrograms();
  });

  test("SIGKILL: the kernel removes everything, and the next one starts and counts", async () => {
    await using killed = await startDaemon(data);
    killed.tell("SIGKILL");
    assert.equal((await killed.ended).signal, "SIGKILL");
    await expectNoPrograms();
    await using next = await startDaemon(data);
    const { client } = await transfer({ upload: 50_000 });
    const row = await payloadRow(next, client);
    assert.deepEqual([row.rxPayloadBytes, row.txPayloadBytes], [0, 50_000]);
    await stop(next);
  });

  test("SIGHUP: another interval, and not a byte less of what went before, during and after", async () => {
    mkdirSync(data);
    const config = join(data, "config.toml");
    writeFileSync(config, "intervalMs = 100\n");
    await using daemon = await startDaemon(data, { interval: undefined });
    const half = { address: world.b.ip4, upload: 400_000, download: 600_000, barrier: "half" };
    const { server, client } = tcp(half);
    await using serving = await startGenerator({ ...server, at: world.b });
    const port = await serving.listening();
    const options = { ...half, port };
    await using asking = await startGenerator({ ...client, at: world.a, options });
    await Promise.all([serving.ready(), asking.ready()]);
    const early = await rowOf(daemon, asking.pid, (row) => row.txPayloadBytes === 200_000);
    assert.deepEqual([early.rxPayloadBytes, early.txPayloadBytes], [300_000, 200_000]);

    writeFileSync(config, "intervalMs = 200\n");
    daemon.tell("SIGHUP");
    serving.release(); // Traffic while the clock of the sampling thread is set.
    asking.release();
    await daemon.says(/configuration read again: every 200 ms/);
    const found = { client: await asking.result(), server: await serving.result() };
    for (const { results } of Object.values(found)) await payloadRow(daemon, { results });
    const status = await daemon.status();
    assert.deepEqual([status.intervalMs, status.gaps], [200, []]);
    await stop(daemon);
  });

  test("a second daemon with the same data is refused, and the first counts on", async () => {
    await using first = await startDaemon(data);
    await using second = launch(data);
    const { code, stdout, stderr } = await second.ended;
    assert.deepEqual([code, stdout], [1, ""]);
    const held = `Cannot start: another Monitauri \\(pid ${first.pid}\\) is running with this data`;
    assert.match(stderr, new RegExp(`^monitauri: ${held}.*--data\n$`));
    const { client } = await transfer({ upload: 10_000 });
    await payloadRow(first, client);
    await stop(first);
  });

  test("two daemons with data of their own count the same", async () => {
    const other = join(folder, "other");
    await using first = await startDaemon(data);
    await using second = await startDaemon(other);
    const { client, server } = await transfer({ upload: 300_000, download: 200_000 });
    for (const { results } of [client, server]) {
      const [one, two] = [
        await payloadRow(first, { results }),
        await payloadRow(second, { results }),
      ];
      assert.deepEqual([one.rxBytes, one.txBytes], [two.rxBytes, two.txBytes]);
    }
    // The first takes its programs along and leaves the second's alone.
    await stop(first);
    const later = await transfer({ upload: 7_000 });
    await payloadRow(second, later.client);
    await stop(second);
  });

  test("ps: a tcp upload and a download have their payload and their bytes on the wire, also after their exit", async () => {
    await using daemon = await startDaemon(data);
    for (const options of [{ upload: 2_000_000 }, { download: 2_000_000 }]) {
      const before = await sentByBoth();
      const { client, server } = await transfer(options);
      const now = await sentByBoth();
      const sent = { a: now.a - before.a, b: now.b - before.b };
      const asked = await payloadRow(daemon, client);
      const served = await payloadRow(daemon, server);
      for (const [what, bytes, truth] of [
        ["sent by the client", asked.txBytes, sent.a],
        ["received by the server", served.rxBytes, sent.a],
        ["sent by the server", served.txBytes, sent.b],
        ["received by the client", asked.rxBytes, sent.b],
      ] as const) {
        // What a socket that has ended answers has no owner: a FIN's acknowledgement, twice at most.
        assert.ok(bytes <= truth && bytes >= truth - 2 * 52, `${what}: ${bytes} of ${truth} bytes`);
      }
    }
    const [client] = (await transfer({ upload: 100 })).client.results;
    // Looked for every five seconds.
    const gone = await rowOf(daemon, client?.pid ?? 0, ({ running }) => !running);
    assert.deepEqual([gone.running, gone.txPayloadBytes], [false, 100]);
    await stop(daemon);
  });

  test("a data folder that cannot be written to: says so, ends with 1, attaches nothing", async () => {
    mkdirSync(data, { mode: 0o755 });
    chmodSync(folder, 0o755);
    await using user = launch(data, { at: asUser(NOBODY) });
    const { code, stdout, stderr } = await user.ended;
    assert.deepEqual([code, stdout], [1, ""]);
    assert.match(stderr, /^monitauri: Cannot write to .*data\. Choose another folder with --data/);

    // Root may write everywhere but where nobody may.
    await host.exec("mount", ["-t", "tmpfs", "-o", "ro,size=64k", "none", data]);
    try {
      await using root = launch(data);
      const refused = await root.ended;
      assert.deepEqual([refused.code, refused.stdout], [1, ""]);
      assert.match(refused.stderr, /^monitauri: Cannot write to .*data\. Choose another folder/);
    } finally {
      await host.exec("umount", [data]);
    }
    await expectNoPrograms();
  });

  test("an ordinary user: counts the user's own connections and says what is missing", async (context) => {
    const readable = host.exec("setpriv", [...AS_NOBODY, process.execPath, "--check", MAIN]);
    if (
      await readable.then(
        () => false,
        () => true,
      )
    ) {
      return context.skip("this folder is closed to other users");
    }
    chmodSync(folder, 0o755);
    mkdirSync(data);
    chownSync(data, NOBODY, NOBODY);
    await using link = await makeWorld({ host: true });
    const user = asUser(NOBODY);
    await using daemon = await startDaemon(data, { at: user });
    await daemon.says(/^Limited: no eBPF collector: this needs root.*\nTo get it: sudo .*$/m);
    await daemon.says(/^Counting: sock_diag/m);
    const options = { address: link.b.ip4, upload: 300_000, download: 200_000, linger: true };
    const { server, client } = tcp(options);
    await using serving = await startGenerator({ ...server, at: link.b });
    const port = await serving.listening();
    await using asking = await startGenerator({
      ...client,
      at: user,
      options: { ...options, port },
    });
    await asking.ready();
    const row = await rowOf(daemon, asking.pid, (now) => now.rxPayloadBytes === 200_000);
    assert.deepEqual([row.rxPayloadBytes, row.txPayloadBytes], [200_000, 300_000]);
    assert.ok(row.application.includes("tcp.py"), row.application);
    assert.deepEqual((await leftovers()).bpfPrograms, []);
    daemon.tell("SIGTERM");
    const { code, stdout } = await daemon.ended;
    assert.equal(code, 0);
    assert.match(stdout, /Stopped after .* counted; history saved\n$/);
  });

  function transfer(options: Record<string, number>): Promise<{ server: Result; client: Result }> {
    const pair: Pair = tcp(options);
    return meet(pair, { a: world.a, b: world.b, options: { address: world.b.ip4 } });
  }

  async function sentByBoth(): Promise<{ a: number; b: number }> {
    const [a, b] = await Promise.all([world.a.sent(), world.b.sent()]);
    return { a: a.ipBytes, b: b.ipBytes };
  }
});

const AS_NOBODY = [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups"];

/** The row of a generator's process, which has exactly the payload that it says it moved. */
async function payloadRow(daemon: RealDaemon, { results }: Pick<Result, "results">) {
  const { pid, rxPayloadBytes, txPayloadBytes } = results[0] as Row;
  const row = await rowOf(
    daemon,
    pid,
    (now) => now.rxPayloadBytes === rxPayloadBytes && now.txPayloadBytes === txPayloadBytes,
  );
  assert.deepEqual([row.rxPayloadBytes, row.txPayloadBytes], [rxPayloadBytes, txPayloadBytes]);
  return row;
}

async function stop(daemon: RealDaemon): Promise<void> {
  daemon.tell("SIGTERM");
  const { code, stdout, stderr } = await daemon.ended;
  assert.equal(code, 0, stderr);
  assert.match(stdout, STOPPED);
}

/** Stops only this thread of the daemon, as a system call does that never returns (ptrace(2)). */
async function freezeSampling({ pid }: RealDaemon): Promise<AsyncDisposable> {
  const thread = readdirSync(`/proc/${pid}/task`).find(
    (id) => readFileSync(`/proc/${pid}/task/${id}/comm`, "utf8") === "sampling\n",
  );
  assert.ok(thread, "the sampling thread has its name");
  const script = `import ctypes, os, sys
libc = ctypes.CDLL(None)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
seize, interrupt = 0x4206, 0x4207
print([libc.ptrace(what, int(sys.argv[1]), None, None) for what in (seize, interrupt)], flush=True)
while os.WIFSTOPPED(os.waitpid(int(sys.argv[1]), 0x40000000)[1]): # __WALL; who traces a thread buries it
    pass`;
  const child = host.spawn("/usr/bin/python3", ["-c", script, thread]);
  const ended = once(child, "exit");
  const [said] = await once(child.stdout ?? child, "data");
  assert.equal(String(said).trim(), "[0, 0]");
  return {
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await ended;
    },
  };
}
