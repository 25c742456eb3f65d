// Whom a limit can be for, on the real kernel: users, units, containers, guarantees; and what must not get past it.
import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LimitRule } from "../../src/model/limit.ts";
import { openCgroup2 } from "../../src/native/cgroup2.ts";
import { copyProgram } from "./generators/program.ts";
import {
  assertKept,
  inCgroup,
  type LimiterProcess,
  lastRate,
  PYTHON,
  rule,
  settled,
  startLimiter,
  startTransfer,
  type Transfer,
  wireFactor,
} from "./limiting.ts";
import { until } from "./real-daemon.ts";
import { makeWorld, type Place, skipWithoutWorld, type World } from "./world.ts";

const skip = await skipWithoutWorld();
const CAP = 1_250_000;
const NOBODY = 65534;

describe("whom a limit is for", { skip }, () => {
  let world: World;
  let folder: string;
  let program: string;
  let limiter: LimiterProcess;
  const cgroups = openCgroup2() ?? "";
  const made: string[] = [];

  before(async () => {
    world = await makeWorld({ router: true });
    await world.a.exec("ip", ["route", "add", "default", "via", world.router?.toA.ip4 ?? ""]);
    folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
    program = copyProgram(PYTHON, join(folder, "limited-program"));
    limiter = await startLimiter(world.a, join(folder, "limits.journal"));
  });
  after(async () => {
    await limiter?.kill("SIGKILL");
    await world?.close();
    for (const path of made.reverse()) if (existsSync(path)) rmdirSync(path);
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => limiter.apply([]));

  const up = (place: Place, options = {}) =>
    startTransfer(
      { place, options: { protocol: "tcp", ...options } },
      { place: world.b, options: { protocol: "tcp" } },
      { address: world.b.ip4 },
    );
  const keepsTo = (cap: number, what: string, begin: () => Promise<Transfer>) =>
    assertKept({ cap, what, factor: wireFactor("tcp", world.b.ip4) }, begin);

  test("a user: by name and by number, also one who has just come", async () => {
    const asNobody: Place = {
      ...world.a,
      spawn: (file, args, options) =>
        world.a.spawn(
          "setpriv",
          [`--reuid=${NOBODY}`, `--regid=${NOBODY}`, "--clear-groups", file, ...args],
          options,
        ),
    };
    for (const user of ["nobody", String(NOBODY)]) {
      await limiter.apply([rule({ kind: "user", user }, { txBytesPerSecond: CAP })]);
      await using others = await up(world.a);
      await keepsTo(CAP, user, () => up(asNobody));
      assert.ok(lastRate(await others.stop(), 3) > 5 * CAP);
    }
  });

  test("one process by its number, not another of the same program; and all that a glob names", async () => {
    const run = () =>
      startTransfer(
        { place: world.a, program, options: { protocol: "tcp" } },
        { place: world.b, options: { protocol: "tcp" } },
        { address: world.b.ip4 },
      );
    await using other = await run();
    await keepsTo(CAP, "the process", async () => {
      const startedAtMs = Date.now();
      const mine = await run();
      const { pid } = mine.source;
      await limiter.apply([rule({ kind: "process", pid, startedAtMs }, { txBytesPerSecond: CAP })]);
      return mine;
    });
    assert.ok(lastRate(await other.stop(), 3) > 3 * CAP, "the other one");
    const pattern = `${folder}/limited-*`;
    await limiter.apply([rule({ kind: "application", pattern }, { txBytesPerSecond: CAP })]);
    await keepsTo(CAP, pattern, run);
    assert.equal((await limiter.achieved())[0]?.state, "active");
  });

  test("a systemd unit, by its cgroup; processes are not moved", async () => {
    const slice = join(cgroups, `mta${process.pid}.slice`);
    const unit = `mta${process.pid}-web.service`;
    for (const path of [slice, join(slice, unit)]) {
      mkdirSync(path);
      made.push(path);
    }
    await limiter.apply([rule({ kind: "unit", unit }, { txBytesPerSecond: CAP })]);
    const inUnit = inCgroup(world.a, join(slice, unit));
    await keepsTo(CAP, unit, () => up(inUnit));
    assert.equal((await limiter.achieved())[0]?.state, "active");
  });

  test("a container, at the host end of its interface, both directions", async () => {
    const id = "c1".repeat(32);
    const scope = join(cgroups, `docker-${id}.scope`);
    mkdirSync(scope);
    made.push(scope);
    // Seen from the router, `a` is a container: a namespace behind a veth pair, with a cgroup of its own.
    await using outside = await startLimiter(
      world.router?.toA ?? world.a,
      join(folder, "router.journal"),
    );
    await outside.apply([
      rule(
        { kind: "container", container: id.slice(0, 12) },
        { txBytesPerSecond: CAP, rxBytesPerSecond: CAP / 2 },
      ),
    ]);
    const inside = inCgroup(world.a, scope);
    // One after the other: acknowledgements of one would wait in the queue of the other.
    await keepsTo(CAP, "sent", () => up(inside));
    await keepsTo(CAP / 2, "received", () =>
      startTransfer(
        { place: world.b, options: { protocol: "tcp" } },
        { place: inside, options: { protocol: "tcp" } },
        { address: world.a.ip4 },
      ),
    );
    assert.equal(outside.stderr(), "");
  });

  test("forwarded traffic is under the machine's cap", async () => {
    await using router = await startLimiter(
      world.router?.toA ?? world.a,
      join(folder, "router.journal"),
    );
    const device = world.router?.toB.device ?? "";
    await router.apply([rule({ kind: "interface", name: device }, { txBytesPerSecond: CAP })]);
    await keepsTo(CAP, "forwarded", () => up(world.a));
  });

  test("a guarantee holds against whoever wants everything, and priority decides the rest", async () => {
    const app = (effect: Partial<LimitRule>) =>
      rule({ kind: "application", pattern: program }, effect);
    await limiter.apply([
      rule({ kind: "machine" }, { txBytesPerSecond: CAP }),
      app({ txGuaranteedBytesPerSecond: CAP * 0.7, priority: 0 }),
    ]);
    await settled(async () => {
      await using greedy = await up(world.a);
      await sleep(1_000);
      await using call = await startTransfer(
        { place: world.a, program, options: { protocol: "tcp" } },
        { place: world.b, options: { protocol: "tcp" } },
        { address: world.b.ip4 },
      );
      await sleep(5_000);
      const [mine, theirs] = await Promise.all([call.stop(), greedy.stop()]);
      const factor = wireFactor("tcp", world.b.ip4) / CAP;
      const share = lastRate(mine, 3) * factor;
      assert.ok(share > 0.6, `the guaranteed one has ${share} of all`);
      assert.ok(lastRate(theirs, 4) * factor > 0.005, "the other one does not starve");
    });
  });

  test("fragments go the way of the first, whose port says whose they are", async () => {
    await limiter.apply([
      rule(
        { kind: "application", pattern: program },
        { txBytesPerSecond: CAP, rxBytesPerSecond: CAP },
      ),
    ]);
    for (const [from, to, address] of [
      [world.a, world.b, world.b.ip4],
      [world.b, world.a, world.a.ip4],
    ] as const) {
      const options = { protocol: "udp", payload: 8_000, offered: 4 * CAP };
      const of = (place: Place) =>
        place === world.a ? { place, program, options } : { place, options };
      // Where one fragment of a datagram is dropped the whole of it is lost, so that of four times the cap next to nothing
      // may arrive whole: what counts is that no fragment gets past it.
      await settled(async () => {
        await using transfer = await startTransfer(of(from), of(to), { address });
        await sleep(4_500);
        const share = lastRate(await transfer.stop(), 3) / CAP;
        assert.ok(share < 1.05, `${share} of the cap`);
      });
    }
  });

  test("a connection of MPTCP is its process's", async () => {
    if (readFileSync("/proc/sys/net/mptcp/enabled", "utf8").trim() !== "1") return;
    await limiter.apply([
      rule({ kind: "application", pattern: program }, { txBytesPerSecond: CAP }),
    ]);
    await settled(async () => {
      await using transfer = await startTransfer(
        { place: world.a, program, options: { protocol: "mptcp" } },
        { place: world.b, options: { protocol: "mptcp" } },
        { address: world.b.ip4 },
      );
      await sleep(4_500);
      const share = lastRate(await transfer.stop(), 3) / CAP;
      assert.ok(share > 0.7 && share < 1.1, `${share} of the cap`);
    });
  });

  test("a shaper that somebody removes or switches off is made anew; nothing is stuck", async () => {
    await limiter.apply([
      rule({ kind: "application", pattern: program }, { txBytesPerSecond: CAP }),
    ]);
    await using transfer = await startTransfer(
      { place: world.a, program, options: { protocol: "tcp" } },
      { place: world.b, options: { protocol: "tcp" } },
      { address: world.b.ip4 },
    );
    for (const line of [
      ["link", "del", "monitauri-up"],
      ["link", "set", "monitauri-up", "down"],
    ]) {
      await sleep(500);
      await world.a.exec("ip", line);
      const isBack = async () =>
        /state UP|UNKNOWN/.test(
          await world.a.exec("ip", ["link", "show", "dev", "monitauri-up"]).catch(() => ""),
        );
      assert.ok(await until(isBack, 5_000), line.join(" "));
    }
    await sleep(6_000);
    const share = (lastRate(await transfer.stop(), 3) * wireFactor("tcp", world.b.ip4)) / CAP;
    assert.ok(share > 0.6 && share < 1.15, `after both: ${share} of the cap`);
    assert.equal(limiter.stderr(), "");
  });
});
