// The history thread's side over a real message channel, without a thread.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { MessageChannel } from "node:worker_threads";
import type { FromHistory, ToHistory } from "./messages.ts";
import { openHistoryStore } from "./open.ts";
import { detailOf, tickOf } from "./scripted-ticks.ts";
import { serveHistory } from "./serve.ts";

const START = Date.parse("2026-11-08T12:00:00Z");
let folder: string;
before(() => {
  folder = mkdtempSync(join(tmpdir(), "monitauri-serve-"));
});
after(() => rmSync(folder, { recursive: true }));

function serve(path: string) {
  const { port1, port2 } = new MessageChannel();
  const heard: FromHistory[] = [];
  port1.on("message", (message: FromHistory) => heard.push(message));
  serveHistory(port2, {
    open: () => openHistoryStore({ path, version: "1", now: () => START, zone: "UTC" }),
  });
  return { port: port1, heard, say: (message: ToHistory) => port1.postMessage(message) };
}

test("serveHistory() takes ticks, answers each question under its number, and ends when told", async () => {
  const { port, heard, say } = serve(join(folder, "history.db"));
  const ask = (id: number, topic: Extract<ToHistory, { kind: "ask" }>["topic"], what: unknown) =>
    say({ kind: "ask", id, topic, what });
  const period = { fromMs: START, toMs: START + 60_000 };
  say({ kind: "tick", tick: tickOf(START + 1_000, [detailOf({ rxBytes: 5 })]), lost: null });
  ask(1, "query", { ...period, groupBy: "remote" });
  ask(2, "query", { fromMs: 2, toMs: 1 });
  ask(3, "exportPart", { query: { ...period, level: "second", format: "csv" }, cursor: null });
  ask(4, "changeSettings", { hourDays: 400 });
  ask(5, "importVnstat", "no json");
  ask(6, "state", null);
  say({ kind: "stop" });
  await once(port, "close");
  assert.deepEqual(
    heard.map((message) => ("id" in message ? `${message.kind} ${message.id}` : message.kind)),
    ["opened", "taken", "answer 1", "refusal 2", "answer 3", "answer 4", "refusal 5", "answer 6"],
  );
  const valueOf = (id: number) =>
    heard.flatMap((message) =>
      message.kind === "answer" && message.id === id ? [message.value] : [],
    )[0];
  assert.partialDeepStrictEqual(valueOf(1), {
    total: { rxBytes: 5 },
    rows: [{ key: "example.org" }],
  });
  assert.partialDeepStrictEqual(valueOf(3), { next: null });
  assert.partialDeepStrictEqual(valueOf(4), { hourDays: 400, minuteDays: 30 });
  assert.partialDeepStrictEqual(valueOf(6), { fault: undefined, settings: { hourDays: 400 } });
});

test("serveHistory() says why there is no history, and ends", async () => {
  const { port, heard } = serve("/proc/history.db");
  await once(port, "close");
  assert.partialDeepStrictEqual(heard, [{ kind: "refused", code: "failed" }]);
});
