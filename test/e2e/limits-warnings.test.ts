// What gets around a rule is said beside it: `limit list` of the real daemon, with traffic that does.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LimitList } from "../../src/model/limit.ts";
import { copyProgram } from "./generators/program.ts";
import { lastRate, networkOf, PYTHON, settled, startTransfer, wireFactor } from "./limiting.ts";
import { buildOnce, MAIN, type RealDaemon, startDaemon, until } from "./real-daemon.ts";
import { makeWorld, skipWithoutWorld, type World } from "./world.ts";

const skip = await skipWithoutWorld();
const CAP = 1_250_000;
const INNER = "mtainner";

describe("what weakens a rule is said", { skip }, () => {
  let world: World;
  let folder: string;
  let data: string;
  let program: string;
  let daemon: RealDaemon;
  before(async () => {
    await buildOnce();
    world = await makeWorld();
    await world.a.exec("ip", ["route", "add", "default", "via", world.b.ip4]);
    folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
    data = join(folder, "data");
    program = copyProgram(PYTHON, join(folder, "limited-program"));
    daemon = await startDaemon(data, { at: networkOf(world.a) });
  });
  after(async () => {
    daemon?.tell("SIGTERM");
    await daemon?.ended;
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => limit("clear"));

  test("a rule about a network beside one about a program: the cap holds in each, and the list says so", async () => {
    await limit("add", "--app", program, "--up", "100mbit");
    const added = await limit("add", "--remote", world.b.ip4, "--up", "10mbit");
    assert.match(added, /Note: what is under l\d+ too keeps to both, and has this cap for itself/);
    const way = { address: world.b.ip4 };
    await using mine = await startTransfer({ place: world.a, program }, { place: world.b }, way);
    await sleep(2_000);
    assert.equal(await reasonOf("remote"), null, "only one has traffic");
    await using other = await startTransfer({ place: world.a }, { place: world.b }, way);
    await sleep(4_500);
    const reason = await reasonOf("remote");
    assert.match(
      reason ?? "",
      /^its cap holds by itself in each of 2 places, .* up to 20\.0 Mbit\/s/,
    );
    const rates = (await Promise.all([mine.stop(), other.stop()])).map((bins) => lastRate(bins, 3));
    const together = rates.reduce((sum, rate) => sum + rate, 0) * wireFactor("tcp", world.b.ip4);
    assert.ok(Math.abs(together / (2 * CAP) - 1) < 0.15, `so it is: ${together}`);
  });

  test("traffic over an interface that rules do not reach", async () => {
    const peer = ["peer", "name", INNER, "netns", world.b.namespace ?? ""];
    await world.a.exec("ip", ["link", "add", INNER, "type", "veth", ...peer]);
    for (const [end, address] of [
      [world.a, "10.99.8.1/24"],
      [world.b, "10.99.8.2/24"],
    ] as const) {
      await end.exec("ip", ["link", "set", INNER, "up"]);
      await end.exec("ip", ["address", "add", address, "dev", INNER]);
    }
    await limit("add", "--app", program, "--up", "10mbit");
    await using transfer = await startTransfer(
      { place: world.a, program },
      { place: world.b },
      { address: "10.99.8.2" },
    );
    const said = async () =>
      /^traffic over mtainner is not limited: /.test((await reasonOf("application")) ?? "");
    assert.ok(await until(said, 8_000), String(await reasonOf("application")));
    assert.ok(lastRate(await transfer.stop(), 1) > 3 * CAP, "and so it is");
    await limit("add", "--interface", INNER, "--up", "100mbit");
    await settled(async () => {
      await using again = await startTransfer(
        { place: world.a, program },
        { place: world.b },
        { address: "10.99.8.2" },
      );
      await sleep(4_000);
      assert.ok(lastRate(await again.stop(), 2) < 1.2 * CAP, "with a rule of its own it is");
    });
    assert.equal(await reasonOf("application"), null);
    await world.a.exec("ip", ["link", "del", INNER]);
  });

  test("what a program has left to send when it ends is nobody's", async () => {
    const slow = world.b.spawn(PYTHON, ["-c", SLOW, world.b.ip4], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [port] = await once(slow.stdout as NodeJS.ReadableStream, "data");
    await world.a.exec(program, ["-c", LEAVING, world.b.ip4, String(port).trim()]);
    await limit("add", "--app", "nobody-runs-this", "--up", "10mbit");
    assert.equal(await reasonOf("application"), "nobody is under it now");
    await limit("add", "--user", "root", "--up", "10mbit");
    const said = async () =>
      /Mbit\/s of sockets that no process holds pass by|kbit\/s of sockets that no/.test(
        (await reasonOf("user")) ?? "",
      );
    assert.ok(await until(said, 8_000), String(await reasonOf("user")));
    slow.kill("SIGKILL");
  });

  async function reasonOf(kind: string): Promise<string | null | undefined> {
    const { limits } = JSON.parse(await limit("list", "--json")) as LimitList;
    return limits.find(({ rule }) => rule.target.kind === kind)?.reason;
  }

  function limit(...words: string[]): Promise<string> {
    return networkOf(world.a).exec(process.execPath, [MAIN, "limit", ...words, "--data", data]);
  }
});

/** Reads 300 kB a second. */
const SLOW = `
import socket, sys, time
listening = socket.socket(); listening.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
listening.bind((sys.argv[1], 0)); listening.listen()
print(listening.getsockname()[1], flush=True)
one, _ = listening.accept()
while one.recv(30000): time.sleep(0.1)
time.sleep(60)
`;
/** Ends with megabytes in its socket. */
const LEAVING = `
import socket, sys
one = socket.socket(); one.setsockopt(socket.SOL_SOCKET, 32, 1 << 23)
one.connect((sys.argv[1], int(sys.argv[2]))); one.setblocking(False)
try:
    while True: one.send(bytes(1 << 16))
except BlockingIOError: pass
`;
