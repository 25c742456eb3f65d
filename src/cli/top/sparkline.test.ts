// Bars in a line of text.
import assert from "node:assert/strict";
import { test } from "node:test";
import { sparkline } from "./sparkline.ts";

test("sparkline() shows nothing as a blank, the least as a bar, and too much as a full one", () => {
  const form = { width: 5, top: 64, ascii: false };
  assert.equal(sparkline([0, 0.01, 16, 64, 1000], form), " ▁▄██");
  assert.equal(sparkline([0, 0.01, 16, 64, 1000], { ...form, ascii: true }), " _-##");
});

test("sparkline() has its width whatever there is to show", () => {
  assert.equal(sparkline([64], { width: 3, top: 64, ascii: false }), "  █");
  assert.equal(sparkline([1, 2, 3, 64], { width: 1, top: 64, ascii: false }), "█");
  assert.equal(sparkline([Number.NaN, -1], { width: 2, top: 0, ascii: false }), "  ");
});
