// Which rule means what, and which of several comes first.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LimitRule, LimitTarget } from "./limit.ts";
import {
  applicationFits,
  fitsEverything,
  networkHas,
  rulesFor,
  type TrafficFacts,
} from "./limit-match.ts";

const firefox = {
  key: "path:/usr/lib/firefox/firefox",
  name: "firefox",
  path: "/usr/lib/firefox/firefox",
};
const train = { key: "script:/opt/train.py", name: "train.py (python3)", path: "/opt/train.py" };

test("applicationFits() knows keys, paths, names and globs of each", () => {
  for (const pattern of [
    "path:/usr/lib/firefox/firefox",
    "path:/usr/lib/*",
    "/usr/lib/firefox/firefox",
    "/usr/lib/firefox/*",
    "*/firefox",
    "firefox",
    "Firefox",
    "fire*",
    "f?refox",
  ]) {
    assert.equal(applicationFits(pattern, firefox), true, pattern);
    assert.equal(applicationFits(pattern, train), false, pattern);
  }
  for (const pattern of [
    "train.py",
    "train.py (python3)",
    "train*",
    "*.py",
    "/opt/*.py",
    "script:/opt/*",
  ]) {
    assert.equal(applicationFits(pattern, train), true, pattern);
  }
  for (const pattern of ["fire", "refox", "/usr/lib/firefox", "firefox?", "name:firefox"]) {
    assert.equal(applicationFits(pattern, firefox), false, pattern);
  }
  assert.equal(
    applicationFits("container:web", { key: "container:web", name: "web (docker)", path: null }),
    true,
  );
  assert.equal(
    applicationFits("web", { key: "container:web", name: "web (docker)", path: null }),
    true,
  );
});

test("applicationFits() stays fast with a hostile pattern", () => {
  const started = performance.now();
  const name = "a".repeat(4_000);
  assert.equal(applicationFits(`${"*a".repeat(400)}b`, { key: "name:x", name, path: null }), false);
  assert.ok(performance.now() - started < 500);
});

test("fitsEverything() is about patterns that leave nothing out", () => {
  for (const pattern of ["*", "**", "?*", "/*", "path:*", "*/*"])
    assert.ok(fitsEverything(pattern), pattern);
  for (const pattern of ["a*", "/usr/*", "path:/bin/*", "/"])
    assert.ok(!fitsEverything(pattern), pattern);
});

test("networkHas() takes addresses and networks of both families", () => {
  assert.equal(networkHas("192.0.2.1", "192.0.2.1"), true);
  assert.equal(networkHas("192.0.2.1", "192.0.2.2"), false);
  assert.equal(networkHas("10.0.0.0/8", "10.200.1.1"), true);
  assert.equal(networkHas("2001:db8::/32", "2001:db8:1::1"), true);
  assert.equal(networkHas("2001:db8::1", "2001:db8::2"), false);
  assert.equal(networkHas("0.0.0.0/0", "2001:db8::1"), false);
});

test("rulesFor() has the narrowest first and leaves out what does not fit", () => {
  const rules = [
    rule("l1", { kind: "machine" }),
    rule("l2", { kind: "user", user: "ada" }),
    rule("l3", { kind: "application", pattern: "fire*" }),
    rule("l4", { kind: "application", pattern: "firefox" }),
    rule("l5", { kind: "process", pid: 7, startedAtMs: 100 }),
    rule("l6", { kind: "process", pid: 7, startedAtMs: 90_000 }),
    rule("l7", { kind: "remote", network: "10.0.0.0/8" }),
    rule("l8", { kind: "remote", network: "10.1.0.0/16" }),
    rule("l9", { kind: "interface", name: "eth1" }),
    rule("l10", { kind: "port", port: 443, protocol: null }),
    rule("l11", { kind: "port", port: 443, protocol: "tcp" }),
    rule("l12", { kind: "port", port: 443, protocol: "udp" }),
    rule("l13", { kind: "user", user: "1000" }),
  ];
  const facts: TrafficFacts = {
    application: firefox,
    lineage: [
      { pid: 9, startedAtMs: 200 },
      { pid: 7, startedAtMs: 101 },
    ],
    user: "ada",
    uid: 1000,
    interface: "eth0",
    remoteAddress: "10.1.2.3",
    localPort: 40_000,
    remotePort: 443,
    protocol: "tcp",
  };
  assert.deepEqual(
    rulesFor(rules, facts).map(({ id }) => id),
    ["l5", "l11", "l10", "l8", "l7", "l4", "l3", "l2", "l13", "l1"],
  );
});

test("rulesFor() leaves local networks alone where a rule says so", () => {
  const machine = { ...rule("l1", { kind: "machine" }), exceptLan: true };
  const fits = (remoteAddress: string) => rulesFor([machine], { remoteAddress }).length === 1;
  assert.deepEqual(
    [
      "192.168.1.9",
      "10.0.0.1",
      "fe80::1",
      "fd00::1",
      "224.0.0.251",
      "93.184.216.34",
      "2606:2800::1",
    ].map(fits),
    [false, false, false, false, false, true, true],
  );
});

function rule(id: string, target: LimitTarget): LimitRule {
  return {
    id,
    target,
    rxBytesPerSecond: 1_000_000,
    txBytesPerSecond: null,
    block: false,
    rxGuaranteedBytesPerSecond: null,
    txGuaranteedBytesPerSecond: null,
    priority: 3,
    exceptLan: false,
    enabled: true,
    schedule: null,
    expiresAtMs: null,
    createdAtMs: Number(id.slice(1)),
  };
}
