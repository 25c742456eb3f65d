import assert from "node:assert/strict";
import { test } from "node:test";
import { hostName, hostNameOfBytes } from "./host-name.ts";

test("hostName() lowers names and drops the last dot", () => {
  assert.equal(hostName("Shop.Example.COM."), "shop.example.com");
  assert.equal(hostName("xn--bcher-kva.example"), "xn--bcher-kva.example");
  assert.equal(hostName("_dmarc.a-b.example"), "_dmarc.a-b.example");
  assert.equal(hostName("localhost"), "localhost");
});

test("hostName() refuses whatever a terminal or a page could take amiss", () => {
  for (const text of ["", ".", "a..b", "a b", "<b>.example", "\x1b[31m.example", "bücher.example"])
    assert.equal(hostName(text), undefined, JSON.stringify(text));
  for (const text of ["a\u202eb.example", "a\0b", "a/b", "a:1", "[::1]", "\u212a.example"])
    assert.equal(hostName(text), undefined, JSON.stringify(text));
});

test("hostName() refuses addresses and what is too long", () => {
  for (const text of ["192.0.2.1", "127.1", "example.1"]) assert.equal(hostName(text), undefined);
  assert.equal(hostName(`${"a".repeat(64)}.example`), undefined);
  const longest = Array.from({ length: 4 }, () => "a".repeat(62)).join(".");
  assert.equal(hostName(longest), longest);
  assert.equal(hostName(`${longest}.aa`), undefined);
});

test("hostNameOfBytes() does not read UTF-8 as anything else", () => {
  assert.equal(hostNameOfBytes(Buffer.from("a.example")), "a.example");
  assert.equal(hostNameOfBytes(Buffer.from("ä.example")), undefined);
  assert.equal(hostNameOfBytes(new Uint8Array(300).fill(0x61)), undefined);
});
