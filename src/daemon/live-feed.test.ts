// Readers of every pace against the real feed; no clocks.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { ActivityRow, LiveSample } from "../model/live.ts";
import type { Sample } from "../model/sample.ts";
import {
  createLiveFeed,
  type LiveFeed,
  MAX_READERS,
  MAX_REMEMBERED,
  REMEMBERED_APPLICATIONS,
} from "./live-feed.ts";
import type { Sums } from "./totals.ts";

test("read() gives a reader that is too slow the latest, and counts what it missed", async () => {
  const feed = feedWith(3);
  const samples = feed.read()[Symbol.asyncIterator]();
  assert.equal(await nextId(samples), 3);
  publish(feed, 50);
  assert.equal(await nextId(samples), 53);
  assert.equal(feed.statistics().missed, 49);
});

test("read() goes on without a hole where the past ends, however much comes meanwhile", async () => {
  const feed = feedWith(40);
  const samples = feed.read({ after: 0 })[Symbol.asyncIterator]();
  const ids: (number | undefined)[] = [];
  for (let i = 0; i < 50; i += 1) {
    if (i < 20) publish(feed, 1);
    if (i < 30) ids.push(await nextId(samples));
  }
  while (ids.at(-1) !== 60) ids.push(await nextId(samples));
  assert.deepEqual(
    ids,
    Array.from({ length: 60 }, (_, i) => i + 1),
  );
  assert.equal(feed.statistics().missed, 0);
});

test("read() does not stay in the past for ever", async () => {
  const feed = feedWith(10);
  const samples = feed.read({ after: 0 })[Symbol.asyncIterator]();
  assert.equal(await nextId(samples), 1);
  publish(feed, 1000);
  const ids = [];
  while (ids.at(-1) !== 1010) ids.push(await nextId(samples));
  assert.ok(ids.length < 60, `${ids.length} old samples`);
});

test("read() counts nothing as missed by a reader that comes from an earlier daemon", async () => {
  const feed = createLiveFeed({ intervalMs: 1000, firstId: 1_000_000 });
  publish(feed, 1);
  assert.equal(await nextId(feed.read({ after: 5 })[Symbol.asyncIterator]()), 1_000_000);
  assert.equal(feed.statistics().missed, 0);
});

test("read() of many readers keeps nothing for those that do not read", async () => {
  const feed = feedWith(1);
  const stuck = Array.from({ length: MAX_READERS }, () => feed.read()[Symbol.asyncIterator]());
  assert.throws(() => feed.read()[Symbol.asyncIterator](), { code: "busy" });
  for (const one of stuck) await one.next();
  publish(feed, 500);
  for (const one of stuck) assert.equal(await nextId(one), 501);
  for (const one of stuck) await one.return?.();
  assert.equal(feed.statistics().readers, 0);
});

test("publish() keeps the ring within its count and its bytes", () => {
  const feed = feedWith(1);
  publish(feed, 2000);
  assert.equal(feed.statistics().remembered, 900, "15 minutes of seconds");
  feed.setIntervalMs(100);
  publish(feed, MAX_REMEMBERED + 10);
  assert.equal(feed.statistics().remembered, MAX_REMEMBERED);
  const big = createLiveFeed({ intervalMs: 1000, firstId: 1 });
  publish(big, 1000, applications(300, "x".repeat(200)));
  const { remembered, rememberedBytes } = big.statistics();
  assert.ok(remembered > 50 && remembered < 900);
  assert.ok(rememberedBytes <= 8 * 2 ** 20);
});

test("publish() remembers the busiest applications and folds the others", async () => {
  const feed = createLiveFeed({ intervalMs: 1000, firstId: 1 });
  publish(feed, 1, applications(100, "app"));
  publish(feed, 1);
  const samples = feed.read({ after: 0 })[Symbol.asyncIterator]();
  const past: LiveSample = (await samples.next()).value;
  assert.equal(past.applications.length, REMEMBERED_APPLICATIONS);
  assert.deepEqual(past.others, {
    count: 40,
    rxBytes: 40,
    txBytes: 80,
    rxLoopbackBytes: 0,
    txLoopbackBytes: 0,
  });
  publish(feed, 1, applications(100, "app"));
  await samples.next();
  const latest: LiveSample = (await samples.next()).value;
  assert.deepEqual([latest.applications.length, latest.others.count], [100, 0]);
});

test("readTexts() has the samples as JSON, made once", async () => {
  const feed = feedWith(2);
  const one = await feed.readTexts()[Symbol.asyncIterator]().next();
  const other = await feed.readTexts()[Symbol.asyncIterator]().next();
  assert.equal(one.value.text, other.value.text);
  assert.equal((JSON.parse(one.value.text) as LiveSample).id, 2);
});

test("close() ends those who wait and those who come", async () => {
  const feed = feedWith(1);
  const samples = feed.read()[Symbol.asyncIterator]();
  await samples.next();
  const waiting = samples.next();
  feed.close();
  assert.equal((await waiting).done, true);
  assert.equal((await feed.read()[Symbol.asyncIterator]().next()).done, true);
  assert.equal(feed.statistics().readers, 0);
});

function feedWith(samples: number): LiveFeed {
  const feed = createLiveFeed({ intervalMs: 1000, firstId: 1 });
  publish(feed, samples);
  return feed;
}

function publish(feed: LiveFeed, count: number, rows: readonly ActivityRow[] = []): void {
  const traffic = { rxBytes: 1, txBytes: 2 };
  const sample = {
    atMs: 0,
    intervalMs: 1000,
    delta: traffic,
    loopbackDelta: traffic,
    applications: rows,
    interfaces: [],
    coverage: [],
    health: { source: "eBPF", level: "test" },
  } as unknown as Sample;
  const totals = { network: traffic, loopback: traffic } as Sums;
  for (let i = 0; i < count; i += 1) feed.publish(sample, totals);
}

function applications(count: number, name: string): ActivityRow[] {
  const bytes = { rxBytes: 1, txBytes: 2, rxLoopbackBytes: 0, txLoopbackBytes: 0 };
  return Array.from({ length: count }, (_, i) => ({
    key: `name:${i}`,
    name,
    ...bytes,
    total: bytes,
    connections: 1,
    interfaces: [],
  }));
}

async function nextId(samples: AsyncIterator<LiveSample>): Promise<number | undefined> {
  const { done, value } = await samples.next();
  return done === true ? undefined : value.id;
}
