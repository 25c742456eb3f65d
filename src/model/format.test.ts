// How quantities are shown.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatBytes,
  formatDuration,
  formatRate,
  formatShare,
  parseBytes,
  parseDuration,
} from "./format.ts";

test("parseBytes() reads decimal units, and nothing without one", () => {
  const amounts = { "100GB": 1e11, "1.5 tb": 1.5e12, "500 MB": 5e8, "7B": 7, "2kB": 2_000 };
  for (const [text, bytes] of Object.entries(amounts)) assert.equal(parseBytes(text), bytes, text);
  for (const text of ["", "5", "GB", "-1GB", "5 GiB", "5 G"]) {
    assert.equal(parseBytes(text), undefined, text);
  }
});

test("formatBytes() keeps three significant digits and decimal units", () => {
  const shown: [bytes: number, text: string][] = [
    [0, "0 B"],
    [999, "999 B"],
    [1000, "1.00 kB"],
    [1234, "1.23 kB"],
    [12_340, "12.3 kB"],
    [123_400, "123 kB"],
    [999_499, "999 kB"],
    [999_500, "1.00 MB"],
    [9_995_000, "10.0 MB"],
    [99_950_000, "100 MB"],
    [1.2e9, "1.20 GB"],
    [2 ** 53, "9.01 PB"],
    [-1500, "-1.50 kB"],
  ];
  for (const [bytes, text] of shown) assert.equal(formatBytes(bytes), text);
  assert.equal(formatRate(1_200_000), "1.20 MB/s");
});

test("formatDuration() shows at most two units", () => {
  const shown: [durationMs: number, text: string][] = [
    [-5, "0 ms"],
    [350, "350 ms"],
    [1000, "1 s"],
    [1500, "1.5 s"],
    [12_000, "12 s"],
    [59_600, "1 min"],
    [185_000, "3 min"],
    [7_500_000, "2 h 5 min"],
    [86_400_000 * 3 + 3_600_000 * 4, "3 d 4 h"],
    [86_400_000, "1 d"],
  ];
  for (const [durationMs, text] of shown) assert.equal(formatDuration(durationMs), text);
});

test("parseDuration() reads what people write and refuses the rest", () => {
  assert.equal(parseDuration("1s"), 1000);
  assert.equal(parseDuration("1.5 s"), 1500);
  assert.equal(parseDuration("250ms"), 250);
  assert.equal(parseDuration("2min"), 120_000);
  for (const text of ["", "1", "s", "-1s", "1 week", "1e3s"]) {
    assert.equal(parseDuration(text), undefined);
  }
});

test("formatShare() never rounds up to all of it", () => {
  assert.equal(formatShare(0.99999), "99.9 %");
  assert.equal(formatShare(1), "100.0 %");
  assert.equal(formatShare(1.0014), "100.1 %");
  assert.equal(formatShare(0.57), "57.0 %");
});
