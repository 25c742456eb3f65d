// Who talked to whom: services, directions, and that no byte is in two details.
import assert from "node:assert/strict";
import { test } from "node:test";
import { interfaceOf, type PlainFlow, processOf, snapshotOf } from "../model/plain-snapshot.ts";
import { DETAIL_FLOWS } from "./details.ts";
import { createSampler } from "./sampler.ts";

const LISTEN = 10;
const REMOTE = { remote: [198, 51, 100, 7], local: [192, 0, 2, 1] };

function open() {
  const sampler = createSampler({ intervalMs: 1000, now: () => 0 });
  let atMs = 0;
  return {
    sampler,
    take(flows: readonly PlainFlow[]) {
      atMs += 1000;
      const interfaces = [
        interfaceOf(1, { kind: "loopback", name: "lo" }),
        interfaceOf(2, { name: "eth0" }),
      ];
      sampler.take(snapshotOf({ atMs, processes: [processOf(1)], interfaces, flows }));
      return sampler.details();
    },
  };
}

test("details() name the service and who opened the connection", () => {
  const { take } = open();
  const flow = { process: 1, interface: 2, protocol: 6, ...REMOTE };
  const details = take([
    { ...flow, index: 1, localPort: 40_000, remotePort: 443, rxDeviceBytes: 5 },
    { ...flow, index: 2, localPort: 8080, state: LISTEN, remote: [], rxDeviceBytes: 4 },
    { ...flow, index: 3, localPort: 8080, remotePort: 50_000, rxDeviceBytes: 3 },
    { ...flow, index: 4, localPort: 5432, remotePort: 50_000, rxDeviceBytes: 2 },
    { ...flow, index: 5, protocol: 17, localPort: 53, remotePort: 1024, rxDeviceBytes: 1 },
  ]);
  assert.deepEqual(
    details.map(({ port, direction, rxBytes }) => [port, direction, rxBytes]),
    [
      [443, "out", 5],
      [8080, "in", 4],
      [8080, "in", 3],
      [5432, "in", 2],
      [1024, "out", 1],
    ],
  );
  assert.deepEqual(
    [details[0]?.application, details[0]?.interface, details[0]?.remoteAddress],
    ["path:/usr/bin/program1", "eth0", "198.51.100.7"],
  );
});

test("details() have the interval's bytes of what changed in it, and count what is new once", () => {
  const { take } = open();
  const flow = {
    index: 1,
    process: 1,
    interface: 2,
    protocol: 6,
    localPort: 40_000,
    remotePort: 443,
    ...REMOTE,
  };
  const first = take([{ ...flow, txDeviceBytes: 100 }]);
  assert.deepEqual([first[0]?.txBytes, first[0]?.connectionsOpened], [100, 1]);
  const second = take([{ ...flow, txDeviceBytes: 130 }]);
  assert.deepEqual([second[0]?.txBytes, second[0]?.connectionsOpened], [30, 0]);
  assert.deepEqual(take([]), []);
  assert.deepEqual(
    take([{ ...flow, txDeviceBytes: 130, txPayloadBytes: 9 }]),
    [],
    "payload is no traffic of its own",
  );
});

test("details() are bounded, the busiest stay", () => {
  const { take } = open();
  const flows = Array.from({ length: DETAIL_FLOWS + 50 }, (_, index) => {
    return {
      index,
      process: 1,
      interface: 2,
      protocol: 6,
      localPort: index,
      rxDeviceBytes: 1 + index,
      ...REMOTE,
    };
  });
  const details = take(flows);
  assert.equal(details.length, DETAIL_FLOWS);
  assert.equal(details.at(-1)?.rxBytes, 51);
});

test("details() tell loopback, and leave out what has no process", () => {
  const { take } = open();
  const details = take([
    {
      index: 1,
      process: 1,
      interface: 1,
      protocol: 6,
      localPort: 1,
      remotePort: 2,
      rxDeviceBytes: 7,
      ...REMOTE,
    },
    { index: 2, kind: "forwarded", interface: 2, rxDeviceBytes: 7 },
  ]);
  assert.deepEqual(
    details.map(({ isLoopback, rxBytes }) => [isLoopback, rxBytes]),
    [[true, 7]],
  );
});
