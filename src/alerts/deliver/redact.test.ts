// Secrets in whatever text another side sends back.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRedactor } from "./redact.ts";

const base64 = (text: string) => Buffer.from(text).toString("base64");

test("createRedactor() finds a secret as it is and as protocols carry it", () => {
  const password = 'pass "word" ü/+1';
  const redact = createRedactor({ password }, "me@example.org");
  const carried = [
    password,
    encodeURIComponent(password),
    JSON.stringify(password),
    base64(password),
    base64(`\0me@example.org\0${password}`),
    base64(`user=me@example.org\x01auth=Bearer ${password}\x01\x01`),
    base64(`x${password}`),
    base64(`xy${password}`),
  ];
  for (const text of carried) {
    const shown = redact(`535 no: ${text} :no`);
    assert.match(shown, /^535 no: .*\[secret\].* :no$/, text);
    for (let at = 0; at + 12 <= text.length; at += 1) {
      const piece = text.slice(at, at + 12);
      if (base64(password).includes(piece) || password.includes(piece))
        assert.ok(!shown.includes(piece), piece);
    }
  }
});

test("createRedactor() hides the parts of a webhook's address", () => {
  const url = "https://hooks.example/services/T0000000/B0000000/abcdefghijkl?key=0123456789";
  const redact = createRedactor({ url });
  for (const text of [
    url,
    "/services/T0000000/B0000000/abcdefghijkl",
    "no abcdefghijkl here",
    "?key=0123456789",
  ]) {
    assert.doesNotMatch(redact(text), /abcdefghijkl|0123456789|B0000000/, text);
  }
  assert.equal(redact("hooks.example answered 500"), "hooks.example answered 500");
});

test("createRedactor() makes what others say printable and short", () => {
  assert.equal(createRedactor({})("a\r\nb\x1b[31m"), "a\\x0d\\x0ab\\x1b[31m");
  assert.ok(createRedactor({})("x".repeat(10_000)).length <= 300);
});
