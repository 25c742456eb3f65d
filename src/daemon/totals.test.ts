// Totals and gaps across a restart of the sampling thread.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Gap, Sample } from "../model/sample.ts";
import { createTotals, MAX_GAPS } from "./totals.ts";

test("createTotals() goes on counting where a dead thread stopped, and records the gap", () => {
  const totals = createTotals();
  totals.add(sample(1000, 10));
  totals.add(sample(2000, 30));
  totals.interrupted();
  totals.interrupted();
  assert.equal(totals.sum().rxBytes, 30);
  const gap = { fromMs: 2000, toMs: 4000, reason: "sampler-restarted" } as const;
  totals.add(sample(4000, 5, gap));
  assert.equal(totals.sum().rxBytes, 35);
  assert.equal(totals.sums().loopback.rxBytes, 35);
  assert.deepEqual(totals.gaps(), [gap]);
});

test("createTotals() keeps the latest gaps", () => {
  const totals = createTotals();
  for (let atMs = 0; atMs < MAX_GAPS + 5; atMs += 1) {
    totals.add(sample(atMs, 0, { fromMs: atMs, toMs: atMs, reason: "late" }));
  }
  assert.equal(totals.gaps().length, MAX_GAPS);
  assert.equal(totals.gaps()[0]?.fromMs, 5);
});

function sample(atMs: number, rxBytes: number, gap?: Gap): Sample {
  const total = {
    rxBytes,
    txBytes: 0,
    rxPackets: 0,
    txPackets: 0,
    rxPayloadBytes: 0,
    txPayloadBytes: 0,
    rxDeviceBytes: 0,
    txDeviceBytes: 0,
  };
  return { atMs, total, loopbackTotal: total, gap } as Sample;
}
