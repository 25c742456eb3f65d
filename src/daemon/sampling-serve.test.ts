// The sampling thread's side over a real message channel, without a thread.
import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { MessageChannel, type MessagePort } from "node:worker_threads";
import { MonitauriError } from "../model/error.ts";
import type { HistoryTick } from "../model/history.ts";
import type { Sample } from "../model/sample.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { unavailable } from "../model/unavailable.ts";
import type { FromSampling } from "./sampling-messages.ts";
import { type SamplerPart, serveSampling } from "./sampling-serve.ts";

// No second tick while a test runs.
const LONG_MS = 60_000;

test("serveSampling() opens, samples at once, answers, and closes with a last sample", async () => {
  const { port1, port2 } = new MessageChannel();
  const heard = listen(port1);
  let closed = 0;
  let descriptors = [7, 8];
  await serveSampling(port2, {
    intervalMs: LONG_MS,
    open: async () => ({
      collector: { read: () => ({}) as Snapshot, close: () => void (closed += 1) },
      descriptors: () => descriptors,
      passedOver: [],
      listeners: () => [],
    }),
    createSampler: () => sampler({}),
  });
  port1.postMessage({ kind: "ask", id: 1, topic: "connections", what: { limit: 5 } });
  port1.postMessage({ kind: "ask", id: 2, topic: "ps", what: { by: "process" } });
  await heard.until((message) => message.kind === "refusal");
  descriptors = [7];
  port1.postMessage({ kind: "stop" });
  await once(port1, "close");
  assert.deepEqual(heard.messages, [
    { kind: "descriptors", descriptors: [7, 8] },
    { kind: "opened", passedOver: [], credits: [] },
    { kind: "sample", sample: { atMs: 1 }, tick: { atMs: 1 } },
    { kind: "answer", id: 1, value: { connections: [], count: 5, total: 5 } },
    { kind: "refusal", id: 2, code: "unsupported", message: "no processes here" },
    { kind: "sample", sample: { atMs: 2 }, tick: { atMs: 2 } },
    { kind: "descriptors", descriptors: [7] },
    { kind: "descriptors", descriptors: [] },
  ]);
  assert.equal(closed, 1);
});

test("serveSampling() says that nothing can count, and ends", async () => {
  const { port1, port2 } = new MessageChannel();
  const heard = listen(port1);
  const missing = [unavailable("counting", "no kernel", "get one")];
  await serveSampling(port2, {
    intervalMs: LONG_MS,
    open: async () => missing,
    createSampler: () => assert.fail(),
  });
  await once(port1, "close");
  assert.deepEqual(heard.messages, [{ kind: "unavailable", missing }]);
});

test("serveSampling() goes on after a reading that failed", async () => {
  const { port1, port2 } = new MessageChannel();
  const heard = listen(port1);
  let readings = 0;
  await serveSampling(port2, {
    intervalMs: 100,
    open: async () => ({
      collector: {
        read() {
          readings += 1;
          if (readings === 1) throw new MonitauriError("failed", "Cannot read: not now");
          return {} as Snapshot;
        },
        close() {},
      },
      descriptors: () => [],
      passedOver: [],
      listeners: () => [],
    }),
    createSampler: () => sampler({}),
  });
  await heard.until(({ kind }) => kind === "sample");
  assert.deepEqual(heard.messages[1], { kind: "fault", message: "Cannot read: not now" });
  port1.postMessage({ kind: "stop" });
  await once(port1, "close");
});

test("serveSampling() gives the collector back and ends the thread when nothing works any more", async () => {
  const { port1, port2 } = new MessageChannel();
  const heard = listen(port1);
  let closed = 0;
  const thrown = once(process, "uncaughtException");
  // The test runner listens, too; the thread has nobody who does.
  const others = process.listeners("uncaughtException").slice(0, -1);
  for (const other of others) process.off("uncaughtException", other);
  await serveSampling(port2, {
    intervalMs: 100,
    open: async () => ({
      collector: {
        read() {
          throw new TypeError("broken");
        },
        close: () => void (closed += 1),
      },
      descriptors: () => [7],
      passedOver: [],
      listeners: () => [],
    }),
    createSampler: () => sampler({}),
  });
  const [error] = await thrown;
  for (const other of others) process.on("uncaughtException", other);
  assert.equal(error.message, "broken");
  await heard.until(
    (message) => message.kind === "descriptors" && message.descriptors.length === 0,
  );
  assert.deepEqual(
    heard.messages.filter(({ kind }) => kind === "fault"),
    [{ kind: "fault", message: "broken" }],
    "said once",
  );
  assert.equal(closed, 1);
  port2.close();
});

function sampler(different: Partial<SamplerPart>): SamplerPart {
  let readings = 0;
  return {
    take() {
      readings += 1;
      return { atMs: readings } as Sample;
    },
    ps() {
      throw new MonitauriError("unsupported", "no processes here");
    },
    connections: ({ limit: count = 0 } = {}) => ({ connections: [], count, total: count }),
    setIntervalMs() {},
    groups: () => [],
    historyTick: ({ atMs }) => ({ atMs }) as HistoryTick,
    ...different,
  };
}

function listen(port: MessagePort) {
  const messages: FromSampling[] = [];
  port.on("message", (message: FromSampling) => messages.push(message));
  return {
    messages,
    async until(wanted: (message: FromSampling) => boolean): Promise<void> {
      while (!messages.some(wanted)) await once(port, "message");
    },
  };
}
