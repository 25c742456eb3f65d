// What must not get past a limit, and what must not be taken for somebody else's: on the real kernel.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openCgroup2 } from "../../src/native/cgroup2.ts";
import {
  inCgroup,
  type LimiterProcess,
  lastRate,
  PYTHON,
  rule,
  startLimiter,
  startTransfer,
} from "./limiting.ts";
import { makeWorld, type Place, skipWithoutWorld, type World } from "./world.ts";

const skip = await skipWithoutWorld();
const CAP = 1_250_000;
const CONTAINER = "e5".repeat(32);

describe("what gets past a limit", { skip }, () => {
  let world: World;
  let folder: string;
  let limiter: LimiterProcess;
  /** At the router: to it `a` is a container, a namespace behind a veth pair. */
  let outside: LimiterProcess;
  const scope = join(openCgroup2() ?? "", `docker-${CONTAINER}.scope`);

  before(async () => {
    world = await makeWorld({ router: true });
    await world.a.exec("ip", ["route", "add", "default", "via", world.router?.toA.ip4 ?? ""]);
    folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
    limiter = await startLimiter(world.a, join(folder, "limits.journal"));
    outside = await startLimiter(world.router?.toA ?? world.a, join(folder, "router.journal"));
    mkdirSync(scope);
  });
  after(async () => {
    await limiter?.kill("SIGKILL");
    await outside?.kill("SIGKILL");
    await world?.close();
    if (existsSync(scope)) rmdirSync(scope);
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await limiter.apply([]);
    await outside.apply([]);
  });

  const container = { kind: "container", container: CONTAINER.slice(0, 12) } as const;

  test("a blocked machine gets an address by DHCP, and nothing else by its ports", async () => {
    await limiter.apply([rule({ kind: "machine" }, { block: true })]);
    assert.deepEqual(
      await arrivals(world.a, FORGED),
      FORGED.map(() => false),
    );
    assert.deepEqual(
      await arrivals(world.a, GENUINE),
      GENUINE.map(() => true),
    );
  });

  test("a blocked container does not get past it by the ports of DHCP", async () => {
    await using inside = await living(inCgroup(world.a, scope));
    assert.ok(inside.pid > 0);
    await outside.apply([rule(container, { block: true })]);
    const asked = [...FORGED, ...GENUINE];
    assert.deepEqual(
      await arrivals(world.a, asked),
      asked.map(() => false),
    );
    await outside.apply([]);
    assert.deepEqual(
      await arrivals(world.a, GENUINE),
      GENUINE.map(() => true),
    );
  });

  test("a heartbeat that is younger than the clock that judges it is no old one", async () => {
    await limiter.apply([rule({ kind: "machine" }, { txBytesPerSecond: CAP })]);
    await limiter.ahead(200);
    await using transfer = await startTransfer(
      { place: world.a },
      { place: world.b },
      { address: world.b.ip4 },
    );
    await sleep(3_500);
    const rate = lastRate(await transfer.stop(), 2);
    assert.ok(rate < 1.1 * CAP, `${rate} bytes/s`);
  });

  /** Of each pair of a local and a remote port: whether a datagram from `a` arrives at `b`. */
  async function arrivals(from: Place, pairs: readonly (readonly number[])[]): Promise<boolean[]> {
    const receiver = world.b.spawn(PYTHON, ["-c", RECEIVE, JSON.stringify(pairs)], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    const lines = createInterface({ input: receiver.stdout ?? process.stdin });
    const next = lines[Symbol.asyncIterator]();
    await next.next();
    await from.exec(PYTHON, ["-c", SEND, JSON.stringify(pairs), world.b.ip4]);
    await sleep(300);
    receiver.stdin?.end();
    return JSON.parse(String((await next.next()).value));
  }
});

const FORGED = [
  [68, 9],
  [68, 443],
  [67, 53],
  [546, 9],
  [40_000, 67],
] as const;
const GENUINE = [
  [68, 67],
  [67, 68],
] as const;

const RECEIVE = `
import json, select, socket, sys
pairs = json.loads(sys.argv[1])
open_at = {}
for _, port in pairs:
    if port not in open_at:
        open_at[port] = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        open_at[port].bind(("", port))
print("ready", flush=True)
seen = set()
while True:
    ready, _, _ = select.select([sys.stdin, *open_at.values()], [], [])
    for port, one in open_at.items():
        if one in ready:
            seen.add((one.recvfrom(100)[1][1], port))
    if ready == [sys.stdin]:
        break
print(json.dumps([tuple(pair) in seen for pair in pairs]), flush=True)
`;

const SEND = `
import json, socket, sys
for local, remote in json.loads(sys.argv[1]):
    one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    one.bind(("", local))
    try:
        one.sendto(b"x", (sys.argv[2], remote))
    except PermissionError:
        pass
    one.close()
`;

/** A process that does nothing. */
async function living(at: Place): Promise<AsyncDisposable & { readonly pid: number }> {
  const child = at.spawn("sleep", ["1000"], { stdio: "ignore" });
  await sleep(200);
  return {
    pid: child.pid ?? 0,
    async [Symbol.asyncDispose]() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
  };
}
