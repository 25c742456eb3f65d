import assert from "node:assert/strict";
import { test } from "node:test";
import {
  interfaceOf,
  type PlainFlow,
  type PlainSnapshot,
  processOf,
  snapshotOf,
} from "../model/plain-snapshot.ts";
import { ENDED_FLOWS_KEPT } from "./ended-flows.ts";
import { createSampler } from "./sampler.ts";

const PEER: Partial<PlainFlow> = {
  process: 1,
  local: [192, 0, 2, 1],
  localPort: 50_000,
  remote: [198, 51, 100, 7],
  remotePort: 443,
};

test("connections() shows addresses, owner, state, round-trip time and rates", () => {
  const { take, sampler } = open();
  take({});
  take({
    flows: [
      {
        index: 1,
        ...PEER,
        interface: 2,
        txDeviceBytes: 500,
        rttUs: 1500,
        retransmits: 2,
        openedAtMs: 1234,
      },
    ],
  });
  const { connections, count } = sampler.connections();
  assert.equal(count, 1);
  assert.deepEqual(connections[0], {
    id: "1-1",
    protocol: "tcp",
    localAddress: "192.0.2.1",
    localPort: 50_000,
    remoteAddress: "198.51.100.7",
    remotePort: 443,
    state: "ESTABLISHED",
    processId: 1,
    pid: 1001,
    application: "curl",
    applicationKey: "path:/usr/bin/curl",
    user: "user",
    unit: undefined,
    interface: "eth2",
    container: "web",
    openedAtMs: 1234,
    lastActiveAtMs: 2000,
    rttMs: 1.5,
    retransmits: 2,
    host: undefined,
    spoken: undefined,
    total: { ...connections[0]?.total, txBytes: 500, txDeviceBytes: 500 },
    rxBytesPerSecond: 0,
    txBytesPerSecond: 500,
  });
});

test("connections() shows the rows of one socket as one connection", () => {
  const { take, sampler } = open();
  const rows = [
    { index: 5, ...PEER, interface: 3, rxDeviceBytes: 10, openedAtMs: 900 },
    { index: 6, ...PEER, interface: 2, rxDeviceBytes: 20, openedAtMs: 100 },
    { index: 7, ...PEER, localPort: 50_001 },
    { index: 8, ...PEER, process: 2 },
    { index: 9, ...PEER, protocol: 17 },
  ];
  take({ flows: rows });
  const { connections, count } = sampler.connections();
  assert.equal(count, 4);
  assert.deepEqual([connections[0]?.id, connections[0]?.total.rxBytes], ["6-1", 30]);
  assert.equal(connections[0]?.openedAtMs, 100);
  assert.equal(connectionsOf(sampler, "curl"), 3);
  take({ flows: [{ ...rows[1], index: 6, closed: true }] });
  assert.equal(connectionsOf(sampler, "curl"), 3);
  take({ flows: [{ ...rows[0], index: 5, closed: true }] });
  assert.equal(connectionsOf(sampler, "curl"), 2);
});

test("connections() shows listening and unconnected sockets without a peer, and does not count them as connections", () => {
  const { take, sampler } = open();
  const bare = { process: 1, local: [0, 0, 0, 0], localPort: 53 };
  take({
    flows: [
      { index: 1, ...bare, state: 10 },
      { index: 2, ...bare, protocol: 17, state: 7, rxPayloadBytes: 40 },
      { index: 3, ...PEER, localPort: 53, protocol: 17, interface: 2, rxDeviceBytes: 68 },
      { index: 4, ...bare, localPort: 22, state: 10, remote: [0, 0, 0, 0] },
    ],
  });
  const { connections } = sampler.connections();
  const seen = connections.map(({ protocol, localPort, remoteAddress, state }) => {
    return [protocol, localPort, remoteAddress, state];
  });
  assert.deepEqual(
    seen.sort(),
    [
      ["tcp", 22, undefined, "LISTEN"],
      ["tcp", 53, undefined, "LISTEN"],
      ["udp", 53, "198.51.100.7", undefined],
      ["udp", 53, undefined, undefined],
    ].sort(),
  );
  assert.equal(connectionsOf(sampler, "curl"), 1);
});

test("connections() shows ended ones for ten seconds as CLOSED, by the monotonic clock", () => {
  const { take, sampler } = open();
  take({ flows: [{ index: 1, ...PEER, txDeviceBytes: 5 }] });
  take({ flows: [{ index: 1, ...PEER, txDeviceBytes: 9, closed: true }] });
  const states = () => sampler.connections().connections.map(({ state }) => state);
  assert.deepEqual(states(), ["CLOSED"]);
  assert.equal(sampler.connections().connections[0]?.txBytesPerSecond, 4);
  assert.equal(connectionsOf(sampler, "curl"), 0);
  take({ flows: [{ index: 1, serial: 2, ...PEER, localPort: 1, txDeviceBytes: 10 }] });
  assert.deepEqual(states().sort(), ["CLOSED", "ESTABLISHED"]);
  take({ monotonicMs: 11_999, atMs: 1 });
  assert.equal(states().length, 2);
  take({ monotonicMs: 12_000 });
  assert.deepEqual(states(), ["ESTABLISHED"]);
});

test("connections() keeps a bounded number of ended ones, the last", () => {
  const { take, sampler } = open();
  const flows = Array.from({ length: ENDED_FLOWS_KEPT + 100 }, (_, i) => {
    return { index: i, ...PEER, localPort: i, closed: true };
  });
  take({ flows });
  const { connections } = sampler.connections();
  assert.equal(connections.length, ENDED_FLOWS_KEPT);
  assert.equal(Math.min(...connections.map(({ localPort }) => localPort)), 100);
});

