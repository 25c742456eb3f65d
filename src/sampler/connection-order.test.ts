// Lists in every order, filtered and in pieces.
import assert from "node:assert/strict";
import { test } from "node:test";
import { CONNECTION_ORDERS } from "../model/monitauri.ts";
import { interfaceOf, processOf, snapshotOf } from "../model/plain-snapshot.ts";
import { createSampler } from "./sampler.ts";

const COUNT = 50;

function openSampler() {
  const sampler = createSampler({ intervalMs: 1000, now: () => 0 });
  const flows = Array.from({ length: COUNT }, (_, i) => ({
    index: i,
    process: 1 + (i % 3),
    interface: 2,
    protocol: 6,
    state: 1 + (i % 2),
    local: [192, 0, 2, 1],
    localPort: 40_000 + i,
    remote: [198, 51, 100, i % 7],
    remotePort: 443,
    rxDeviceBytes: (i * 7919) % 1000,
    txDeviceBytes: (i * 104_729) % 1000,
    rttUs: (i * 31) % 17,
    retransmits: i % 5,
    openedAtMs: 1000 + ((i * 13) % 29),
  }));
  const processes = [processOf(1), processOf(2), processOf(3)];
  const interfaces = [interfaceOf(2)];
  sampler.take(snapshotOf({ atMs: 1000, monotonicMs: 1000, processes, interfaces, flows: [] }));
  sampler.take(snapshotOf({ atMs: 2000, monotonicMs: 2000, processes, interfaces, flows }));
  return sampler;
}

test("every order has each connection once, and reversed it is turned round", () => {
  const sampler = openSampler();
  for (const sort of CONNECTION_ORDERS) {
    const { connections } = sampler.connections({ sort });
    assert.equal(new Set(connections.map(({ id }) => id)).size, COUNT, sort);
    const first = sampler.connections({ sort, reverse: true }).connections[0];
    assert.notEqual(first?.id, connections[0]?.id, sort);
  }
});

test("numbers fall, names rise", () => {
  const sampler = openSampler();
  const rtt = sampler.connections({ sort: "rtt" }).connections.map(({ rttMs }) => rttMs ?? -1);
  assert.deepEqual(
    rtt,
    rtt.toSorted((a, b) => b - a),
  );
  const rates = sampler.connections({ sort: "rx" }).connections.map((c) => c.rxBytesPerSecond);
  assert.deepEqual(
    rates,
    rates.toSorted((a, b) => b - a),
  );
  const names = sampler.connections({ sort: "application" }).connections.map((c) => c.application);
  assert.deepEqual(names, names.toSorted());
});

test("pieces join to the whole, in the quick order and in the others", () => {
  const sampler = openSampler();
  for (const sort of ["rate", "remote"] as const) {
    const whole = sampler.connections({ sort }).connections.map(({ id }) => id);
    const pieces = [0, 20, 40, 60].flatMap((offset) =>
      sampler.connections({ sort, offset, limit: 20 }).connections.map(({ id }) => id),
    );
    assert.deepEqual(pieces, whole, sort);
  }
});

test("a filter leaves out what does not fit and counts both", () => {
  const sampler = openSampler();
  const { connections, count, total } = sampler.connections({
    filter: "lport:40010-40019",
    limit: 3,
  });
  assert.deepEqual([connections.length, count, total], [3, 10, COUNT]);
  assert.throws(() => sampler.connections({ filter: "port:http" }), { code: "invalid" });
  assert.equal(sampler.ps({ filter: "app:program2" }).length, 1);
  assert.equal(sampler.ps({ filter: "-app:program" }).length, 0);
  assert.throws(() => sampler.ps({ filter: "rate:fast" }), { code: "invalid" });
});
