import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  interfaceOf,
  type PlainFlow,
  type PlainSnapshot,
  processOf,
  snapshotOf,
} from "../model/plain-snapshot.ts";
import { REMOTES_KEPT } from "./remote-history.ts";
import { createSampler } from "./sampler.ts";

const LO = interfaceOf(1, { kind: "loopback", name: "lo" });
const ETH = interfaceOf(2, { name: "eth0" });
const TUN = interfaceOf(3, { kind: "tunnel", name: "tun0", carrierPids: [processOf(9).pid] });

describe("the machine's total", () => {
  test("counts wire bytes: device bytes and what segmentation adds", () => {
    const { last } = run({
      flows: [
        {
          index: 1,
          interface: 2,
          txDeviceBytes: 100,
          txSegmentBytes: 40,
          txDevicePackets: 1,
          txSegmentPackets: 1,
        },
      ],
    });
    assert.deepEqual(
      [last.total.txBytes, last.total.txDeviceBytes, last.total.txPackets],
      [140, 100, 2],
    );
  });

  test("takes back what a limit dropped after it was counted, and never more than that", () => {
    const sampler = createSampler({ intervalMs: 1000, now: () => 0 });
    const read = (tick: number, txDeviceBytes: number) =>
      sampler.take(
        snapshotOf({
          atMs: tick * 1000,
          interfaces: [ETH],
          flows: [{ index: 1, interface: 2, txDeviceBytes }],
        }),
      );
    assert.equal(read(1, 1_000).total.txBytes, 1_000);
    assert.equal(read(2, 400).delta.txBytes, 0);
    assert.equal(read(3, 900).delta.txBytes, 0);
    assert.equal(read(4, 1_300).delta.txBytes, 300);
    assert.equal(read(5, 1_300).total.txBytes, 1_300);
  });

  test("counts a byte that crosses a tunnel once, inside", () => {
    const { last, sampler } = run({
      processes: [processOf(1), processOf(9, { name: "openvpn" })],
      flows: [
        { index: 1, process: 1, interface: 3, txDeviceBytes: 1000 },
        { index: 2, process: 9, interface: 2, txDeviceBytes: 1100 },
        { index: 3, process: 9, interface: 0, txPayloadBytes: 1050 },
      ],
    });
    assert.deepEqual([last.total.txBytes, last.total.txPayloadBytes], [1000, 0]);
    const openvpn = sampler.ps().find(({ application }) => application === "openvpn");
    assert.deepEqual([openvpn?.txBytes, openvpn?.carries], [1100, "tun0"]);
  });

  test("counts what a carrier sends once its tunnel is gone", () => {
    const { last } = run({
      processes: [processOf(9)],
      interfaces: [ETH, { ...TUN, present: false }],
      flows: [{ index: 2, process: 9, interface: 2, txDeviceBytes: 1100 }],
    });
    assert.equal(last.total.txBytes, 1100);
  });

  test("keeps loopback apart, by interface where one is known and by address where not", () => {
    const { last, sampler } = run({
      flows: [
        {
          index: 1,
          process: 1,
          interface: 1,
          rxDeviceBytes: 1,
          local: [10, 0, 0, 1],
          remote: [10, 0, 0, 2],
        },
        { index: 2, process: 1, interface: 0, rxDeviceBytes: 10, remote: [127, 0, 0, 1] },
        {
          index: 3,
          process: 1,
          interface: 99,
          namespace: 5,
          rxDeviceBytes: 100,
          local: [10, 0, 0, 1],
          remote: [10, 0, 0, 1],
        },
        {
          index: 4,
          process: 1,
          interface: 99,
          namespace: 5,
          rxDeviceBytes: 1000,
          local: [10, 0, 0, 1],
          remote: [10, 0, 0, 2],
        },
        { index: 5, process: 1, interface: 0, rxPayloadBytes: 7 },
      ],
    });
    assert.deepEqual([last.loopbackTotal.rxBytes, last.total.rxBytes], [111, 1000]);
    assert.equal(last.total.rxPayloadBytes, 7);
    const [row] = sampler.ps({ by: "process" });
    assert.deepEqual([row?.rxBytes, row?.rxLoopbackBytes, row?.txLoopbackBytes], [1111, 111, 0]);
    const [active] = last.applications;
    assert.deepEqual([active?.rxBytes, active?.rxLoopbackBytes], [1111, 111]);
  });

  test("leaves out forwarded and carried packets and second copies; the rows have them", () => {
    const { last, sampler } = run({
      flows: [
        {
          index: 1,
          process: 1,
          interface: 2,
          rxDeviceBytes: 100,
          rxDevicePackets: 2,
          rxCopyBytes: 60,
          rxCopyPackets: 1,
        },
        { index: 2, interface: 2, kind: "forwarded", rxDeviceBytes: 5, txDeviceBytes: 5 },
        { index: 3, interface: 2, kind: "carried", txDeviceBytes: 7 },
        { index: 4, interface: 2, kind: "kernel", txDeviceBytes: 3 },
        { index: 5, interface: 2, txDeviceBytes: 2 },
      ],
      health: { overflowRxBytes: 11, overflowTxBytes: 13 },
    });
    assert.deepEqual([last.total.rxBytes, last.total.txBytes, last.total.rxPackets], [51, 18, 1]);
    const rows = new Map(
      last.applications.map(({ key, total }) => [key, total.rxBytes + total.txBytes]),
    );
    assert.deepEqual([...rows].sort(), [
      ["path:/usr/bin/program1", 100],
      ["remainder:carried", 7],
      ["remainder:forwarded", 10],
      ["remainder:kernel", 3],
      ["remainder:overflow", 24],
      ["remainder:unknown", 2],
    ]);
    const remainders = sampler.ps().flatMap(({ remainder }) => remainder ?? []);
    assert.deepEqual(remainders.sort(), ["carried", "forwarded", "kernel", "overflow", "unknown"]);
  });

  test("takes overflow that counts from zero again for new bytes", () => {
    const { last, take } = run({ health: { overflowTxBytes: 100 } });
    assert.equal(last.total.txBytes, 100);
    assert.equal(take({ health: { overflowTxBytes: 30 } }).total.txBytes, 130);
    assert.equal(take({ health: { overflowTxBytes: 30 } }).delta.txBytes, 0);
  });
});

