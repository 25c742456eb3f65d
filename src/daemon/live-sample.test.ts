// The share of attributed bytes, whose mistakes must show.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InterfaceCoverage } from "../model/sample.ts";
import { attributedShare } from "./live-sample.ts";

test("attributedShare() sums all interfaces but loopback", () => {
  const found = attributedShare([
    coverage("physical", 100, 90),
    coverage("tunnel", 100, 100),
    coverage("loopback", 1000, 0),
  ]);
  assert.equal(found, 0.95);
});

test("attributedShare() is null where nothing was counted and is never cut", () => {
  assert.equal(attributedShare([]), null);
  assert.equal(attributedShare([coverage("physical", 0, 0)]), null);
  assert.equal(attributedShare([coverage("physical", 100, 120)]), 1.2);
});

function coverage(
  kind: InterfaceCoverage["kind"],
  counted: number,
  attributed: number,
): InterfaceCoverage {
  return {
    name: kind,
    kind,
    present: true,
    rxBytes: counted / 2,
    txBytes: counted / 2,
    rxAttributedBytes: attributed,
    txAttributedBytes: 0,
    remainders: {},
    rxCoverage: undefined,
    txCoverage: undefined,
  };
}
