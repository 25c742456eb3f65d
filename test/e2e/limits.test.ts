// Limits on the real kernel, in namespaces: what is capped, what is refused, and that nothing stays.
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LimitRule } from "../../src/model/limit.ts";
import { copyProgram } from "./generators/program.ts";
import {
  assertKept,
  assertNear,
  type LimiterProcess,
  lastRate,
  PYTHON,
  payloadRate,
  rule,
  settled,
  startLimiter,
  startTransfer,
  TOLERANCE,
  type Transfer,
  wireFactor,
} from "./limiting.ts";
import { until } from "./real-daemon.ts";
import { makeWorld, skipWithoutWorld, type World } from "./world.ts";

const skip = await skipWithoutWorld();
const MEGABIT = 125_000;
const CAP = 10 * MEGABIT;
/** A busy machine delivers late what arrived in time. bench/limits.ts measures how exact caps are. */

describe("limits on the real kernel", { skip }, () => {
  let world: World;
  let folder: string;
  let limited: string;
  let limiter: LimiterProcess;
  const app = (effect: Partial<LimitRule>, program = limited) =>
    rule({ kind: "application", pattern: program }, effect);
  const tc = (what: string) => world.a.exec("tc", [what, "show"]);
  const state = async () => {
    const filters = ["ingress", "egress"].map((hook) =>
      world.a.exec("tc", ["filter", "show", "dev", world.a.device, hook]),
    );
    const links = await world.a.exec("ip", ["-o", "link", "show"]);
    const names = links.match(/^\d+: [^:@]+/gm);
    return [await tc("qdisc"), ...(await Promise.all(filters)), names].join("\n");
  };

  before(async () => {
    world = await makeWorld();
    await world.a.exec("ip", ["route", "add", "default", "via", world.b.ip4]);
    folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
    // A program of its own name: the far end and everybody else's Python stay out of it.
    limited = copyProgram(PYTHON, join(folder, "limited-program"));
  });
  after(async () => {
    await limiter?.kill("SIGKILL");
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  const journal = () => join(folder, "limits.journal");
  const start = async () => {
    await limiter?.[Symbol.asyncDispose]();
    limiter = await startLimiter(world.a, journal());
  };
  beforeEach(async () => {
    if (limiter === undefined) return start();
    await limiter.apply([]);
  });

  for (const protocol of ["tcp", "udp"] as const) {
    for (const family of ["ip4", "ip6"] as const) {
      for (const direction of ["up", "down"] as const) {
        test(`caps ${direction}loads of one program: ${protocol}, ${family}`, async () => {
          await limiter.apply([
            app(direction === "up" ? { txBytesPerSecond: CAP } : { rxBytesPerSecond: CAP }),
          ]);
          const address = world.b[family];
          await assertKept(
            {
              cap: CAP,
              what: `${protocol}, ${address}`,
              factor: wireFactor(protocol, address),
            },
            () => move(direction, { protocol, family }),
          );
        });
      }
    }
  }

  test("a connection that is open already, and what a process starts, come under the rule; others do not", async () => {
    await settled(async () => {
      await limiter.apply([]);
      await using open = await move("up", { protocol: "tcp", family: "ip4" });
      await using child = await move("up", { protocol: "tcp", family: "ip4", children: true });
      await using other = await move("up", { protocol: "tcp", family: "ip4", program: PYTHON });
      await sleep(500);
      await limiter.apply([app({ txBytesPerSecond: CAP })]);
      await sleep(5_000);
      const [mine, childs, others] = await Promise.all([open.stop(), child.stop(), other.stop()]);
      const rate = (bins: number[]) => lastRate(bins, 3);
      const together = (rate(mine) + rate(childs)) * wireFactor("tcp", world.b.ip4);
      assertNear(together / CAP, "both");
      assert.ok(rate(others) > 10 * CAP, `the other program: ${rate(others)} bytes/s`);
    });
  });

  test("the narrowest rule shapes, inside the cap of the wider one", async () => {
    await limiter.apply([
      rule({ kind: "machine" }, { txBytesPerSecond: CAP }),
      app({ txBytesPerSecond: CAP / 4 }),
    ]);
    await settled(async () => {
      await using narrow = await move("up", { protocol: "tcp", family: "ip4" });
      await using wide = await move("up", { protocol: "tcp", family: "ip6", program: PYTHON });
      await sleep(5_000);
      const [achieved] = await limiter.achieved();
      const [inside, rest] = await Promise.all([narrow.stop(), wide.stop()]);
      const insideRate = lastRate(inside, 3) * wireFactor("tcp", world.b.ip4);
      const restRate = lastRate(rest, 3) * wireFactor("tcp", world.b.ip6);
      assertNear(insideRate / (CAP / 4), "inside");
      assertNear((insideRate + restRate) / CAP, "all");
      const shown = achieved?.txBytesPerSecond ?? 0;
      assertNear(shown / CAP, "shown as achieved");
    });
  });

  test("a remote network, a port and the interface are capped for everybody", async () => {
    const remote = (network: string) =>
      rule({ kind: "remote", network }, { txBytesPerSecond: CAP / 2 });
    for (const wanted of [
      remote(`${world.b.ip4}/32`),
      remote(world.b.ip6),
      rule({ kind: "interface", name: world.a.device }, { txBytesPerSecond: CAP / 2 }),
    ]) {
      await limiter.apply([wanted]);
      const family = JSON.stringify(wanted.target).includes(world.b.ip6) ? "ip6" : "ip4";
      await assertKept(
        {
          cap: CAP / 2,
          what: JSON.stringify(wanted.target),
          factor: wireFactor("tcp", world.b[family]),
        },
        () => move("up", { protocol: "tcp", family, program: PYTHON }),
      );
    }
  });

  test("block: calls fail with EPERM at once, what is open ends, loopback and others go on", async () => {
    await using open = await move("up", { protocol: "tcp", family: "ip4" });
    await sleep(300);
    await limiter.apply([app({ block: true })]);
    const told = await open.source.line();
    assert.ok([103, 104, 1].includes(Number(told.errno)), `the open connection: ${told.errno}`);
    for (const family of ["ip4", "ip6"] as const) {
      for (const call of ["connect", "sendto"] as const) {
        assert.equal(await errnoOf(call, { family }), 1, `${call}, ${family}`);
      }
    }
    assert.equal(await errnoOf("loopback"), 0);
    assert.notEqual(await errnoOf("connect", { family: "ip4", program: PYTHON }), 1);
    const [achieved] = await limiter.achieved();
    assert.ok((achieved?.txDrops ?? 0) >= 4, `refused: ${achieved?.txDrops}`);
    await limiter.apply([]);
    assert.notEqual(await errnoOf("connect", { family: "ip4" }), 1);
  });

  test("exceptLan leaves local networks alone", async () => {
    // 198.18.0.0/15 is no private network; fd00::/8 is.
    await limiter.apply([app({ block: true, exceptLan: true })]);
    assert.equal(await errnoOf("sendto", { family: "ip4" }), 1);
    assert.equal(await errnoOf("sendto", { family: "ip6" }), 0);
  });

  test("removing the rules leaves qdiscs, filters and links byte for byte; a stranger's filter stays and works", async () => {
    await limiter.apply([]);
    const untouched = await state();
    await limiter.apply([app({ txBytesPerSecond: CAP, rxBytesPerSecond: CAP })]);
    assert.notEqual(await state(), untouched);
    assert.match(await tc("qdisc"), new RegExp(`qdisc pfifo .*dev ${world.a.device} root`));
    await limiter.apply([]);
    assert.equal(await state(), untouched);

    await world.a.exec("tc", ["qdisc", "add", "dev", world.a.device, "clsact"]);
    // Counts and goes on, as a monitor's filter would.
    await world.a.exec("ip", ["link", "add", "stranger", "type", "ifb"]);
    await world.a.exec("ip", ["link", "set", "stranger", "up"]);
    const copy = ["mirred", "egress", "mirror", "dev", "stranger", "continue"];
    const match = ["u32", "match", "u32", "0", "0", "action", ...copy];
    const filter = [
      "filter",
      "add",
      "dev",
      world.a.device,
      "egress",
      "prio",
      "10",
      "protocol",
      "ip",
    ];
    await world.a.exec("tc", [...filter, ...match]);
    const withStranger = await state();
    await limiter.apply([app({ txBytesPerSecond: CAP })]);
    await assertKept(
      { cap: CAP, what: "beside a stranger", factor: wireFactor("tcp", world.b.ip4) },
      () => move("up", { protocol: "tcp", family: "ip4" }),
    );
    const counted = await world.a.exec("tc", [
      "-s",
      "filter",
      "show",
      "dev",
      world.a.device,
      "egress",
    ]);
    assert.ok(Number(/Sent (\d+) bytes/.exec(counted)?.[1]) > CAP, "the stranger's filter counts");
    await limiter.apply([]);
    assert.equal(await state(), withStranger);
    await world.a.exec("tc", ["qdisc", "del", "dev", world.a.device, "clsact"]);
    await world.a.exec("ip", ["link", "del", "stranger"]);
  });

  test("SIGKILL: traffic is free within two seconds, and the next start takes everything away", async () => {
    await limiter.apply([]);
    const untouched = await state();
    await limiter.apply([app({ txBytesPerSecond: CAP })]);
    await using transfer = await move("up", { protocol: "tcp", family: "ip4" });
    await sleep(1_500);
    await limiter.kill("SIGKILL");
    await sleep(4_000);
    const bins = await transfer.stop();
    assert.ok(payloadRate(bins, 0.5, 1.4) < 1.1 * CAP, "capped before");
    assert.ok(payloadRate(bins, 4.2, 5) > 10 * CAP, `free after: ${payloadRate(bins, 4.2, 5)}`);
    assert.notEqual(await state(), untouched, "it could clear nothing");
    assert.ok(existsSync(journal()));
    const startedMs = performance.now();
    await start();
    assert.equal(await state(), untouched);
    assert.ok(!existsSync(journal()));
    assert.ok(performance.now() - startedMs < 5_000);
  });

  test("a daemon that hangs lets everything pass until it is back", async () => {
    await limiter.apply([app({ txBytesPerSecond: CAP })]);
    await using transfer = await move("up", { protocol: "tcp", family: "ip4" });
    await sleep(1_000);
    await limiter.hang(4_000);
    await sleep(4_000);
    const bins = await transfer.stop();
    const fastest = Math.max(...bins) * 10;
    assert.ok(fastest > 5 * CAP, `free while it hangs: ${fastest}`);
    assert.ok(lastRate(bins, 2) < (1 + 2 * TOLERANCE) * CAP, `capped again: ${lastRate(bins, 2)}`);
  });

  test("an interface that appears later is limited within a second", async () => {
    const later = `later${process.pid % 1000}`;
    await limiter.apply([rule({ kind: "interface", name: later }, { txBytesPerSecond: CAP / 2 })]);
    const [waiting] = await limiter.achieved();
    assert.equal(waiting?.state, "waiting");
    await world.a.exec("ip", [
      "link",
      "add",
      later,
      "type",
      "veth",
      "peer",
      "name",
      "x",
      "netns",
      world.b.namespace ?? "",
    ]);
    await world.b.exec("ip", ["link", "set", "x", "up"]);
    await world.a.exec("ip", ["link", "set", later, "up"]);
    await world.a.exec("ip", ["address", "add", "198.19.254.1/24", "dev", later]);
    await world.b.exec("ip", ["address", "add", "198.19.254.2/24", "dev", "x"]);
    assert.ok(await until(async () => (await limiter.achieved())[0]?.state === "active", 3_000));
    const address = "198.19.254.2";
    await assertKept({ cap: CAP / 2, what: later, factor: wireFactor("tcp", address) }, () =>
      startTransfer({ place: world.a }, { place: world.b }, { address }),
    );
    await world.a.exec("ip", ["link", "del", later]);
    assert.ok(await until(async () => (await limiter.achieved())[0]?.state === "waiting", 3_000));
    assert.equal(limiter.stderr(), "");
  });

  test("plan() says what apply() would do and does nothing; a second apply() does nothing more", async () => {
    await limiter.apply([]);
    const untouched = await state();
    const rules = [app({ txBytesPerSecond: CAP })];
    const lines = await limiter.plan(rules);
    assert.equal(await state(), untouched);
    assert.ok(
      lines.some((line) => /^tc class add dev monitauri-up .* rate 10000000bit/.test(line)),
    );
    await limiter.apply(rules);
    assert.deepEqual(await limiter.plan(rules), []);
    const before = await world.a.exec("tc", ["class", "show", "dev", "monitauri-up"]);
    await limiter.apply(rules);
    assert.equal(await world.a.exec("tc", ["class", "show", "dev", "monitauri-up"]), before);
  });

  interface Move {
    readonly protocol: "tcp" | "udp";
    readonly family: "ip4" | "ip6";
    readonly program?: string;
    readonly children?: boolean;
  }

  /** The limited program at `a` moves, four times as fast as it may where it can choose. */
  function move(
    direction: "up" | "down",
    { protocol, family, program = limited, children = false }: Move,
  ): Promise<Transfer> {
    const options = { protocol, offered: 4 * CAP, children };
    const near = { place: world.a, program, options };
    const far = { place: world.b, options: { protocol, offered: 4 * CAP } };
    return direction === "up"
      ? startTransfer(near, far, { address: world.b[family] })
      : startTransfer(far, near, { address: world.a[family] });
  }

  /** errno of one call of the limited program; 0: it worked. */
  async function errnoOf(
    call: "connect" | "sendto" | "loopback",
    { family = "ip4", program = limited }: { family?: "ip4" | "ip6"; program?: string } = {},
  ): Promise<number> {
    const code = `
import socket, sys
family = socket.AF_INET if sys.argv[2] == "ip4" else socket.AF_INET6
try:
    if sys.argv[1] == "loopback":
        listening = socket.socket(); listening.bind(("127.0.0.1", 0)); listening.listen()
        socket.create_connection(listening.getsockname())
    elif sys.argv[1] == "connect":
        one = socket.socket(family); one.settimeout(2); one.connect((sys.argv[3], 9))
    else:
        socket.socket(family, socket.SOCK_DGRAM).sendto(b"x", (sys.argv[3], 9))
    print(0)
except OSError as error:
    print(error.errno or 999)
`;
    return Number(await world.a.exec(program, ["-c", code, call, family, world.b[family]]));
  }
});