test("connections() takes a corrected owner for the same connection, another flow for the end of the first", () => {
  const { take, sampler } = open();
  take({ flows: [{ index: 1, ...PEER, txDeviceBytes: 5 }] });
  take({ flows: [{ index: 1, ...PEER, serial: 2, process: 2, txDeviceBytes: 9 }] });
  const [corrected, ...none] = sampler.connections().connections;
  assert.deepEqual(none, []);
  assert.deepEqual([corrected?.processId, corrected?.total.txBytes], [2, 4]);
  take({
    flows: [{ index: 1, ...PEER, serial: 3, process: 2, remotePort: 80, txDeviceBytes: 10 }],
  });
  const after = sampler
    .connections()
    .connections.map(({ state, remotePort }) => [state, remotePort]);
  assert.deepEqual(after, [
    ["ESTABLISHED", 80],
    ["CLOSED", 443],
  ]);
});

test("connections() shows the busiest first and says how many there are", () => {
  const { take, sampler } = open();
  const bytes = [5, 50, 0, 500];
  take({
    flows: bytes.map((_, i) => ({ index: i, ...PEER, localPort: i, rxDeviceBytes: 1000 - i })),
  });
  take({
    flows: bytes.map((value, i) => {
      return { index: i, ...PEER, localPort: i, rxDeviceBytes: 1000 - i + value };
    }),
  });
  const { connections, count } = sampler.connections({ limit: 2 });
  assert.equal(count, 4);
  assert.deepEqual(
    connections.map(({ localPort }) => localPort),
    [3, 1],
  );
});

test("FlowMemory merges and counts 70,000 connections right, through every growth", () => {
  const { take, sampler } = open();
  const flows = Array.from({ length: 70_000 }, (_, i) => {
    const socket = Math.floor(i / 2); // two rows each
    const remote = [10, socket >> 16, (socket >> 8) & 255, socket & 255];
    return { index: i, ...PEER, interface: 2 + (i % 2), remote, txDeviceBytes: 1 };
  });
  take({ flows });
  assert.equal(sampler.flows, 70_000);
  assert.equal(sampler.connections({ limit: 5 }).count, 35_000);
  assert.equal(connectionsOf(sampler, "curl"), 35_000);
  const remotes = sampler.groups("remote");
  assert.equal(remotes.length, 10_001);
  assert.equal(
    remotes.reduce((sum, row) => sum + row.total.txBytes, 0),
    70_000,
  );
  assert.equal(
    remotes.reduce((sum, row) => sum + row.connections, 0),
    35_000,
  );
  take({ flows: flows.slice(0, 60_000).map((flow) => ({ ...flow, closed: true })) });
  assert.equal(connectionsOf(sampler, "curl"), 5_000);
  take({});
  const rest = sampler.groups("remote");
  assert.equal(
    rest.reduce((sum, row) => sum + row.total.txBytes, 0),
    70_000,
  );
  assert.equal(
    rest.reduce((sum, row) => sum + row.connections, 0),
    5_000,
  );
});

test("FlowMemory adds up two readings of one flow in one snapshot", () => {
  const { take, sampler } = open();
  take({});
  take({
    flows: [
      { index: 1, ...PEER, txDeviceBytes: 5 },
      { index: 1, ...PEER, txDeviceBytes: 7 },
    ],
  });
  assert.equal(sampler.connections().connections[0]?.txBytesPerSecond, 7);
  assert.equal(sampler.groups("remote")[0]?.delta.txBytes, 7);
});

test("FlowMemory keeps no trace of closed flows when it grows", () => {
  const { take, sampler } = open();
  take({ flows: [{ index: 1, ...PEER, closed: true }] });
  take({});
  take({
    flows: [
      { index: 5_000, localPort: 1 },
      { index: 2, ...PEER },
    ],
  });
  assert.equal(connectionsOf(sampler, "curl"), 1);
  assert.equal(sampler.groups("remote").find(({ key }) => key !== ":none")?.connections, 1);
});

test("FlowMemory tells processes apart that share one socket", () => {
  const { take, sampler } = open();
  const owners = Array.from({ length: 3_000 }, (_, i) => i + 1);
  take({
    processes: owners.map((id) => processOf(id, { name: "worker" })),
    flows: owners.map((process) => ({ ...PEER, index: process, process })),
  });
  assert.equal(connectionsOf(sampler, "worker"), owners.length);
});

test("FlowMemory refuses an index beyond its limit", () => {
  const { take } = open();
  assert.throws(() => take({ flows: [{ index: 131_072 }] }), RangeError);
  take({ flows: [{ index: 131_071 }] });
});

function open() {
  const sampler = createSampler({ intervalMs: 1000, now: () => 0 });
  let atMs = 0;
  const container = { engine: "docker", id: "0123456789ab", name: "web" } as const;
  const processes = [processOf(1, { name: "curl", container }), processOf(2)];
  const interfaces = [interfaceOf(2), interfaceOf(3)];
  return {
    sampler,
    take(plain: Partial<PlainSnapshot>) {
      atMs += 1000;
      return sampler.take(snapshotOf({ atMs, monotonicMs: atMs, processes, interfaces, ...plain }));
    },
  };
}

function connectionsOf(sampler: ReturnType<typeof open>["sampler"], application: string) {
  const row = sampler.ps().find((one) => one.application === application);
  const group = sampler.groups("application").find(({ name }) => name === application);
  assert.equal(row?.connections, group?.connections);
  return row?.connections;
}
