import assert from "node:assert/strict";
import { BlockList, SocketAddress } from "node:net";
import { test } from "node:test";
import { addressScope, addressText, parseAddress, parseNetwork } from "./address.ts";

test("addressText() writes IPv4-mapped addresses as dotted quads", () => {
  assert.equal(addressText(mapped(192, 0, 2, 1)), "192.0.2.1");
  assert.equal(addressText(mapped(0, 0, 0, 0)), "0.0.0.0");
});

test("addressText() follows RFC 5952", () => {
  const cases: [string, number[]][] = [
    ["::", [0, 0, 0, 0, 0, 0, 0, 0]],
    ["::1", [0, 0, 0, 0, 0, 0, 0, 1]],
    ["1::", [1, 0, 0, 0, 0, 0, 0, 0]],
    ["2001:db8::1:0:0:1", [0x2001, 0xdb8, 0, 0, 1, 0, 0, 1]], // the first of equal runs
    ["2001:db8:0:1:1:1:1:1", [0x2001, 0xdb8, 0, 1, 1, 1, 1, 1]], // a single zero stays
    ["2001:0:0:1::1", [0x2001, 0, 0, 1, 0, 0, 0, 1]], // the longest run
    ["fe80::a:b:c:d", [0xfe80, 0, 0, 0, 0xa, 0xb, 0xc, 0xd]],
    ["1:2:3:4:5:6:7:8", [1, 2, 3, 4, 5, 6, 7, 8]],
    ["::102:304", [0, 0, 0, 0, 0, 0, 0x102, 0x304]],
  ];
  for (const [text, groups] of cases) assert.equal(addressText(ipv6(groups)), text);
});

test("addressText() agrees with the system's own notation for random addresses", () => {
  for (let round = 0; round < 2_000; round++) {
    const groups = Array.from({ length: 8 }, () =>
      Math.random() < 0.5 ? 0 : Math.floor(Math.random() * 65_536),
    );
    groups[0] = 0x2000 | (groups[0] ?? 0);
    const text = addressText(ipv6(groups));
    const full = groups.map((value) => value.toString(16)).join(":");
    const list = new BlockList();
    list.addAddress(full, "ipv6");
    assert.ok(list.check(text, "ipv6"), `${text} is not ${full}`);
    assert.equal(new SocketAddress({ address: full, family: "ipv6" }).address, text);
  }
});

test("addressText() and addressScope() read at an offset", () => {
  const both = new Uint8Array([...mapped(10, 0, 0, 1), ...ipv6([0, 0, 0, 0, 0, 0, 0, 1])]);
  assert.equal(addressText(both, 16), "::1");
  assert.equal(addressScope(both, 16), "loopback");
  assert.equal(addressScope(both, 0), "private");
});

test("addressScope() knows how far an address reaches", () => {
  const cases: [string, Uint8Array][] = [
    ["loopback", mapped(127, 3, 2, 1)],
    ["unspecified", mapped(0, 0, 0, 0)],
    ["private", mapped(10, 1, 1, 1)],
    ["private", mapped(172, 16, 0, 1)],
    ["private", mapped(172, 31, 255, 255)],
    ["public", mapped(172, 32, 0, 1)],
    ["private", mapped(192, 168, 1, 1)],
    ["private", mapped(100, 64, 0, 1)],
    ["public", mapped(100, 128, 0, 1)],
    ["link-local", mapped(169, 254, 9, 9)],
    ["multicast", mapped(224, 0, 0, 251)],
    ["multicast", mapped(255, 255, 255, 255)],
    ["public", mapped(8, 8, 8, 8)],
    ["unspecified", ipv6([0, 0, 0, 0, 0, 0, 0, 0])],
    ["loopback", ipv6([0, 0, 0, 0, 0, 0, 0, 1])],
    ["public", ipv6([0, 0, 0, 0, 0, 0, 1, 1])],
    ["private", ipv6([0xfd00, 0, 0, 0, 0, 0, 0, 1])],
    ["link-local", ipv6([0xfe80, 0, 0, 0, 0, 0, 0, 1])],
    ["link-local", ipv6([0xfebf, 0, 0, 0, 0, 0, 0, 1])],
    ["multicast", ipv6([0xff02, 0, 0, 0, 0, 0, 0, 0xfb])],
    ["public", ipv6([0x2001, 0x4860, 0, 0, 0, 0, 0, 0x8888])],
  ];
  for (const [scope, bytes] of cases) assert.equal(addressScope(bytes), scope, addressText(bytes));
});

function mapped(a: number, b: number, c: number, d: number): Uint8Array {
  return new Uint8Array([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, a, b, c, d]);
}

function ipv6(groups: readonly number[]): Uint8Array {
  return new Uint8Array(groups.flatMap((value) => [value >> 8, value & 255]));
}

test("parseAddress() reads what addressText() writes, and refuses the rest", () => {
  for (const text of [
    "192.0.2.1",
    "::",
    "::1",
    "2001:db8::1",
    "fe80::1:0:0:2",
    "1:2:3:4:5:6:7:8",
  ]) {
    assert.equal(addressText(parseAddress(text) ?? new Uint8Array(16)), text);
  }
  assert.equal(addressText(parseAddress("::ffff:192.0.2.1") ?? new Uint8Array(16)), "192.0.2.1");
  for (const text of [
    "",
    "1.2.3",
    "1.2.3.256",
    ":::",
    "1::2::3",
    "12345::",
    "1:2:3:4:5:6:7",
    "g::",
    "1:2:3:4:5:6:7:8::",
  ]) {
    assert.equal(parseAddress(text), undefined, text);
  }
});

test("parseNetwork() tells who is inside", () => {
  const inside = (network: string, address: string) =>
    parseNetwork(network)?.(parseAddress(address) ?? new Uint8Array(16));
  assert.equal(inside("10.0.0.0/8", "10.255.0.1"), true);
  assert.equal(inside("10.0.0.0/8", "11.0.0.1"), false);
  assert.equal(inside("192.0.2.128/25", "192.0.2.127"), false);
  assert.equal(inside("0.0.0.0/0", "2001:db8::1"), false, "the other family");
  assert.equal(inside("2001:db8::/33", "2001:db8:7fff::1"), true);
  assert.equal(inside("2001:db8::/33", "2001:db8:8000::1"), false);
  for (const text of ["10.0.0.0", "10.0.0.0/33", "::/129", "x/8", "10.0.0.0/-1"]) {
    assert.equal(parseNetwork(text), undefined, text);
  }
});
