import assert from "node:assert/strict";
import { test } from "node:test";
import { COUNTER_NAMES, COUNTERS_PER_FLOW, FLOW_KINDS } from "../model/snapshot.ts";
import { scriptedCollector } from "./scripted.ts";

test("scriptedCollector() replays its steps in order and then says that it has no more", () => {
  const collector = scriptedCollector([{ atMs: 1000 }, new Error("unplugged"), { atMs: 3000 }]);
  assert.equal(collector.read().atMs, 1000);
  assert.throws(() => collector.read(), /unplugged/);
  assert.equal(collector.read().atMs, 3000);
  assert.throws(() => collector.read(), /3 steps/);
});

test("scriptedCollector() goes on with `then`, and reads nothing once closed", () => {
  const collector = scriptedCollector([], { then: (read) => ({ atMs: read * 10 }) });
  assert.deepEqual([collector.read().atMs, collector.read().atMs], [0, 10]);
  collector.close();
  collector.close();
  assert.throws(() => collector.read(), /closed/);
});

test("scriptedCollector() puts named counters and addresses where the table has them", () => {
  const collector = scriptedCollector([
    {
      atMs: 5,
      flows: [
        { index: 3 },
        { index: 9, kind: "carried", txCopyPackets: 7, rxDeviceBytes: 2, remote: [10, 0, 0, 1] },
      ],
    },
  ]);
  const { flows, bootMs } = collector.read();
  assert.equal(bootMs, 5);
  assert.deepEqual([...flows.index], [3, 9]);
  assert.equal(FLOW_KINDS[flows.kind[1] ?? 0], "carried");
  const counter = (name: (typeof COUNTER_NAMES)[number]) =>
    flows.counters[COUNTERS_PER_FLOW + COUNTER_NAMES.indexOf(name)];
  assert.deepEqual([counter("rxDeviceBytes"), counter("txCopyPackets")], [2, 7]);
  assert.deepEqual([...flows.addresses.subarray(32 + 26)], [255, 255, 10, 0, 0, 1]);
});
