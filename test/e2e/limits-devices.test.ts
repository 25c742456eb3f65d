// Ports, and devices upon devices, on the real kernel: macvlan, VLAN, tunnels, containers on a bridge. Each is limited once,
// never twice.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { LimitAchieved, LimitRule } from "../../src/model/limit.ts";
import { findCgroup2 } from "../../src/native/cgroup2.ts";
import { place, RUN } from "./generators/place.ts";
import { copyProgram } from "./generators/program.ts";
import { startGenerator } from "./generators/run.ts";
import {
  assertKept,
  assertNear,
  type End,
  inCgroup,
  type LimiterProcess,
  lastRate,
  PYTHON,
  rule,
  settled,
  startLimiter,
  startTransfer,
  wireFactor,
} from "./limiting.ts";
import { until } from "./real-daemon.ts";
import { host, makeWorld, type Place, skipWithoutWorld, type World } from "./world.ts";

const skip = await skipWithoutWorld();
const CAP = 1_250_000;
const PORT = 5_301;
/** Outer headers of VXLAN over IPv4: Ethernet, IP, UDP, VXLAN. */
const VXLAN_BYTES = 14 + 20 + 8 + 8;
const CARRIER_PORT = 17_021;

describe("ports, and devices upon devices", { skip }, () => {
  let world: World;
  let folder: string;
  let program: string;
  let limiter: LimiterProcess;
  let here: Place;
  const app = (effect: Partial<LimitRule>) =>
    rule({ kind: "application", pattern: program }, effect);

  before(async () => {
    world = await makeWorld();
    await world.a.exec("ip", ["route", "add", "default", "via", world.b.ip4]);
    folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
    program = copyProgram(PYTHON, join(folder, "limited-program"));
    here = world.a;
    limiter = await startLimiter(world.a, join(folder, "limits.journal"));
  });
  after(async () => {
    await limiter?.[Symbol.asyncDispose]();
    await world?.close();
    rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(() => limiter.apply([]));

  test("a port is limited at either end, and of its protocol only", async () => {
    const port = (protocol: "tcp" | "udp" | null) =>
      rule({ kind: "port", port: PORT, protocol }, { txBytesPerSecond: CAP });
    const there = { place: world.b, options: { protocol: "tcp", port: PORT } };
    const mine = { place: here, options: { protocol: "tcp" } };
    for (const protocol of ["tcp", null] as const) {
      await limiter.apply([port(protocol)]);
      await measured("remote port", CAP, { from: mine, to: there, address: world.b.ip4 });
    }
    const local = { place: here, options: { protocol: "tcp", port: PORT } };
    await measured("local port", CAP, {
      from: local,
      to: { place: world.b, options: { protocol: "tcp" } },
      address: world.a.ip4,
      listens: "source",
    });
    await limiter.apply([port("udp")]);
    await using free = await startTransfer(mine, there, { address: world.b.ip4 });
    await sleep(2_000);
    assert.ok(lastRate(await free.stop(), 1) > 5 * CAP, "TCP is not UDP");
  });

  for (const [kind, options] of [
    ["macvlan", ["mode", "bridge"]],
    ["vlan", ["id", "7"]],
  ] as const) {
    if (!hasLinks(kind)) continue;
    test(`${kind}: the rules of the program, the interface and the machine each hold once`, async () => {
      const addresses = await addLinks("v", (end, number) => [
        ["link", "add", "link", end.device, "name", `v${number}`, "type", kind, ...options],
      ]);
      const both = (bytes: number) => ({ txBytesPerSecond: bytes, rxBytesPerSecond: bytes });
      await limiter.apply([
        app(both(CAP)),
        rule({ kind: "interface", name: "v1" }, both(3 * CAP)),
        rule({ kind: "machine" }, both(5 * CAP)),
      ]);
      await bothWays(addresses, async (shown, direction) => {
        for (const one of shown)
          assertNear(rateOf(one, direction) / CAP, `${direction}, ${one.id} shows`);
      });
      // What only the wider rules are about fills the interface's cap.
      await measured("others of the interface", 3 * CAP, {
        from: { place: here },
        to: { place: world.b },
        address: addresses.there,
      });
      await removeLinks("v");
    });
  }

  test("VXLAN: a program's packets count inside, the machine's outside", async () => {
    const addresses = await addLinks("x", (end, number, peer) => [
      [
        "link",
        "add",
        `x${number}`,
        "type",
        "vxlan",
        "id",
        "9",
        "dstport",
        "4789",
        "local",
        end.ip4,
        "remote",
        peer.ip4,
      ],
    ]);
    await limiter.apply([app({ txBytesPerSecond: CAP, rxBytesPerSecond: CAP })]);
    await bothWays(addresses, async ([shown], direction) => {
      if (shown !== undefined) assertNear(rateOf(shown, direction) / CAP, `${direction}, shown`);
    });
    await limiter.apply([rule({ kind: "machine" }, { txBytesPerSecond: CAP })]);
    const outer = 1 + VXLAN_BYTES / 1_514;
    await measured("outer packets", CAP, {
      from: { place: here },
      to: { place: world.b },
      address: addresses.there,
      factor: outer,
    });
    await removeLinks("x");
  });

  test("a tunnel of a process: the program inside is limited once, its carrier not at all", async () => {
    await using stack = new AsyncDisposableStack();
    for (const [at, peer, inside] of [
      [world.b, world.a, "10.99.7.2/30"],
      [world.a, world.b, "10.99.7.1/30"],
    ] as const) {
      const options = {
        device: "mtatun",
        inside,
        address: at.ip4,
        peer: peer.ip4,
        port: CARRIER_PORT,
      };
      const carrier = await startGenerator({
        generator: "tun",
        role: "carrier",
        at,
        options,
        timeoutMs: 60_000,
      });
      stack.use(carrier);
      await carrier.listening();
    }
    await limiter.apply([app({ txBytesPerSecond: CAP, rxBytesPerSecond: CAP })]);
    await bothWays(
      { here: "10.99.7.1", there: "10.99.7.2" },
      async ([shown], direction) => {
        if (shown !== undefined) assertNear(rateOf(shown, direction) / CAP, `${direction}, shown`);
      },
      1_400 / (1_400 - 52), // packets as the device's MTU says, without link headers
    );
  });

  test("a container on a bridge, as Docker's: its own rule and the machine's hold once each", async () => {
    const id = "d2".repeat(32);
    const cgroup = join(
      findCgroup2(readFileSync("/proc/self/mountinfo", "utf8")) ?? "",
      `docker-${id}.scope`,
    );
    const namespace = `${RUN}-c`;
    const bridge = [
      ["link", "add", "docker9", "type", "bridge"],
      ["address", "add", "172.30.7.1/24", "dev", "docker9"],
      ["link", "set", "docker9", "up"],
      ["link", "add", "vethc", "type", "veth", "peer", "name", "eth0", "netns", namespace],
      ["link", "set", "vethc", "master", "docker9", "up"],
    ];
    await host.exec("ip", ["netns", "add", namespace]);
    mkdirSync(cgroup);
    try {
      for (const words of bridge) await world.a.exec("ip", words);
      const container = place(namespace);
      for (const words of [
        ["link", "set", "lo", "up"],
        ["link", "set", "eth0", "up"],
        ["address", "add", "172.30.7.2/24", "dev", "eth0"],
        ["route", "add", "default", "via", "172.30.7.1"],
      ])
        await container.exec("ip", words);
      await world.a.exec("sysctl", ["-qw", "net.ipv4.ip_forward=1"]);
      await world.b.exec("ip", ["route", "add", "172.30.7.0/24", "via", world.a.ip4]);
      const both = (bytes: number) => ({ txBytesPerSecond: bytes, rxBytesPerSecond: bytes });
      await limiter.apply([
        rule({ kind: "container", container: id.slice(0, 12) }, both(CAP)),
        rule({ kind: "machine" }, both(3 * CAP)),
      ]);
      const inside = inCgroup(container, cgroup);
      await using keeper = await startTransfer(
        { place: inside },
        { place: world.b },
        { address: world.b.ip4 },
      );
      const isActive = async () => (await limiter.achieved())[0]?.state === "active";
      assert.ok(await until(isActive, 5_000), "its process is known");
      await keeper.stop();
      here = inside;
      await bothWays({ here: "172.30.7.2", there: world.b.ip4 }, async (shown, direction) => {
        for (const one of shown)
          assertNear(rateOf(one, direction) / CAP, `${direction}, ${one.id} shows`);
      });
    } finally {
      here = world.a;
      await host.exec("ip", ["netns", "del", namespace]).catch(() => {});
      await world.a.exec("ip", ["link", "del", "docker9"]).catch(() => {});
      await until(async () => {
        try {
          rmdirSync(cgroup);
          return true;
        } catch {
          return false;
        }
      }, 5_000);
    }
  });

  interface Addresses {
    readonly here: string;
    readonly there: string;
  }

  /** Upload and download of the program, measured where they arrive; what is shown meanwhile goes to `look`. */
  async function bothWays(
    addresses: Addresses,
    look: (shown: readonly LimitAchieved[], direction: "tx" | "rx") => Promise<void>,
    factor?: number,
  ): Promise<void> {
    const mine = { place: here, program };
    const far = { place: world.b };
    const way = { ...(factor === undefined ? {} : { factor }), isWhole: factor !== undefined };
    await measured("up", CAP, {
      from: mine,
      to: far,
      address: addresses.there,
      ...way,
      meanwhile: () => settled(async () => look(await limiter.achieved(), "tx")),
    });
    await measured("down", CAP, {
      from: far,
      to: mine,
      address: addresses.here,
      ...way,
      meanwhile: () => settled(async () => look(await limiter.achieved(), "rx")),
    });
  }

  interface Measuring {
    readonly from: End;
    readonly to: End;
    readonly address: string;
    readonly listens?: "sink" | "source";
    /** What the wire has more than usual; with isWhole: for each byte of payload. */
    readonly factor?: number;
    readonly isWhole?: boolean;
    readonly meanwhile?: () => Promise<void>;
  }

  async function measured(
    what: string,
    cap: number,
    { from, to, address, listens = "sink", factor = 1, isWhole = false, meanwhile }: Measuring,
  ): Promise<void> {
    const tcp = (end: End) => ({ ...end, options: { protocol: "tcp", ...end.options } });
    const whole = isWhole ? factor : wireFactor("tcp", address) * factor;
    await assertKept({ cap, what, factor: whole, meanwhile }, () =>
      startTransfer(tcp(from), tcp(to), { address, listens }),
    );
  }

  /** One device at each end with addresses of its own. */
  async function addLinks(
    kind: "v" | "x",
    lines: (end: World["a"], number: number, peer: World["a"]) => string[][],
  ): Promise<Addresses> {
    const network = kind === "v" ? "10.99.5" : "10.99.6";
    for (const [end, peer, number] of [
      [world.a, world.b, 1],
      [world.b, world.a, 2],
    ] as const) {
      for (const words of lines(end, number, peer)) await end.exec("ip", words);
      await end.exec("ip", ["link", "set", `${kind}${number}`, "addrgenmode", "none", "up"]);
      await end.exec("ip", [
        ...["address", "add", `${network}.${number}/24`, "dev", `${kind}${number}`],
      ]);
    }
    return { here: `${network}.1`, there: `${network}.2` };
  }

  async function removeLinks(kind: "v" | "x"): Promise<void> {
    await limiter.apply([]);
    await world.a.exec("ip", ["link", "del", `${kind}1`]);
    await world.b.exec("ip", ["link", "del", `${kind}2`]);
  }

  function rateOf(shown: LimitAchieved, direction: "tx" | "rx"): number {
    return shown[`${direction}BytesPerSecond`] ?? 0;
  }
});

/** Whether the kernel has this kind of device; Debian's has both, others may lack VLAN. */
function hasLinks(kind: string): boolean {
  const add = ["ip", "link", "add", "link", "lo", "name", "try", "type", kind];
  const more = kind === "vlan" ? ["id", "7"] : [];
  const { stderr } = spawnSync("unshare", ["--net", ...add, ...more], { encoding: "utf8" });
  return !/Unknown device type/.test(stderr);
}
