import assert from "node:assert/strict";
import { test } from "node:test";
import { interfaceOf, type PlainSnapshot, snapshotOf } from "../model/plain-snapshot.ts";
import type { InterfaceReading } from "../model/snapshot.ts";
import { VANISHED_INTERFACES_KEPT } from "./interface-book.ts";
import { createSampler } from "./sampler.ts";

const BEFORE = { rxBytes: 1_000_000, txBytes: 2_000_000 };

test("coverage compares device bytes and link headers with an interface that counts packets once", () => {
  const row = coverageAfter({ linkHeaderBytes: 14 }, { rxBytes: 3_000, txBytes: 0 }, [
    {
      index: 1,
      rxDeviceBytes: 2_720,
      rxDevicePackets: 10,
      rxSegmentBytes: 400,
      rxSegmentPackets: 10,
    },
  ]);
  assert.equal(row?.rxBytes, 3_000);
  assert.equal(row?.rxAttributedBytes, 2_720 + 140);
  assert.equal(row?.rxCoverage, 2_860 / 3_000);
  assert.equal(row?.txCoverage, undefined);
  assert.deepEqual(row?.remainders, { unknown: { rxBytes: 140, txBytes: 0 } });
});

test("coverage compares wire bytes with an interface that counts segments", () => {
  const row = coverageAfter({ countsSegments: true }, { rxBytes: 0, txBytes: 3_400 }, [
    {
      index: 1,
      txDeviceBytes: 2_720,
      txDevicePackets: 10,
      txSegmentBytes: 400,
      txSegmentPackets: 10,
    },
  ]);
  assert.equal(row?.txAttributedBytes, 2_720 + 400 + 20 * 14);
  assert.equal(row?.txCoverage, 1);
  assert.deepEqual(row?.remainders, {});
});

test("coverage names the remainders, and with them makes up the interface's count", () => {
  const row = coverageAfter({ linkHeaderBytes: 0 }, { rxBytes: 100, txBytes: 1_000 }, [
    { index: 1, txDeviceBytes: 500 },
    { index: 2, txDeviceBytes: 20, kind: "kernel" },
    { index: 3, txDeviceBytes: 30, rxDeviceBytes: 40, kind: "forwarded" },
    { index: 4, txDeviceBytes: 50, kind: "carried" },
    { index: 5, txDeviceBytes: 100, kind: "link", process: 1 },
  ]);
  assert.equal(row?.txAttributedBytes, 600);
  assert.deepEqual(row?.remainders, {
    kernel: { rxBytes: 0, txBytes: 20 },
    forwarded: { rxBytes: 40, txBytes: 30 },
    carried: { rxBytes: 0, txBytes: 50 },
    unknown: { rxBytes: 60, txBytes: 300 },
  });
});

test("coverage leaves out what limits dropped, and names it", () => {
  const row = coverageAfter({ linkHeaderBytes: 14 }, { rxBytes: 10_000, txBytes: 0 }, [
    { index: 1, rxDeviceBytes: 1_972, rxDevicePackets: 2 },
    { index: 2, rxDeviceBytes: 7_888, rxDevicePackets: 8, kind: "limited" },
  ]);
  assert.equal(row?.rxCoverage, 1);
  assert.deepEqual(row?.remainders, { limited: { rxBytes: 8_000, txBytes: 0 } });
});

test("coverage is not clamped: more than was counted shows as more than 1 and less than nothing unknown", () => {
  const row = coverageAfter({ linkHeaderBytes: 0 }, { rxBytes: 0, txBytes: 1_000 }, [
    { index: 1, txDeviceBytes: 1_100 },
  ]);
  assert.equal(row?.txCoverage, 1.1);
  assert.deepEqual(row?.remainders.unknown, { rxBytes: 0, txBytes: -100 });
});

test("coverage counts the copies of one packet once", () => {
  const row = coverageAfter({ linkHeaderBytes: 14 }, { rxBytes: 114, txBytes: 0 }, [
    { index: 1, rxDeviceBytes: 100, rxDevicePackets: 1 },
    {
      index: 2,
      rxDeviceBytes: 100,
      rxDevicePackets: 1,
      rxCopyBytes: 100,
      rxCopyPackets: 1,
    },
  ]);
  assert.equal(row?.rxCoverage, 1);
});

test("coverage starts at the first reading, for the interface and for its flows alike", () => {
  const take = feeder();
  take({
    interfaces: [interfaceOf(2, { rxBytes: 500 })],
    flows: [{ index: 1, interface: 2, rxDeviceBytes: 900 }],
  });
  const [row] = take({
    interfaces: [interfaceOf(2, { rxBytes: 600 })],
    flows: [{ index: 1, interface: 2, rxDeviceBytes: 1_000 }],
  });
  assert.deepEqual([row?.rxBytes, row?.rxAttributedBytes], [100, 100]);
});

