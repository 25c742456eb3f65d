import assert from "node:assert/strict";
import { test } from "node:test";
import type { LiveSample } from "../../model/live.ts";
import { createHub, MAX_SAMPLES } from "./hub.ts";
import type { ToTab } from "./messages.ts";

const NONE = { rxBytes: 0, txBytes: 0, rxLoopbackBytes: 0, txLoopbackBytes: 0 };

function sampleOf(id: number): LiveSample {
  return {
    id,
    atMs: id * 1000,
    intervalMs: 1000,
    gap: null,
    rxBytes: 100,
    txBytes: 10,
    rxLoopbackBytes: 7,
    txLoopbackBytes: 7,
    rxTotalBytes: 100,
    txTotalBytes: 10,
    rxTotalLoopbackBytes: 7,
    txTotalLoopbackBytes: 7,
    interfaces: [{ name: "eth0", kind: "physical", rxBytes: 60, txBytes: 6 }],
    applications: [
      {
        key: "a",
        name: "a",
        rxBytes: 107,
        txBytes: 17,
        rxLoopbackBytes: 7,
        txLoopbackBytes: 7,
        total: { ...NONE, rxBytes: 107, txBytes: 17, rxLoopbackBytes: 7, txLoopbackBytes: 7 },
        connections: 1,
        interfaces: [{ name: "eth0", rxBytes: 60, txBytes: 6 }],
      },
    ],
    others: { count: 0, ...NONE },
    attributedShare: 1,
    counting: "eBPF, x",
  };
}

/** A stream that the test feeds by hand. */
function feed() {
  const asked: (number | undefined)[] = [];
  let give: ((sample: LiveSample | undefined) => void) | undefined;
  const live = ({ after }: { after?: number }): AsyncIterable<LiveSample> => {
    asked.push(after);
    return {
      async *[Symbol.asyncIterator]() {
        for (;;) {
          const sample = await new Promise<LiveSample | undefined>((resolve) => {
            give = resolve;
          });
          if (sample === undefined) return;
          yield sample;
        }
      },
    };
  };
  const next = async (sample: LiveSample | undefined) => {
    while (give === undefined) await Promise.resolve();
    const now = give;
    give = undefined;
    now(sample);
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
  };
  return { live, next, asked };
}

function tabOf(hub: ReturnType<typeof createHub>) {
  const heard: ToTab[] = [];
  const tell = hub.join((message) => heard.push(message));
  return { heard, tell };
}

test("createHub() shows each tab its own scope of the one stream", async () => {
  const { live, next, asked } = feed();
  const hub = createHub({ live, setToken: () => {}, nowMs: () => 0 });
  const [one, two] = [tabOf(hub), tabOf(hub)];
  one.tell({ type: "hello", token: "t", isFresh: true, scope: "all" });
  two.tell({ type: "hello", token: undefined, isFresh: false, scope: "if:eth0" });
  await next(sampleOf(1));
  assert.deepEqual(asked, [0]);
  const rx = ({ heard }: typeof one) =>
    heard.flatMap((m) => (m.type === "tick" ? [m.tick.rxBytes] : []));
  assert.deepEqual(rx(one), [100]);
  assert.deepEqual(rx(two), [60]);
  assert.ok(
    two.heard.some((m) => m.type === "token" && m.token === "t"),
    "no token for the second tab",
  );
  one.tell({ type: "bye" });
  two.tell({ type: "bye" });
  await next(undefined);
});

test("createHub() tells a new scope the past, and goes on behind the last sample", async () => {
  const { live, next, asked } = feed();
  const hub = createHub({ live, setToken: () => {}, nowMs: () => 0 });
  const tab = tabOf(hub);
  tab.tell({ type: "hello", token: "t", isFresh: true, scope: "all" });
  for (let id = 1; id <= 3; id += 1) await next(sampleOf(id));
  tab.tell({ type: "scope", scope: "loopback" });
  const past = tab.heard.findLast((m) => m.type === "past");
  assert.deepEqual(past?.type === "past" && past.ticks.map(({ rxBytes }) => rxBytes), [7, 7, 7]);
  await next(undefined);
  assert.deepEqual(tab.heard.at(-1), { type: "link", link: { state: "lost", sinceMs: 0 } });
  tab.tell({ type: "retry" });
  await next(sampleOf(4));
  assert.deepEqual(asked, [0, 3]);
  tab.tell({ type: "bye" });
  await next(undefined);
});

test("createHub() keeps MAX_SAMPLES", async () => {
  const { live, next } = feed();
  const hub = createHub({ live, setToken: () => {}, nowMs: () => 0 });
  const tab = tabOf(hub);
  tab.tell({ type: "hello", token: "t", isFresh: true, scope: "all" });
  for (let id = 1; id <= MAX_SAMPLES + 5; id += 1) await next(sampleOf(id));
  tab.tell({ type: "scope", scope: "all" });
  const past = tab.heard.findLast((m) => m.type === "past");
  assert.equal(past?.type === "past" && past.ticks.length, MAX_SAMPLES);
  tab.tell({ type: "bye" });
  await next(undefined);
});

test("createHub() says that a session is unknown, and goes on with another", async () => {
  const { live, next } = feed();
  const hub = createHub({ live, setToken: () => {}, nowMs: () => 0 });
  const tab = tabOf(hub);
  tab.tell({ type: "hello", token: "old", isFresh: false, scope: "all" });
  hub.refuse();
  assert.deepEqual(tab.heard.at(-1), { type: "link", link: { state: "unknown-session" } });
  tab.tell({ type: "token", token: "new" });
  await next(sampleOf(1));
  assert.ok(tab.heard.some((m) => m.type === "link" && m.link.state === "live"));
  tab.tell({ type: "bye" });
  await next(undefined);
});
