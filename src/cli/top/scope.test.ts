// All networks, one interface, loopback.
import assert from "node:assert/strict";
import { test } from "node:test";
import { bytesIn, connectionFits, NETWORKS, nextScope, type Scope, scopeName } from "./scope.ts";

const interfaces = [
  { name: "lo", kind: "loopback" },
  { name: "wlo1", kind: "physical" },
  { name: "eth0", kind: "physical" },
  { name: "", kind: "virtual" },
] as const;

test("nextScope() goes round and starts again when an interface is gone", () => {
  const seen: string[] = [];
  let scope: Scope = NETWORKS;
  for (let step = 0; step < 4; step += 1) {
    scope = nextScope(scope, interfaces);
    seen.push(scopeName(scope));
  }
  assert.deepEqual(seen, ["eth0", "wlo1", "Loopback", "All networks"]);
  assert.equal(nextScope({ kind: "interface", name: "gone" }, interfaces), NETWORKS);
});

test("bytesIn() keeps what stays in the machine apart", () => {
  const row = {
    rxBytes: 110,
    txBytes: 20,
    rxLoopbackBytes: 10,
    txLoopbackBytes: 20,
    interfaces: [{ name: "eth0", rxBytes: 60, txBytes: 0 }],
  };
  const of = (scope: Scope) => {
    const { rxBytes, txBytes } = bytesIn(row, scope);
    return [rxBytes, txBytes];
  };
  assert.deepEqual(of(NETWORKS), [100, 0]);
  assert.deepEqual(of({ kind: "loopback" }), [10, 20]);
  assert.deepEqual(of({ kind: "interface", name: "eth0" }), [60, 0]);
  assert.deepEqual(of({ kind: "interface", name: "wlo1" }), [0, 0]);
});

test("connectionFits() does not take wlo1 for loopback", () => {
  const loopbacks = new Set(["lo"]);
  assert.equal(connectionFits("wlo1", NETWORKS, loopbacks), true);
  assert.equal(connectionFits(undefined, NETWORKS, loopbacks), true);
  assert.equal(connectionFits("lo", NETWORKS, loopbacks), false);
  assert.equal(connectionFits("lo", { kind: "loopback" }, loopbacks), true);
  assert.equal(connectionFits("wlo1", { kind: "interface", name: "eth0" }, loopbacks), false);
});
