import assert from "node:assert/strict";
import { test } from "node:test";
import type { Status } from "../../model/monitauri.ts";
import type { Tick } from "../stream/messages.ts";
import { trustOf } from "./trust.ts";

const TICK: Tick = {
  id: 1,
  atMs: 1_000_000,
  intervalMs: 1000,
  gap: null,
  rxBytes: 0,
  txBytes: 0,
  rxTotalBytes: 0,
  txTotalBytes: 0,
  attributedShare: 0.9987,
  counting: "eBPF, send and receive tracepoints",
  interfaces: [],
  keys: [],
  names: [],
  numbers: new Float64Array(),
};
// Only what is looked at; the rest of a status is of no consequence here.
const STATUS = {
  privileged: true,
  collector: { source: "eBPF", missing: [], overflowRxBytes: 0, overflowTxBytes: 0 },
  gaps: [],
  threads: [{ name: "sampling", state: "running" }],
} as unknown as Status;

const trust = (tick: Partial<Tick> = {}, status: object = {}) =>
  trustOf({
    tick: { ...TICK, ...tick },
    status: { ...STATUS, ...status } as Status,
    isLost: false,
  });

test("trustOf() is full where all is well, and says the share", () => {
  const { isFull, counting, detail } = trust();
  assert.equal(isFull, true);
  assert.equal(counting, "Counting in the kernel");
  assert.equal(detail, "99.8 % have an owner");
});

test("trustOf() gives the reason where it is less than it could be", () => {
  const cases: [ReturnType<typeof trust>, RegExp][] = [
    [trust({}, { privileged: false }), /not root/],
    [trust({ attributedShare: 0.8 }), /only 80.0 %/],
    [trust({ attributedShare: 1.2 }), /a fault/],
    [trust({}, { threads: [{ name: "sampling", state: "restarting" }] }), /sampling is restarting/],
    [
      trust({}, { gaps: [{ fromMs: 0, toMs: 999_000, reason: "sampler-restarted" }] }),
      /restarted lately/,
    ],
    [trustOf({ tick: TICK, status: STATUS, isLost: true }), /does not answer/],
  ];
  for (const [{ isFull, reasons }, reason] of cases) {
    assert.equal(isFull, false);
    assert.match(reasons.join("; "), reason);
  }
});

test("trustOf() forgets a restart after a while", () => {
  const old = { fromMs: 0, toMs: 1, reason: "sampler-restarted" };
  assert.equal(trust({}, { gaps: [old] }).isFull, true);
});