test("coverage takes a smaller counter for an interface that was reset", () => {
  const take = feeder();
  take({ interfaces: [interfaceOf(2, { rxBytes: 500 })] });
  take({ interfaces: [interfaceOf(2, { rxBytes: 700 })] });
  assert.equal(take({ interfaces: [interfaceOf(2, { rxBytes: 50 })] })[0]?.rxBytes, 250);
});

test("coverage keeps an interface that vanished under its name, and its return continues the row", () => {
  const take = feeder();
  const ppp = (id: number, rxBytes: number, present = true) => [
    interfaceOf(id, { name: "ppp0", rxBytes, present, linkHeaderBytes: 0 }),
  ];
  take({ interfaces: ppp(2, 100) });
  take({
    interfaces: ppp(2, 150),
    flows: [{ index: 1, interface: 2, rxDeviceBytes: 40 }],
  });
  // What came after the last reading of its counters is not compared with them.
  const gone = take({
    interfaces: ppp(2, 150, false),
    flows: [{ index: 1, interface: 2, rxDeviceBytes: 45 }],
  });
  assert.equal(gone[0]?.present, false);
  assert.deepEqual([gone[0]?.rxBytes, gone[0]?.rxAttributedBytes], [50, 40]);
  take({ interfaces: ppp(3, 0) });
  const back = take({
    interfaces: ppp(3, 7),
    flows: [{ index: 1, serial: 2, interface: 3, rxDeviceBytes: 51 }],
  });
  assert.equal(back.length, 1);
  assert.equal(back[0]?.present, true);
  assert.deepEqual([back[0]?.rxBytes, back[0]?.rxAttributedBytes], [57, 46]);
  assert.deepEqual(back[0]?.remainders, { unknown: { rxBytes: 11, txBytes: 0 } });
});

test("coverage folds the interfaces that vanished first and loses none of their bytes", () => {
  const { take, sampler } = open();
  const names = Array.from({ length: VANISHED_INTERFACES_KEPT + 10 }, (_, i) => i + 1);
  const veth = (id: number, rxBytes: number, present: boolean) =>
    interfaceOf(id, { name: `veth${id}`, rxBytes, present, linkHeaderBytes: 0 });
  take({ interfaces: names.map((id) => veth(id, 0, true)) });
  take({
    interfaces: names.map((id) => veth(id, id, true)),
    flows: names.map((id) => ({ index: id, interface: id, rxDeviceBytes: id })),
  });
  take({ interfaces: names.map((id) => veth(id, id, false)) });
  const rows = take({});
  const all = names.reduce((a, b) => a + b);
  assert.equal(rows.length, VANISHED_INTERFACES_KEPT + 1);
  assert.equal(
    rows.reduce((sum, row) => sum + row.rxBytes, 0),
    all,
  );
  assert.equal(
    rows.reduce((sum, row) => sum + row.rxAttributedBytes, 0),
    all,
  );
  const groups = sampler.groups("interface");
  assert.equal(
    groups.reduce((sum, row) => sum + row.total.rxBytes, 0),
    all,
  );
  assert.equal(groups.find(({ key }) => key === ":other")?.total.rxBytes, 55);
  assert.equal(rows.at(-1)?.name, "earlier interfaces");
  assert.equal(
    rows.some(({ name }) => name === "veth1"),
    false,
  );
});

function coverageAfter(
  known: Partial<InterfaceReading>,
  counted: { rxBytes: number; txBytes: number },
  flows: NonNullable<PlainSnapshot["flows"]>,
) {
  const take = feeder();
  take({ interfaces: [interfaceOf(2, { ...known, ...BEFORE })] });
  const rxBytes = BEFORE.rxBytes + counted.rxBytes;
  const txBytes = BEFORE.txBytes + counted.txBytes;
  return take({
    interfaces: [interfaceOf(2, { ...known, rxBytes, txBytes })],
    flows: flows.map((flow) => ({ interface: 2, ...flow })),
  })[0];
}

function feeder() {
  return open().take;
}

function open() {
  const sampler = createSampler({ intervalMs: 1000, now: () => 0 });
  let atMs = 0;
  const take = (plain: Omit<PlainSnapshot, "atMs">) => {
    atMs += 1000;
    return sampler.take(snapshotOf({ atMs, ...plain })).coverage;
  };
  return { sampler, take };
}
