// Escape sequences for each kind of terminal.
import assert from "node:assert/strict";
import { test } from "node:test";
import { isUnicode, paint } from "./paint.ts";

const line = [
  { text: "▁█ 日…", tone: "down" },
  { text: "x", tone: "plain" },
] as const;

test("paint() uses the colours that the terminal has", () => {
  assert.equal(paint(line, { colorDepth: 24, ascii: false }), "\x1b[38;5;75m▁█ 日…\x1b[0mx");
  assert.equal(paint(line, { colorDepth: 4, ascii: false }), "\x1b[94m▁█ 日…\x1b[0mx");
  assert.equal(paint(line, { colorDepth: 1, ascii: false }), "▁█ 日…x");
});

test("paint() keeps the width where only ASCII can be shown", () => {
  assert.equal(paint(line, { colorDepth: 1, ascii: true }), "?? ??~x");
});

test("paint() marks the chosen row without colours, too", () => {
  const chosen = [{ text: "row", tone: "chosen" }] as const;
  assert.equal(paint(chosen, { colorDepth: 1, ascii: true }), "\x1b[7mrow\x1b[0m");
});

test("isUnicode() takes the first of the variables that is set", () => {
  assert.equal(isUnicode({ LANG: "de_DE.UTF-8" }), true);
  assert.equal(isUnicode({ LANG: "C.UTF-8", LC_ALL: "C" }), false);
  assert.equal(isUnicode({ LANG: "C", LC_CTYPE: "en_US.utf8", LC_ALL: "" }), true);
  assert.equal(isUnicode({}), false);
});
