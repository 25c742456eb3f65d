// Widths that a count of characters would get wrong.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fit, pad, textWidth } from "./text-width.ts";

test("textWidth() counts columns, not characters", () => {
  assert.equal(textWidth("curl"), 4);
  assert.equal(textWidth("é"), 1);
  assert.equal(textWidth("e\u0301"), 1);
  assert.equal(textWidth("日本"), 4);
  assert.equal(textWidth("🦊x"), 3);
});

test("fit() cuts before a wide character that would stand out", () => {
  assert.equal(fit("curl", 4), "curl");
  assert.equal(fit("python3", 4), "pyt…");
  assert.equal(fit("日本語", 4), "日…");
});

test("pad() fills on the side that the alignment asks for", () => {
  assert.equal(pad("1", 3, "right"), "  1");
  assert.equal(pad("日", 3, "left"), "日 ");
});
