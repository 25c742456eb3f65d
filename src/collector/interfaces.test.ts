/** Interfaces over time: ids, resets, kinds; against a plain list and against this machine. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { type NetworkInterface, readInterfaces } from "../native/interfaces.ts";
import { createInterfaceWatch } from "./interfaces.ts";

const ETH: NetworkInterface = {
  name: "eth0",
  ifindex: 2,
  up: true,
  mtu: 1500,
  linkType: 1,
  linkKind: "",
  master: 0,
  lower: 0,
  rxBytes: 1000,
  txBytes: 500,
  rxPackets: 10,
  txPackets: 5,
};

function watching(options: { driver?: string } = {}) {
  const list: NetworkInterface[] = [];
  const watch = createInterfaceWatch(() => list, {
    driver: (name) => (name.startsWith("eth") ? (options.driver ?? "igb") : undefined),
    carriers: { read: (names) => new Map([...names].map((name) => [name, [77]])) },
  });
  return (...now: NetworkInterface[]) => {
    list.splice(0, list.length, ...now);
    return { readings: watch.read(), byIfindex: watch.byIfindex };
  };
}

test("read() keeps the id of an interface, also when it is renamed", () => {
  const read = watching();
  const first = read(ETH).readings[0];
  const second = read({ ...ETH, name: "enp3s0", rxBytes: 2000 });
  assert.equal(second.readings.length, 1);
  assert.equal(second.readings[0]?.id, first?.id);
  assert.equal(second.readings[0]?.name, "enp3s0");
  assert.equal(second.byIfindex(2), first?.id);
  assert.equal(second.byIfindex(9), 0);
});

test("read() leaves out shapers: their packets are other interfaces'", () => {
  const { readings } = watching()(ETH, { ...ETH, ifindex: 3, name: "ifb0", linkKind: "ifb" });
  assert.deepEqual(
    readings.map(({ name }) => name),
    ["eth0"],
  );
});

test("read() gives a new id to a name that comes back with another index, and says once that the old one is gone", () => {
  const read = watching();
  const old = read(ETH).readings[0];
  const { readings } = read({ ...ETH, ifindex: 7, rxBytes: 0, txBytes: 0 });
  assert.deepEqual(
    readings.map((one) => [one.present, one.rxBytes, one.up]),
    [
      [true, 0, true],
      [false, 1000, false],
    ],
  );
  assert.notEqual(readings[0]?.id, old?.id);
  assert.equal(readings[1]?.id, old?.id);
  assert.equal(read({ ...ETH, ifindex: 7 }).readings.length, 1);
});

test("read() gives a new id to an index that another device got", () => {
  const read = watching();
  const old = read(ETH).readings[0];
  const { readings } = read({ ...ETH, name: "veth9", linkKind: "veth", rxBytes: 5000 });
  assert.equal(readings.length, 2);
  assert.notEqual(readings[0]?.id, old?.id);
  const again = read({ ...ETH, name: "veth8", linkKind: "veth", rxBytes: 10 }).readings;
  assert.deepEqual(
    again.map((one) => [one.name, one.present]),
    [
      ["veth8", true],
      ["veth9", false],
    ],
  );
});

test("read() counts on after a driver reset and holds still when a sum of queues falls a little", () => {
  const read = watching();
  const bytes = (rxBytes: number) => read({ ...ETH, rxBytes }).readings[0]?.rxBytes;
  assert.equal(bytes(1000), 1000);
  assert.equal(bytes(990), 1000);
  assert.equal(bytes(1010), 1010);
  assert.equal(bytes(20), 1030);
  assert.equal(bytes(2000), 3010);
});

test("read() tells loopback, hardware, tunnels and other virtual interfaces apart", () => {
  const { readings } = watching()(
    { ...ETH, ifindex: 1, name: "lo", linkType: 772 },
    ETH,
    { ...ETH, ifindex: 3, name: "tun0", linkType: 65534, linkKind: "tun" },
    { ...ETH, ifindex: 4, name: "tap0", linkKind: "tun" },
    { ...ETH, ifindex: 5, name: "vnet0", linkKind: "tun", master: 9 },
    { ...ETH, ifindex: 6, name: "wg0", linkType: 65534, linkKind: "wireguard" },
    { ...ETH, ifindex: 7, name: "ppp0", linkType: 512, linkKind: "ppp" },
    { ...ETH, ifindex: 8, name: "sit1", linkType: 776, linkKind: "" },
    { ...ETH, ifindex: 9, name: "br0", linkKind: "bridge" },
    { ...ETH, ifindex: 10, name: "eth7", linkKind: "veth" },
  );
  assert.deepEqual(
    readings.map((one) => [one.name, one.kind, one.linkHeaderBytes, one.countsSegments]),
    [
      ["lo", "loopback", 0, false],
      ["eth0", "physical", 14, true],
      ["tun0", "tunnel", 0, false],
      ["tap0", "tunnel", 14, false],
      ["vnet0", "virtual", 14, false],
      ["wg0", "tunnel", 0, false],
      ["ppp0", "tunnel", 0, false],
      ["sit1", "tunnel", 0, false],
      ["br0", "virtual", 14, false],
      ["eth7", "virtual", 14, false],
    ],
  );
  assert.deepEqual(readings[2]?.carrierPids, [77]);
  assert.deepEqual(readings[5]?.carrierPids, []);
});

test("read() adds link headers that the kernel counts in one direction only", () => {
  const bytes = (linkKind: string) => {
    const [one] = watching()({ ...ETH, linkKind }).readings;
    return [one?.linkHeaderBytes, one?.rxBytes, one?.txBytes];
  };
  assert.deepEqual(bytes("veth"), [14, 1000, 500]);
  assert.deepEqual(bytes("bridge"), [14, 1000 + 10 * 14, 500]);
  assert.deepEqual(bytes("vlan"), [14, 1000 + 10 * 14, 500]);
  assert.deepEqual(bytes("gretap"), [14, 1000, 500 + 5 * 14]);
  assert.deepEqual(bytes("vxlan"), [0, 1000, 500]);
});

test("read() knows that paravirtual drivers count an offloaded packet once", () => {
  for (const driver of ["virtio_net", "vif"]) {
    const [reading] = watching({ driver })(ETH).readings;
    assert.equal(reading?.kind, "physical");
    assert.equal(reading?.countsSegments, false);
  }
});

test("createInterfaceWatch() follows this machine's interfaces", {
  skip: process.platform !== "linux" && "needs Linux",
}, () => {
  const watch = createInterfaceWatch(readInterfaces);
  const first = watch.read();
  const loopback = first.find((one) => one.kind === "loopback");
  assert.ok(loopback);
  assert.equal(watch.byIfindex(loopback.ifindex), loopback.id);
  assert.equal(watch.read().find((one) => one.kind === "loopback")?.id, loopback.id);
});
