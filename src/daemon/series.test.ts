// No counter goes back and no byte is lost, whoever comes and goes.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ActivityRow } from "../model/live.ts";
import {
  createSeriesBook,
  MAX_INTERFACES,
  MAX_SERIES,
  NAMED,
  OTHER,
  type SeriesBook,
} from "./series.ts";

test("createSeriesBook() gives late but big applications a series without taking bytes from other", () => {
  const book = createSeriesBook();
  for (let i = 0; i < NAMED; i += 1) add(book, `path:/a${i}`, 1000);
  add(book, "path:/late", 10);
  assert.equal(book.applications().has("path:/late"), false);
  assert.equal(book.applications().get(OTHER)?.rxBytes, 10);
  add(book, "path:/late", 5000, 5010);
  assert.equal(book.applications().get("path:/late")?.rxBytes, 5000);
  assert.equal(book.applications().get(OTHER)?.rxBytes, 10, "what it did before stays there");
});

test("createSeriesBook() never goes back, loses nothing and stays bounded under any traffic", () => {
  const book = createSeriesBook();
  const totals = new Map<string, number>();
  let sum = 0;
  let seed = 1;
  const random = (below: number) => {
    seed = (seed * 48_271) % 2_147_483_647;
    return seed % below;
  };
  let before = new Map<string, number>();
  for (let round = 0; round < 3000; round += 1) {
    const key = `path:/${random(600)}`;
    const bytes = random(1_000) * (random(50) === 0 ? 1_000 : 1);
    const total = (totals.get(key) ?? 0) + bytes;
    totals.set(key, total);
    sum += bytes;
    add(book, key, bytes, total);
    const now = new Map([...book.applications()].map(([name, { rxBytes }]) => [name, rxBytes]));
    for (const [name, value] of before) assert.ok((now.get(name) ?? -1) >= value, name);
    before = now;
  }
  assert.ok(before.size <= MAX_SERIES + 1 && before.size > NAMED);
  assert.equal(
    [...before.values()].reduce((a, b) => a + b),
    sum,
  );
});

test("createSeriesBook() keeps remainders and interfaces apart, and interfaces bounded", () => {
  const book = createSeriesBook();
  add(book, "remainder:forwarded", 7);
  assert.equal(book.remainders().get("forwarded")?.rxBytes, 7);
  assert.equal(book.applications().size, 1);
  for (let i = 0; i < MAX_INTERFACES + 5; i += 1) {
    const interfaces = [{ name: `veth${i}`, kind: "virtual", rxBytes: 1, txBytes: 0 }] as const;
    book.add({ applications: [], interfaces });
  }
  assert.equal(book.interfaces().size, MAX_INTERFACES + 1);
  assert.equal(book.interfaces().get(OTHER)?.rxBytes, 5);
});

function add(book: SeriesBook, key: string, rxBytes: number, total = rxBytes): void {
  const bytes = { rxBytes, txBytes: 0, rxLoopbackBytes: 0, txLoopbackBytes: 0 };
  const row: ActivityRow = {
    key,
    name: key,
    ...bytes,
    total: { ...bytes, rxBytes: total },
    connections: 0,
    interfaces: [],
  };
  book.add({ applications: [row], interfaces: [] });
}
