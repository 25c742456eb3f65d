// Block lists as they are found, and as somebody who means harm would write them.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createBlockListReader, MAX_LIST_ENTRIES, parseBlockList } from "./block-list.ts";

function hits(text: string, ends: readonly (readonly [address: string, host: string])[]) {
  const { match } = parseBlockList(text);
  return ends.map(([address, host]) => match(address, host) !== undefined);
}

test("parseBlockList() reads what common lists look like", () => {
  const lists = {
    "FireHOL netset": "# firehol_level1\n#\n0.0.0.0/8\n1.10.16.0/20\n198.51.100.7\n",
    "Spamhaus DROP":
      "; Spamhaus DROP List 2026/11/25\n1.10.16.0/20 ; SBL256894\n198.51.100.7/32 ; SBL1\n",
    "hosts file": "127.0.0.1 localhost\n::1 ip6-localhost\n0.0.0.0 bad.example # remark\n",
    "content blocker":
      "[Adblock Plus 2.0]\n! Title: x\n||bad.example^\n||bad.example^$third-party\n",
    domains: "bad.example\r\n*.worse.example\r\n",
  };
  const found = Object.entries(lists).map(([name, text]) => {
    const { entries, skipped } = parseBlockList(text);
    const ends = [
      ["1.10.17.9", ""],
      ["198.51.100.7", ""],
      ["", "bad.example"],
    ] as const;
    return [name, entries, skipped, ...hits(text, ends)];
  });
  assert.deepEqual(found, [
    ["FireHOL netset", 3, 0, true, true, false],
    ["Spamhaus DROP", 2, 0, true, true, false],
    ["hosts file", 1, 0, false, false, true],
    ["content blocker", 1, 0, false, false, true],
    ["domains", 2, 0, false, false, true],
  ]);
});

test("parseBlockList() compares addresses and not their spelling, and networks to the bit", () => {
  const ends = [
    ["2001:db8::1", ""],
    ["2001:db8:0:0:0:0:0:1", ""],
    ["::ffff:192.0.2.1", ""],
    ["192.0.2.1", ""],
    ["198.51.100.127", ""],
    ["198.51.100.128", ""],
  ] as const;
  const text = "2001:DB8:0::1\n192.0.2.1\n198.51.100.0/25\n";
  assert.deepEqual(hits(text, ends), [true, true, true, true, true, false]);
  assert.deepEqual(
    hits("0.0.0.0/0\n", [
      ["203.0.113.9", ""],
      ["2001:db8::1", ""],
    ]),
    [true, false],
  );
});

test("parseBlockList() counts what is no entry and matches nobody with it", () => {
  const lines = [
    "192.0.2.1/33",
    "2001:db8::/129",
    "1.2.3/8",
    "999.1.1.1",
    "com",
    "-",
    "bad example",
    "<script>alert(1)</script>",
    "/ads/banner.js",
    "@@||good.example^",
    "||*^",
    `${"a".repeat(64)}.example`,
    "__proto__",
    "a..example",
    "\u0000\u001b[2J.example",
    "x".repeat(10_000_000),
  ];
  const { entries, skipped, match } = parseBlockList(lines.join("\n"));
  assert.deepEqual([entries, skipped], [0, lines.length]);
  for (const host of ["", "good.example", "example", "__proto__", "constructor", "com"]) {
    assert.equal(match("", host), undefined, host);
  }
  assert.equal(match("not an address", "..."), undefined);
});

test("createBlockListReader() stops at its limit and says so, and the list still answers fast", () => {
  const reader = createBlockListReader();
  const many = Array.from({ length: 10_000 }, (_, n) => `h${n}`);
  for (let part = 0; part < 52; part += 1) {
    reader.add(many.map((name) => `${name}.p${part}.example\n`).join(""));
  }
  const { entries, isCut, match } = reader.end();
  assert.deepEqual([entries, isCut], [MAX_LIST_ENTRIES, true]);
  const before = process.cpuUsage();
  const deep = `${"a.".repeat(120)}example`;
  for (let n = 0; n < 2_000; n += 1) match("203.0.113.1", deep);
  const { user } = process.cpuUsage(before);
  // Measured: 30 ms. Looking through the entries would take a minute.
  assert.ok(user / 1_000 < 3_000, `${user / 1_000} ms`);
  assert.equal(match("", "x.h7.p3.example"), "h7.p3.example");
});

test("createBlockListReader() keeps nothing of a line that never ends", () => {
  const reader = createBlockListReader();
  const piece = "x".repeat(1_000_000);
  const before = process.memoryUsage().heapUsed;
  for (let n = 0; n < 200; n += 1) reader.add(piece);
  assert.ok(process.memoryUsage().heapUsed - before < 100_000_000);
  reader.add("\nbad.example");
  const { entries, skipped } = reader.end();
  assert.deepEqual([entries, skipped], [1, 1]);
});
