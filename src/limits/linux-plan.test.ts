/** From rules and a machine to what the kernel should have, and the steps there. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LimitRule } from "../model/limit.ts";
import {
  type FoundInterface,
  type LimitedDevice,
  limitedDevices,
  unlimitedInterfaces,
} from "./devices.ts";
import { CLASS_DROP } from "./layout.ts";
import {
  type Desired,
  describeSteps,
  desire,
  NOTHING_DESIRED,
  planSteps,
  withoutLost,
} from "./linux-plan.ts";
import { createPlaceBook } from "./places.ts";
import { limitRule } from "./rule-fixture.ts";

const cap = { txBytesPerSecond: 1_000_000 };
const app = limitRule("app", { kind: "application", pattern: "curl" }, cap);
const machine = limitRule("machine", { kind: "machine" }, { ...cap, rxBytesPerSecond: 2_000_000 });

function found(name: string, more: Partial<FoundInterface> = {}): FoundInterface {
  const counters = { rxBytes: 0, txBytes: 0, rxPackets: 0, txPackets: 0 };
  const ifindex = name.length + name.charCodeAt(0);
  const link = {
    name,
    ifindex,
    up: true,
    mtu: 1500,
    linkType: 1,
    linkKind: "",
    master: 0,
    lower: 0,
  };
  return { ...link, ...counters, kind: "physical", ...more };
}

function devicesOf(
  interfaces: readonly FoundInterface[],
  options: Partial<Parameters<typeof limitedDevices>[1]> = {},
): LimitedDevice[] {
  return limitedDevices(interfaces, {
    rules: [],
    routes: () => new Set(),
    containers: new Map(),
    ...options,
  });
}

function desired(
  rules: readonly LimitRule[],
  devices: readonly LimitedDevice[],
  before: Desired = NOTHING_DESIRED,
): Desired {
  const owners = rules.filter(({ target }) => target.kind === "application");
  const assigned = new Map(owners.map((rule, at) => [100 + at, [rule]]));
  const facts = { rules, devices, assigned, executables: [], cgroups: new Map(), own: [] };
  const { places } = createPlaceBook().place(facts);
  return desire({ places, wanted: [], devices, before });
}

describe("unlimitedInterfaces()", () => {
  test("names those whose packets meet no filter, there or at what carries them", () => {
    const eth0 = found("eth0");
    const bridge = found("br0", { kind: "virtual", linkKind: "bridge" });
    const interfaces = [
      found("lo", { kind: "loopback" }),
      { ...eth0, master: bridge.ifindex },
      bridge,
      found("eth0.10", { kind: "virtual", linkKind: "vlan", lower: bridge.ifindex }),
      found("docker0", { kind: "virtual", linkKind: "bridge" }),
      found("vnet7", { kind: "virtual", linkKind: "tun", master: bridge.ifindex }),
      found("sleepy", { kind: "virtual", linkKind: "veth", up: false }),
      found("ifb0", { kind: "virtual", linkKind: "ifb" }),
      found("wg0", { kind: "tunnel", linkKind: "wireguard" }),
    ];
    assert.deepEqual(unlimitedInterfaces(interfaces, devicesOf(interfaces)), ["docker0"]);
  });
});

describe("limitedDevices()", () => {
  test("takes hardware and tunnels, never loopback, our own shapers, or what is down", () => {
    const names = devicesOf([
      found("lo", { kind: "loopback" }),
      found("eth0"),
      found("wlan0", { up: false }),
      found("wg0", { kind: "tunnel", linkKind: "wireguard", linkType: 65534 }),
      found("monitauri-up", { kind: "virtual", linkKind: "ifb" }),
      found("docker0", { kind: "virtual", linkKind: "bridge" }),
    ]).map(({ name, place, linkHeaderBytes }) => [name, place.role, linkHeaderBytes]);
    assert.deepEqual(names, [
      ["eth0", "wire", 14],
      ["wg0", "inside", 0],
    ]);
  });

  test("takes the way out of a namespace that has no hardware, and what a rule or a container names", () => {
    const veth = found("eth0", { kind: "virtual", linkKind: "veth" });
    const routes = () => new Set(["eth0"]);
    assert.deepEqual(devicesOf([veth]), []);
    assert.equal(devicesOf([veth], { routes })[0]?.place.role, "wire");
    assert.deepEqual(devicesOf([found("enp1s0"), veth], { routes }).length, 1);
    const bridge = found("br0", { kind: "virtual", linkKind: "bridge" });
    const rule = limitRule("br", { kind: "interface", name: "br0" }, cap);
    assert.deepEqual(devicesOf([bridge], { rules: [rule] })[0]?.place.rules, [rule]);
    const end = found("veth7", { kind: "virtual", linkKind: "veth", master: 3 });
    const containers = new Map([[end.ifindex, [app]]]);
    assert.equal(devicesOf([end], { containers })[0]?.place.role, "container");
  });
});

describe("desire() and planSteps()", () => {
  const eth = devicesOf([found("eth0")]);

  test("touch only the directions that are capped", () => {
    const one = desired([app], eth);
    assert.deepEqual(
      one.attachments.map(({ hook, shaping }) => [hook, shaping]),
      [["egress", "tx"]],
    );
    assert.deepEqual([...desired([machine], eth).shapers].sort(), ["rx", "tx"]);
    assert.equal(desired([limitRule("nothing", { kind: "machine" })], eth).attachments.length, 0);
  });

  test("a rule that refuses needs no class, but both directions", () => {
    const refusing = desired([limitRule("b", { kind: "machine" }, { block: true })], eth);
    assert.equal(refusing.trees.tx.classes.size, 0);
    assert.ok(refusing.keys.every(({ rx, tx }) => rx === CLASS_DROP && tx === CLASS_DROP));
    assert.deepEqual([refusing.refuses, refusing.attachments.length], [true, 2]);
  });

  test("what a container receives is shaped where it leaves the host", () => {
    const end = found("veth7", { kind: "virtual", linkKind: "veth" });
    const web = limitRule("web", { kind: "container", container: "web" }, cap);
    const devices = devicesOf([end], { containers: new Map([[end.ifindex, [web]]]) });
    assert.deepEqual(
      desired([web], devices).attachments.map(({ hook, shaping }) => [hook, shaping]),
      [["ingress", "tx"]],
    );
  });

  test("the same twice needs no steps, and nothing at all takes everything away", () => {
    const one = desired([machine, app], eth);
    const steps = planSteps(one, desired([machine, app], eth, one), "bfifo");
    assert.deepEqual(describeSteps(steps, one, one), []);
    const away = planSteps(one, NOTHING_DESIRED, "bfifo");
    assert.deepEqual(away.removeLinks, [
      "link del dev monitauri-up",
      "link del dev monitauri-down",
    ]);
    assert.equal(away.detach.length, 2);
    assert.deepEqual([away.add, away.attach, away.links], [[], [], []]);
  });

  test("an interface that comes later is one more filter, and one that goes one less", () => {
    const one = desired([app], eth);
    const both = devicesOf([found("eth0"), found("wlan0")]);
    const two = desired([app], both, one);
    const steps = planSteps(one, two, "bfifo");
    assert.deepEqual(
      steps.attach.map(({ name }) => name),
      ["wlan0"],
    );
    assert.deepEqual([steps.add, steps.links, steps.detach], [[], [], []]);
    assert.deepEqual(
      planSteps(two, one, "bfifo").detach.map(({ name }) => name),
      ["wlan0"],
    );
  });

  test("withoutLost(): a filter or a device that somebody removed is put on again", () => {
    const one = desired([machine], eth);
    const withoutFilter = withoutLost(one, {
      there: ({ hook }) => hook === "egress",
      shaping: () => true,
    });
    assert.deepEqual(
      planSteps(withoutFilter, one, "bfifo").attach.map(({ hook }) => hook),
      ["ingress"],
    );
    const withoutDevice = withoutLost(one, { there: () => true, shaping: (it) => it === "rx" });
    const steps = planSteps(withoutDevice, one, "bfifo");
    assert.ok(steps.links.some((line) => line.includes("monitauri-up")));
    assert.equal(
      steps.add.filter((line) => line.startsWith("class add dev monitauri-up")).length,
      1,
    );
    assert.deepEqual(
      steps.attach.map(({ hook }) => hook),
      ["egress"],
    );
  });

  test("two thousand rules are as many classes", () => {
    const many = Array.from({ length: 2_000 }, (_, at) =>
      limitRule(`r${at}`, { kind: "remote", network: `203.${at >> 8}.${at & 255}.1` }, cap),
    );
    const startedMs = performance.now();
    const all = desired(many, eth);
    assert.equal(all.trees.tx.classes.size, 2_000);
    assert.ok(planSteps(NOTHING_DESIRED, all, "bfifo").add.length > 4_000);
    // It takes some 50 ms; a square of the number takes several seconds.
    assert.ok(performance.now() - startedMs < 2_000, `${performance.now() - startedMs} ms`);
  });
});
