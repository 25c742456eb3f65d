// What each process did in the interval: the busiest stay apart, and all of them are their applications' bytes.
import assert from "node:assert/strict";
import { test } from "node:test";
import { MAX_TICK_PROCESSES } from "../model/history.ts";
import { interfaceOf, type PlainFlow, processOf, snapshotOf } from "../model/plain-snapshot.ts";
import { createSampler } from "./sampler.ts";

test("processDetails() are the bytes of the applications, by interface, loopback told apart", () => {
  const take = sampling(3);
  const flow = { protocol: 6, remote: [198, 51, 100, 7], local: [192, 0, 2, 1] };
  const { processes, applications } = take([
    { ...flow, index: 1, process: 1, interface: 2, rxDeviceBytes: 50 },
    { ...flow, index: 2, process: 1, interface: 1, rxDeviceBytes: 7 },
    { ...flow, index: 3, process: 2, interface: 2, rxDeviceBytes: 60 },
  ]);
  assert.deepEqual(
    processes.map(({ pid, rxBytes, rxLoopbackBytes, interfaces }) => [
      pid,
      rxBytes,
      rxLoopbackBytes,
      interfaces.map(({ name, rxBytes: on }) => [name, on]).sort(),
    ]),
    [
      [processOf(2).pid, 60, 0, [["eth0", 60]]],
      [
        processOf(1).pid,
        57,
        7,
        [
          ["eth0", 50],
          ["lo", 7],
        ],
      ],
    ],
  );
  const sum = (rows: readonly { rxBytes: number }[]) =>
    rows.reduce((all, { rxBytes }) => all + rxBytes, 0);
  assert.equal(sum(processes), sum(applications));
  // Nothing more in the next interval: only what it moves then.
  assert.deepEqual(take([]).processes, []);
});

test("processDetails() are bounded, the busiest stay", () => {
  const count = MAX_TICK_PROCESSES + 20;
  const take = sampling(count);
  const flows = Array.from({ length: count }, (_, n) => ({
    index: n + 1,
    process: n + 1,
    interface: 2,
    protocol: 6,
    localPort: n + 1,
    rxDeviceBytes: n + 1,
  }));
  const { processes } = take(flows);
  assert.equal(processes.length, MAX_TICK_PROCESSES);
  assert.deepEqual([processes[0]?.rxBytes, processes.at(-1)?.rxBytes], [count, 21]);
});

function sampling(count: number) {
  const sampler = createSampler({ intervalMs: 1000, now: () => 0 });
  const interfaces = [
    interfaceOf(1, { kind: "loopback", name: "lo" }),
    interfaceOf(2, { name: "eth0" }),
  ];
  const processes = Array.from({ length: count }, (_, n) => processOf(n + 1));
  let atMs = 0;
  return (flows: readonly PlainFlow[]) => {
    atMs += 1000;
    const { applications } = sampler.take(snapshotOf({ atMs, processes, interfaces, flows }));
    return { applications, processes: sampler.processDetails() };
  };
}
