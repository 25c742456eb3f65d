/** The interface list: netlink against /proc/net/dev, and what it costs. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { isDeepStrictEqual } from "node:util";
import { readInterfaces } from "./interfaces.ts";
import { parseProcNetDev, readInterfacesFromProc } from "./interfaces-proc.ts";

const onLinux = { skip: process.platform !== "linux" && "needs Linux" };

test("readInterfaces() and the fallback to /proc agree", onLinux, () => {
  const facts = (list: ReturnType<typeof readInterfaces>) =>
    list
      .map(({ name, ifindex, up, mtu, linkType }) => ({ name, ifindex, up, mtu, linkType }))
      .sort((a, b) => a.ifindex - b.ifindex);
  const found = readInterfaces();
  assert.ok(found.some((one) => one.linkType === 772));
  // Other tests make and remove interfaces: compare when nothing changed meanwhile.
  for (let attempt = 0; attempt < 20; attempt++) {
    const before = facts(readInterfaces());
    const other = facts(readInterfacesFromProc(undefined));
    if (!isDeepStrictEqual(before, facts(readInterfaces()))) continue;
    assert.deepEqual(other, before);
    return;
  }
  assert.fail("the interfaces change all the time");
});

test("readInterfaces() counts what /proc/net/dev counts", onLinux, () => {
  const before = readInterfacesFromProc(undefined);
  const between = readInterfaces();
  const after = readInterfacesFromProc(undefined);
  for (const one of between) {
    const low = before.find((other) => other.ifindex === one.ifindex);
    const high = after.find((other) => other.ifindex === one.ifindex);
    if (!low || !high) continue; // came or went during the test
    for (const name of ["rxBytes", "txBytes", "rxPackets", "txPackets"] as const) {
      assert.ok(low[name] <= one[name] && one[name] <= high[name], `${one.name} ${name}`);
    }
  }
});

test("readInterfaces() costs less than a tenth of a millisecond per interface", onLinux, () => {
  const count = readInterfaces().length;
  const costs = Array.from({ length: 50 }, () => {
    const startMs = performance.now();
    readInterfaces();
    return performance.now() - startMs;
  }).sort((a, b) => a - b);
  assert.ok((costs[25] ?? 0) < 0.1 * Math.max(count, 5), `${costs[25]} ms for ${count} interfaces`);
});

test("parseProcNetDev() takes names with colons and crowded columns", () => {
  const text = `Inter-|   Receive
 face |bytes    packets errs drop fifo frame compressed multicast|bytes packets
  eth0:123456789012 7 0 0 0 0 0 0 456 5 0 0 0 0 0 0
eth0:1: 1 2 0 0 0 0 0 0 3 4 0 0 0 0 0 0
`;
  assert.deepEqual(parseProcNetDev(text), [
    { name: "eth0", rxBytes: 123456789012, rxPackets: 7, txBytes: 456, txPackets: 5 },
    { name: "eth0:1", rxBytes: 1, rxPackets: 2, txBytes: 3, txPackets: 4 },
  ]);
});
