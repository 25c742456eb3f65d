import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { parseAddress } from "../model/address.ts";
import { MonitauriError } from "../model/error.ts";
import { isUnavailable } from "../model/unavailable.ts";
import { encodeNetworkFile } from "./network-file.ts";
import { NETWORKS_WITHOUT_FILE, type Networks, networkKey, openNetworks } from "./networks.ts";
import { blockOf, decodeIndex, encodeTable, type Range, valueIn } from "./range-table.ts";

const SOURCE = {
  gives: "asn",
  package: "example 1.0.2026010100",
  collectedAtMs: Date.UTC(2026, 0, 1),
  credit: "<b>\x1b[31mExample",
  link: "javascript:alert(1)",
  licence: "CC-BY-4.0",
};

test("openNetworks() gives country and system of an address, and only the kind of what is not public", (t) => {
  const networks = opened(t, example());
  assert.deepEqual(of(networks, "8.8.8.8"), {
    kind: "public",
    country: "US",
    asn: 15_169,
    organisation: "Google LLC",
  });
  assert.equal(of(networks, "8.8.9.0").asn, undefined);
  assert.equal(of(networks, "2001:db7:1::1").asn, 64_501);
  assert.equal(of(networks, "2001:db7:1::1").organisation, "Bad \\u{202e}name");
  assert.equal(of(networks, "64:ff9b::808:808").country, "US");
  assert.deepEqual(of(networks, "10.0.0.1"), of(NETWORKS_WITHOUT_FILE, "10.0.0.1"));
  assert.equal(of(networks, "1.1.1.1").country, undefined);
});

test("openNetworks() gives sources as text that is safe to show, with their age", (t) => {
  const [source] = opened(t, example()).sources;
  assert.equal(source?.credit, "<b>\\x1b[31mExample");
  assert.equal(source?.link, "");
  assert.equal(source?.collectedAtMs, Date.UTC(2026, 0, 1));
});

test("openNetworks() says that a file is missing, and refuses one that is cut or broken", (t) => {
  assert.ok(isUnavailable(openNetworks("/nowhere/networks.bin")));
  const file = example();
  for (const broken of [
    file.subarray(0, 5),
    file.subarray(0, file.length - 1),
    Buffer.alloc(64),
    Buffer.concat([file, file]),
  ]) {
    const path = written(t, broken);
    assert.throws(
      () => openNetworks(path),
      (error) =>
        error instanceof MonitauriError &&
        error.code === "invalid" &&
        /^Cannot read/.test(error.message),
    );
  }
});

test("openNetworks() answers or refuses, whatever bytes of the file are changed", (t) => {
  const file = example();
  let state = 99;
  const random = (below: number) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
  const path = written(t, file);
  for (let i = 0; i < 2000; i++) {
    const copy = Buffer.from(file);
    for (let n = 1 + random(3); n > 0; n--) copy[random(copy.length)] = random(256);
    writeFileSync(path, copy);
    try {
      const networks = openNetworks(path);
      assert.ok(!isUnavailable(networks));
      try {
        for (const address of ["8.8.8.8", "1.1.1.1", "2001:db7:1::1"]) of(networks, address);
      } finally {
        networks.close();
      }
    } catch (error) {
      assert.ok(error instanceof MonitauriError, String(error));
    }
  }
});

test("a table of ranges gives back what went into it, at every edge and through many blocks", () => {
  const ranges: Range[] = [];
  let at = 0;
  for (let i = 0; i < 5000; i++) {
    const start = at + (i % 3) * 1000 * i;
    const end = start + 1 + ((i * 7919) % 65_536);
    ranges.push({ start, end, value: 1 + ((i * 31) % 90_000) });
    at = end;
  }
  const { index, blocks } = encodeTable(ranges);
  const decoded = decodeIndex(index, blocks.length);
  const valueOf = (key: number) => {
    const block = blockOf(decoded, key);
    if (block < 0) return 0;
    const bytes = blocks.subarray(decoded.offsets[block], decoded.offsets[block + 1]);
    return valueIn(bytes, decoded.starts[block] ?? 0, key);
  };
  for (const [i, { start, end, value }] of ranges.entries()) {
    assert.equal(valueOf(start), value);
    assert.equal(valueOf(end - 1), value);
    const next = ranges[i + 1];
    if (next === undefined || next.start > end) assert.equal(valueOf(end), 0);
  }
});

test("encodeTable() lets the earlier of overlapping ranges win, and joins equal neighbours", () => {
  const { index, blocks } = encodeTable([
    { start: 10, end: 20, value: 1 },
    { start: 15, end: 30, value: 2 },
    { start: 30, end: 40, value: 2 },
  ]);
  const { starts } = decodeIndex(index, blocks.length);
  const values = [9, 10, 19, 20, 39, 40].map((key) =>
    key < 10 ? 0 : valueIn(blocks, starts[0] ?? 0, key),
  );
  assert.deepEqual(values, [0, 1, 1, 2, 2, 0]);
  assert.equal(blocks.length, 6);
});

function example(): Buffer {
  return encodeNetworkFile({
    sources: [SOURCE],
    countries: ["US", "DE"],
    systems: [
      { asn: 15_169, organisation: "Google LLC" },
      { asn: 64_501, organisation: "Bad \u202ename" },
    ],
    ipv4Asn: [{ start: key("8.8.8.0"), end: key("8.8.9.0"), value: 1 }],
    ipv6Asn: [{ start: key("2001:db7::"), end: key("2001:db8::"), value: 2 }],
    ipv4Country: [{ start: key("8.0.0.0"), end: key("9.0.0.0"), value: 1 }],
    ipv6Country: [{ start: key("2001:db7::"), end: key("2001:db8::"), value: 2 }],
  });
}

function opened(t: TestContext, file: Buffer): Networks {
  const networks = openNetworks(written(t, file));
  assert.ok(!isUnavailable(networks));
  t.after(() => networks.close());
  return networks;
}

function written(t: TestContext, bytes: Buffer): string {
  const folder = mkdtempSync(join(tmpdir(), "networks-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "networks.bin");
  writeFileSync(path, bytes);
  return path;
}

function of(networks: Networks, text: string) {
  return networks.networkOf(parseAddress(text) ?? new Uint8Array(16));
}

function key(text: string): number {
  return networkKey(parseAddress(text) ?? new Uint8Array(16));
}
