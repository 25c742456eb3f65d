/** What weakens a rule, from made-up classes and counters. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ClassCounters } from "../native/traffic-control.ts";
import { planTree } from "./classes.ts";
import { limitRule } from "./rule-fixture.ts";
import { placesOfRules, weaknesses } from "./weaknesses.ts";

const cap = { txBytesPerSecond: 625_000 };
const app = limitRule("l1", { kind: "application", pattern: "curl" }, cap);
const remote = limitRule("l2", { kind: "remote", network: "10.0.0.0/8" }, cap);
const machine = limitRule("l3", { kind: "machine" }, { txBytesPerSecond: 6_250_000 });
const tree = planTree([[machine], [machine, app], [machine, remote], [machine, app, remote]], "tx");

function counters(bytesOf: Readonly<Record<string, number>>): Map<number, ClassCounters> {
  return new Map(
    [...tree.classes].map(([path, { minor }]) => [
      minor,
      { handle: minor, bytes: bytesOf[path] ?? 0, drops: 0, backlogBytes: 0 } as ClassCounters,
    ]),
  );
}

function found(bytesOf: Readonly<Record<string, number>>, more = {}) {
  const places = { rx: new Map(), tx: placesOfRules(tree, counters(bytesOf)) };
  return { places, unownedBytesPerSecond: 0, processOverflow: 0, ...more };
}

test("weaknesses() says where a cap holds in several places, and how much that is together", () => {
  const both = found({ "l3>l2": 1, "l3>l1>l2": 1, "l3>l1>*": 1, "l3>*": 1 });
  assert.match(
    weaknesses(remote, both)[0] ?? "",
    /^its cap holds by itself in each of 2 places, .* inside l1: together up to 10\.0 Mbit\/s may pass$/,
  );
  assert.deepEqual(weaknesses(app, both), []);
  assert.deepEqual(weaknesses(machine, both), []);
  assert.deepEqual(weaknesses(remote, found({ "l3>l2": 1 })), [], "only one has traffic");
});

test("weaknesses() tells rules about owners of sockets without one, and of processes without room", () => {
  const open = found({}, { unownedBytesPerSecond: 125_000, processOverflow: 3 });
  assert.equal(weaknesses(app, open).length, 2);
  assert.match(weaknesses(app, open)[0] ?? "", /^1\.00 Mbit\/s of sockets that no process holds/);
  assert.deepEqual(weaknesses(remote, open), []);
  assert.deepEqual(weaknesses(app, found({}, { unownedBytesPerSecond: 500 })), []);
});
