// Answers, refusals, the timeout and the limit.
import assert from "node:assert/strict";
import { test } from "node:test";
import { createRequests, MAX_OUTSTANDING } from "./sampling-requests.ts";

test("createRequests() matches answers to questions by number", async () => {
  const requests = createRequests();
  const ids: number[] = [];
  const first = requests.ask((id) => ids.push(id));
  const second = requests.ask((id) => ids.push(id));
  requests.answer(ids[1] ?? 0, "second");
  requests.answer(ids[0] ?? 0, "first");
  assert.deepEqual(await Promise.all([first, second]), ["first", "second"]);
});

test("createRequests() passes a refusal on and knows late answers from new ones", async () => {
  const requests = createRequests(5);
  const refused = requests.ask((id) => requests.refuse(id, { code: "invalid", message: "no" }));
  await assert.rejects(refused, { code: "invalid", message: "no" });
  let late = 0;
  const timedOut = requests.ask((id) => {
    late = id;
  });
  await assert.rejects(timedOut, { code: "failed", message: /no answer within/ });
  requests.answer(late, "too late");
});

test("createRequests() refuses more than it can hold, and all when the thread is gone", async () => {
  const requests = createRequests();
  const held = Array.from({ length: MAX_OUTSTANDING }, () => requests.ask(() => {}));
  await assert.rejects(
    requests.ask(() => {}),
    { code: "busy" },
  );
  requests.refuseAll("gone");
  const results = await Promise.allSettled(held);
  assert.ok(results.every(({ status }) => status === "rejected"));
  await requests.ask((id) => requests.answer(id, 1));
});
