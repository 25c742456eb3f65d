import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ADDRESS_LIMIT,
  AddressNames,
  KEEP_MS,
  NAME_LIMIT,
  NAMES_PER_ADDRESS,
} from "./address-names.ts";
import { addressOf } from "./captures.ts";

const ADDRESS = addressOf("192.0.2.1");

function answer(
  name: string,
  answeredAtMs: number,
  differs: { process?: number; ttlSeconds?: number; address?: Uint8Array } = {},
) {
  return {
    name,
    source: "dns",
    process: 1,
    answeredAtMs,
    ttlSeconds: 60,
    address: ADDRESS,
    ...differs,
  } as const;
}

function names(of: AddressNames, atMs: number): string[] {
  return of.lookup(ADDRESS, atMs).map(({ name }) => name);
}

test("AddressNames gives the name answered last first, each once per process", () => {
  const known = new AddressNames();
  for (const [i, name] of ["a", "b", "a"].entries()) known.add(answer(name, i));
  known.add(answer("b", 3, { process: 2 }));
  assert.deepEqual(names(known, 4), ["b", "a", "b"]);
  assert.equal(known.count, 3);
});

test("AddressNames keeps names for an hour, longer where the server says so, and as long as they are used", () => {
  const known = new AddressNames();
  known.add(answer("short", 0));
  known.add(answer("long", 0, { ttlSeconds: 100_000 }));
  assert.deepEqual(names(known, KEEP_MS), ["long", "short"]);
  assert.deepEqual(names(known, 2 * KEEP_MS), ["long", "short"]);
  assert.deepEqual(names(known, 3 * KEEP_MS + 1), ["long"]);
  assert.deepEqual(names(known, 300_000_000), []);
  assert.deepEqual([known.size, known.count], [0, 0]);
});

test("AddressNames keeps each new name for an hour", () => {
  const known = new AddressNames();
  known.add(answer("old", 0));
  known.add(answer("new", 2 * KEEP_MS));
  assert.deepEqual(names(known, 2.5 * KEEP_MS), ["new"]);
});

test("AddressNames does not believe lifetimes of years", () => {
  const known = new AddressNames();
  known.add(answer("a", 0, { ttlSeconds: 0x7fffffff }));
  assert.deepEqual(names(known, 8 * 86_400_000), []);
});

test("AddressNames takes back what is removed, whoever was told", () => {
  const known = new AddressNames();
  known.add(answer("a", 0));
  known.add(answer("a", 0, { process: 2 }));
  known.add(answer("b", 0));
  known.remove(ADDRESS, "a");
  assert.deepEqual([names(known, 0), known.count], [["b"], 1]);
  known.remove(ADDRESS, "b");
  assert.equal(known.size, 0);
});

test("AddressNames holds no more than its limits, and what was used stays", () => {
  const known = new AddressNames();
  for (let i = 0; i < NAMES_PER_ADDRESS + 5; i++) known.add(answer(`n${i}`, i));
  assert.equal(known.count, NAMES_PER_ADDRESS);
  for (let i = 0; i < ADDRESS_LIMIT * 2; i++) {
    known.add(answer("x", 0, { address: numbered(i) }));
    if (i % 1000 === 0) names(known, 0);
  }
  assert.equal(known.size, ADDRESS_LIMIT);
  assert.equal(known.count, ADDRESS_LIMIT - 1 + NAMES_PER_ADDRESS);
  for (let i = 0; i < ADDRESS_LIMIT; i++)
    for (let n = 0; n < NAMES_PER_ADDRESS; n++)
      known.add(answer(`x${n}`, 0, { address: numbered(i) }));
  assert.ok(known.count <= NAME_LIMIT && known.count > NAME_LIMIT - NAMES_PER_ADDRESS);
});

function numbered(i: number): Uint8Array {
  const address = addressOf("2001:db8::");
  address.set([i >> 16, (i >> 8) & 0xff, i & 0xff], 13);
  return address;
}