describe("take()", () => {
  test("gives rates by the monotonic interval, and none for the first snapshot", () => {
    const { last, take } = run({ flows: [flow(1000)] });
    assert.deepEqual([last.intervalMs, last.rxBytesPerSecond, last.delta.rxBytes], [0, 0, 1000]);
    const next = take({ atMs: 1500, flows: [flow(3000)] });
    assert.deepEqual([next.rxBytesPerSecond, next.applications[0]?.rxBytes], [4000, 2000]);
    assert.deepEqual([next.delta.rxBytes, next.total.rxBytes], [2000, 3000]);
    const idle = take({ atMs: 2500 });
    assert.deepEqual([idle.rxBytesPerSecond, idle.delta.rxBytes, idle.total.rxBytes], [0, 0, 3000]);
    assert.deepEqual(idle.applications, [], "only what was active");
  });

  test("divides by the time awake after a suspend, and marks the gap", () => {
    const { take } = run({});
    const sample = take({
      atMs: 3_602_000,
      monotonicMs: 2000,
      bootMs: 3_602_000,
      flows: [flow(500)],
    });
    assert.deepEqual([sample.intervalMs, sample.rxBytesPerSecond], [1000, 500]);
    assert.deepEqual(sample.gap, { fromMs: 1000, toMs: 3_602_000, reason: "suspended" });
  });

  test("gives right rates when the wall clock is set back", () => {
    const { take } = run({});
    const sample = take({ atMs: -500_000, monotonicMs: 2000, flows: [flow(500)] });
    assert.equal(sample.rxBytesPerSecond, 500);
    assert.equal(sample.gap?.reason, "clock-changed");
  });

  test("does not call the first tick after a change to a shorter interval late", () => {
    const sampler = createSampler({ intervalMs: 10_000, now: () => 0 });
    const take = (atMs: number) => sampler.take(snapshotOf({ atMs })).gap?.reason;
    take(0);
    sampler.setIntervalMs(1000);
    assert.equal(take(9_000), undefined);
    assert.equal(take(18_000), "late");
  });

  test("says how long reading and summing took", () => {
    let nowMs = 100;
    const sampler = createSampler({ intervalMs: 1000, now: () => nowMs++ });
    assert.equal(sampler.take(snapshotOf({ atMs: 0 }), { startedMs: 50 }).tickMs, 50);
    assert.equal(sampler.take(snapshotOf({ atMs: 1 })).tickMs, 1);
  });

  test("gives what an index added to the flow that has it at the reading", () => {
    const { take, sampler } = run({
      processes: [processOf(1), processOf(2)],
      flows: [{ index: 4, process: 1, interface: 2, rxDeviceBytes: 100 }],
    });
    take({ flows: [{ index: 4, serial: 2, process: 2, interface: 2, rxDeviceBytes: 130 }] });
    const rows = new Map(sampler.ps({ by: "process" }).map(({ pid, rxBytes }) => [pid, rxBytes]));
    assert.deepEqual([rows.get(1001), rows.get(1002)], [100, 30]);
  });
});

