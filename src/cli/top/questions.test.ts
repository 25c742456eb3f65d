// What the live screen asks, and how often.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createClient } from "../../client/client.ts";
import { createQuestions } from "./questions.ts";
import { firstState } from "./state.ts";

const first = firstState({ bytes: false, filter: "" });
const processes = { ...first, view: "processes" } as const;

/** A daemon that knows nothing, and needs `tookMs` for it. */
function quiet(tookMs: number) {
  const asked: string[] = [];
  let nowMs = 0;
  const daemon = createClient(async (path) => {
    asked.push(path.replace("/api/v1/", ""));
    nowMs += tookMs;
    return {
      status: 200,
      json: async () => (path.includes("connections") ? { connections: [] } : []),
      async *pieces() {},
    };
  });
  const questions = createQuestions(daemon, () => nowMs);
  return {
    questions,
    /** What is asked at this moment. */
    async at(atMs: number, state: Parameters<typeof questions.ask>[0]) {
      asked.length = 0;
      await questions.ask(state, atMs);
      return [...asked];
    },
  };
}

test("ask() asks for applications every ten seconds, and for a view as often as its answers are quick", async () => {
  const { at } = quiet(10);
  assert.deepEqual(await at(0, first), ["ps?by=application"]);
  assert.deepEqual(await at(1_000, first), []);
  assert.deepEqual(await at(2_000, processes), ["ps?by=process"]);
  assert.deepEqual(await at(2_400, processes), []);
  assert.deepEqual(await at(2_600, processes), ["ps?by=process"]);
  assert.deepEqual(await at(10_000, first), ["ps?by=application"]);
});

test("ask() asks a slow daemon seldom, but at once for another view", async () => {
  const { at } = quiet(200);
  await at(0, processes);
  assert.deepEqual(await at(9_000, processes), []);
  const connections = { ...first, view: "connections" } as const;
  const [asked] = await at(9_100, connections);
  assert.match(asked ?? "", /^connections\?limit=500&sort=rate/);
});

test("forget() asks everything anew", async () => {
  const { questions, at } = quiet(200);
  await at(0, processes);
  questions.forget();
  assert.deepEqual(await at(1, processes), ["ps?by=application", "ps?by=process"]);
});

test("an answer to what is no longer looked at changes nothing", async () => {
  const { questions } = quiet(1);
  const change = await questions.ask(processes, 0);
  assert.equal(change(first).data.processes, first.data.processes);
  assert.notEqual(change(processes).data.processes, first.data.processes);
});
