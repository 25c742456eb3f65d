// Rates in all the ways that people write them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBitRate, parseRate } from "./rate.ts";

test("parseRate() reads bits and bytes", () => {
  const rates = {
    "5mbit": 625_000,
    "800 kbit/s": 100_000,
    "1.5MB/s": 1_500_000,
    "1.5 MB": 1_500_000,
    "1Gbps": 125_000_000,
    "8b": 1,
    "1bit": 0.125,
    "300kB": 300_000,
    "2 bytes/s": 2,
    "0mbit": 0,
  };
  for (const [text, expected] of Object.entries(rates)) {
    assert.equal(parseRate(text), expected, text);
  }
});

test("parseRate() refuses what could mean either, or nothing", () => {
  for (const text of [
    "",
    "5",
    "5m",
    "mbit",
    "-1mbit",
    "1e3bit",
    "5 mbit x",
    "5/s",
    "5ps",
    "1.mbit",
  ]) {
    assert.equal(parseRate(text), undefined, text);
  }
});

test("formatBitRate() keeps three digits and never says 1000", () => {
  assert.equal(formatBitRate(0), "0 bit/s");
  assert.equal(formatBitRate(6_737_500), "53.9 Mbit/s");
  assert.equal(formatBitRate(124_937_500), "1.00 Gbit/s");
  assert.equal(formatBitRate(-125), "-1.00 kbit/s");
});