describe("ps()", () => {
  test("says what the processes of an application have in common", () => {
    const { take, sampler } = run({
      processes: [
        processOf(1, { name: "sshd", user: "root", unit: "ssh.service", startedAtMs: 50 }),
        processOf(2, { name: "sshd", user: "eve", unit: "ssh.service", startedAtMs: 40 }),
      ],
    });
    const [row] = sampler.ps();
    assert.deepEqual(
      [row?.pid, row?.pids, row?.user, row?.unit],
      [null, [1001, 1002], null, "ssh.service"],
    );
    assert.deepEqual([row?.startedAtMs, row?.running], [40, true]);
    take({ exited: [2] });
    const [one] = sampler.ps();
    assert.deepEqual([one?.pid, one?.pids, one?.running], [1001, [1001], true]);
    take({ exited: [1] });
    const [gone] = sampler.ps();
    assert.deepEqual([gone?.running, gone?.application], [false, "sshd"]);
  });
});

describe("groups()", () => {
  test("names what it groups by", () => {
    const container = { engine: "podman", id: "abc", name: "web" } as const;
    const { sampler } = run({
      processes: [processOf(1, { container, unit: "a.service", user: "alice" })],
      flows: [
        { ...flow(5), protocol: 17, remote: [192, 0, 2, 9] },
        { index: 2, process: 1, interface: 99, txDeviceBytes: 3 },
      ],
    });
    const rows = (by: Parameters<typeof sampler.groups>[0]) =>
      sampler.groups(by).map(({ key, name, total }) => [key, name, total.rxBytes + total.txBytes]);
    assert.deepEqual(rows("application"), [["path:/usr/bin/program1", "program1", 8]]);
    assert.deepEqual(rows("process"), [["1001@0#1", "program1 (1001)", 8]]);
    assert.deepEqual(rows("remote"), [
      ["192.0.2.9", "192.0.2.9", 5],
      [":none", "no single peer", 3],
    ]);
    assert.deepEqual(rows("protocol"), [
      ["udp", "udp", 5],
      ["tcp", "tcp", 3],
    ]);
    assert.deepEqual(rows("interface").slice(0, 2), [
      ["eth0", "eth0", 5],
      [":none", "no interface of this machine", 3],
    ]);
    assert.deepEqual(rows("user"), [["alice", "alice", 8]]);
    assert.deepEqual(rows("container"), [["podman:abc", "web", 8]]);
    assert.deepEqual(rows("unit"), [["a.service", "a.service", 8]]);
  });

  test("keeps the busiest remotes of flows that ended, and the bytes of all", () => {
    const { take, sampler } = run({});
    const batch = 1000;
    const rounds = (2 * REMOTES_KEPT) / batch + 3;
    const big = (round: number) => round === 1;
    const counters = Array.from({ length: batch }, () => 0);
    let sent = 0;
    for (let round = 1; round <= rounds; round++) {
      take({
        flows: counters.map((before, index) => {
          const bytes = big(round) ? 1_000 : 1;
          sent += bytes;
          counters[index] = before + bytes;
          const remote = [20 + (round >> 8), round & 255, index >> 8, index & 255];
          return {
            index,
            serial: round,
            process: 1,
            remote,
            txDeviceBytes: before + bytes,
            closed: true,
          };
        }),
      });
    }
    take({});
    const rows = sampler.groups("remote");
    assert.equal(
      rows.reduce((sum, { total }) => sum + total.txBytes, 0),
      sent,
    );
    assert.equal(rows.filter(({ total }) => total.txBytes === 1_000).length, batch);
    assert.ok((rows.find(({ key }) => key === ":other")?.total.txBytes ?? 0) > 0);
  });
});

function flow(rxDeviceBytes: number): PlainFlow {
  return { index: 1, process: 1, interface: 2, rxDeviceBytes, remote: [192, 0, 2, 1] };
}

/** A sampler after its first snapshot; each further one is a second later where nothing else is said. */
function run(first: Partial<PlainSnapshot>) {
  const sampler = createSampler({ intervalMs: 1000, now: () => 0 });
  let atMs = 0;
  const take = (plain: Partial<PlainSnapshot>) => {
    atMs += 1000;
    return sampler.take(snapshotOf({ atMs, interfaces: [LO, ETH, TUN], ...plain }));
  };
  return { sampler, take, last: take({ processes: [processOf(1)], ...first }) };
}
