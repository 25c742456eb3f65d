// What must not get past a limit, and what must not be taken for somebody else's: on the real kernel.
import assert from "node:assert/strict";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { openCgroup2 } from "../../src/native/cgroup2.ts";
import { place, RUN } from "./generators/place.ts";
import {
  inCgroup,
  type LimiterProcess,
  lastRate,
  PYTHON,
  rule,
  settled,
  startLimiter,
  startTransfer,
} from "./limiting.ts";
import { until } from "./real-daemon.ts";
import { host, makeWorld, type Place, skipWithoutWorld, type World } from "./world.ts";

const skip = await skipWithoutWorld();
const CAP = 1_250_000;
const CONTAINER = "e5".repeat(32);

describe("what gets past a limit", { skip }, () => {
  let world: World;
  let folder: string;
  let limiter: LimiterProcess;
  /** At the router: to it `a` is a container, a namespace behind a veth pair. */
  let outside: LimiterProcess;
  const root = openCgroup2() ?? "";
  const scope = join(root, `docker-${CONTAINER}.scope`);

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

  test("a container's macvlan or its own veth pair makes no interface of the host the container's", async () => {
    const router = world.router?.toA ?? world.a;
    const toB = world.router?.toB.device ?? "";
    const index = (await router.exec("cat", [`/sys/class/net/${toB}/ifindex`])).trim();
    const names = [`${RUN}-macvlan`, `${RUN}-inner`] as const;
    try {
      for (const name of names) await host.exec("ip", ["netns", "add", name]);
      // Both say of themselves that the device of this index is their other end.
      const macvlan = ["link", "add", "mv0", "link", toB, "netns", names[0], "type", "macvlan"];
      await host.exec("ip", ["-n", router.namespace ?? "", ...macvlan]);
      const forged = ["index", index, "type", "veth", "peer", "name", "x", "netns", names[0]];
      await host.exec("ip", ["-n", names[1], "link", "add", "y", ...forged]);
      const seen = await host.exec("ip", ["-n", names[0], "-j", "link", "show"]);
      const links: { link_index?: number }[] = JSON.parse(seen);
      assert.equal(links.filter((one) => one.link_index === Number(index)).length, 2);
      await using inside = await living(inCgroup(place(names[0]), scope));
      assert.ok(inside.pid > 0);
      await outside.apply([rule(container, { block: true })]);
      await sleep(1_200);
      assert.deepEqual(await filtersAt(router, toB), []);
      assert.deepEqual(await arrivals(world.a, [[40_000, 9]]), [true]);
      // The way that is the container's own is its alone, and only from its own namespace.
      await using other = await living(inCgroup(world.a, scope));
      assert.ok(other.pid > 0);
      const toA = world.router?.toA.device ?? "";
      assert.ok(await until(async () => (await filtersAt(router, toA)).length === 2, 3_000));
      assert.deepEqual(await filtersAt(router, toB), []);
      assert.equal(outside.stderr(), "");
    } finally {
      for (const name of names) await host.exec("ip", ["netns", "del", name]).catch(() => "");
    }
  });

  test("a unit is a unit where root's systemd makes one, not where a user makes a folder", async () => {
    const unit = `mta${process.pid}-web.service`;
    const genuine = join(root, `mta${process.pid}.slice`, unit);
    const manager = join(root, "user.slice", "user-4242.slice", "user@4242.service");
    const folders = [genuine, join(manager, unit)];
    const had = existsSync(join(root, "user.slice"));
    try {
      for (const path of folders) mkdirSync(path, { recursive: true });
      await limiter.apply([rule({ kind: "unit", unit }, { block: true })]);
      const from = (path: string) => arrivals(inCgroup(world.a, path), [[40_000, 9]]);
      assert.deepEqual(await from(genuine), [false]);
      assert.deepEqual(await from(join(manager, unit)), [true]);
      const users = rule({ kind: "unit", unit: `user@4242.service/${unit}` }, { block: true });
      await limiter.apply([users]);
      assert.deepEqual(await from(genuine), [true]);
      assert.deepEqual(await from(join(manager, unit)), [false]);
    } finally {
      await limiter.apply([]);
      for (const path of [
        genuine,
        dirname(genuine),
        join(manager, unit),
        manager,
        dirname(manager),
      ])
        rmdirSync(path);
      if (!had) rmdirSync(join(root, "user.slice"));
    }
  });

  test("a change that fails in the middle is undone and done anew", async () => {
    const later = `later${process.pid % 1000}`;
    const half = { txBytesPerSecond: CAP / 2 };
    await limiter.apply([
      rule({ kind: "machine" }, { txBytesPerSecond: CAP }),
      rule({ kind: "interface", name: later }, half),
    ]);
    // Somebody has classes with the numbers that come next.
    const numbers = Array.from({ length: 64 }, (_, i) => (i + 1).toString(16));
    const lines = numbers.map(
      (number) => `class add dev monitauri-up parent 6d: classid 6d:${number} htb rate 1mbit`,
    );
    const input = lines.join("\n");
    await world.a.exec("tc", ["-force", "-batch", "-"], { input }).catch(() => "");
    await addDevice(later);
    const isActive = async () => (await limiter.achieved())[1]?.state === "active";
    assert.ok(await until(isActive, 5_000), `a new interface is limited: ${limiter.stderr()}`);
    assert.match(limiter.stderr(), /^Cannot run "tc class add .*File exists/);
    await settled(async () => {
      const rate = await lastRateTo(world.b);
      assert.ok(rate > 0.7 * CAP && rate < 1.1 * CAP, `${rate} bytes/s`);
    });
    await world.a.exec("ip", ["link", "del", later]);
    await limiter.apply([]);
    assert.doesNotMatch(await world.a.exec("ip", ["link", "show"]), /monitauri-/);
    assert.doesNotMatch(await world.a.exec("tc", ["qdisc", "show"]), /clsact/);
  });

  test("an interface with an ingress qdisc is passed by and named, and limited once it has none", async () => {
    const sqm = `sqm${process.pid % 1000}`;
    await addDevice(sqm);
    await world.a.exec("tc", ["qdisc", "add", "dev", sqm, "ingress"]);
    await limiter.apply([
      rule({ kind: "machine" }, { txBytesPerSecond: CAP }),
      rule({ kind: "interface", name: sqm }, { txBytesPerSecond: CAP }),
    ]);
    const [machine, named] = await limiter.achieved();
    const reason = new RegExp(`^Cannot limit at ${sqm}: it has an ingress qdisc`);
    assert.equal(machine?.state, "active");
    assert.match(machine?.reason ?? "", reason);
    assert.equal(named?.state, "defeated");
    assert.match(named?.reason ?? "", reason);
    assert.equal((await filtersAt(world.a, world.a.device)).length, 1);
    await world.a.exec("tc", ["qdisc", "del", "dev", sqm, "ingress"]);
    const states = async () => (await limiter.achieved()).map((one) => [one.state, one.reason]);
    const whole = [
      ["active", null],
      ["active", null],
    ];
    const isWhole = async () => isDeepStrictEqual(await states(), whole);
    assert.ok(await until(isWhole, 8_000), JSON.stringify(await states()));
    await world.a.exec("ip", ["link", "del", sqm]);
  });

  test("a heartbeat that is younger than the clock that judges it is no old one", async () => {
    await limiter.apply([rule({ kind: "machine" }, { txBytesPerSecond: CAP })]);
    await limiter.ahead(200);
    await settled(async () => {
      const rate = await lastRateTo(world.b);
      assert.ok(rate < 1.1 * CAP, `${rate} bytes/s`);
    });
  });

  /** Of an upload from `a`, once it has begun well. */
  async function lastRateTo(there: World["b"]): Promise<number> {
    await using transfer = await startTransfer(
      { place: world.a },
      { place: there },
      { address: there.ip4 },
    );
    await sleep(3_500);
    return lastRate(await transfer.stop(), 2);
  }

  /** At `a`, switched on; to be removed there. */
  async function addDevice(name: string): Promise<void> {
    const peer = ["peer", "name", name, "netns", world.b.namespace ?? ""];
    await world.a.exec("ip", ["link", "add", name, "type", "veth", ...peer]);
    for (const end of [world.a, world.b]) await end.exec("ip", ["link", "set", name, "up"]);
  }

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

/** Our filters, one for each direction. */
async function filtersAt(at: Place, device: string): Promise<string[]> {
  const shown = ["ingress", "egress"].map((hook) =>
    at.exec("tc", ["filter", "show", "dev", device, hook]),
  );
  return (await Promise.all(shown)).filter((text) => text.includes("monitauri-limits"));
}

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
