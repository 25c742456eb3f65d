import assert from "node:assert/strict";
import { test } from "node:test";
import { printable } from "./printable.ts";

test("printable() leaves ordinary text alone", () => {
  for (const text of ["", "curl", "/opt/größe/名前", "🦊 fox", "a b\\x1b", "x".repeat(256)])
    assert.equal(printable(text), text);
});

test("printable() shows control characters and escape sequences", () => {
  assert.equal(printable("a\nb\tc\0"), "a\\x0ab\\x09c\\x00");
  assert.equal(printable("\x1b[31mred\x1b]0;title\x07"), "\\x1b[31mred\\x1b]0;title\\x07");
  assert.equal(printable("\x7f\x9b31m"), "\\x7f\\x9b31m");
  assert.equal(printable("a\u2028b"), "a\\u{2028}b");
});

test("printable() shows what is invisible or turns the direction", () => {
  assert.equal(printable("cod\u202egpj.exe"), "cod\\u{202e}gpj.exe");
  assert.equal(printable("cu\u200brl\u2066\ufeff"), "cu\\u{200b}rl\\u{2066}\\u{feff}");
  assert.equal(printable("curl\ufe0f\u3164\u{e0041}"), "curl\\u{fe0f}\\u{3164}\\u{e0041}");
});

test("printable() replaces invalid UTF-8 and lone surrogates", () => {
  assert.equal(printable(new Uint8Array([0x63, 0xff, 0xc3, 0x28])), "c\ufffd\ufffd(");
  assert.equal(printable(new Uint8Array([0xef, 0xbb, 0xbf, 0x61])), "\\u{feff}a");
  assert.equal(printable("a\ud800b"), "a\ufffdb");
});

test("printable() cuts by characters and never inside an escape", () => {
  assert.equal(printable("abcdef", 4), "abc…");
  assert.equal(printable("abcd", 4), "abcd");
  assert.equal(printable("🦊🦊🦊🦊", 4), "🦊🦊🦊🦊");
  assert.equal(printable("a🦊🦊🦊🦊", 4), "a🦊🦊…");
  assert.equal(printable("ab\x1bcd", 6), "ab…");
  assert.equal(printable("ab\x1b", 6), "ab\\x1b");
  assert.equal(printable(new TextEncoder().encode("🦊".repeat(5000)), 3), "🦊🦊…");
  assert.equal([...printable("\x1b".repeat(5000))].length <= 256, true);
});

test("printable() changes nothing when applied again", () => {
  const once = printable("\x1b[2J\u202e\ud800…".repeat(100));
  assert.equal(printable(once), once);
});
