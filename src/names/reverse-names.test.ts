// Reverse look-ups: how often, how many, what is believed.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  AT_A_TIME,
  createReverseNames,
  PER_SECOND,
  QUEUE_LIMIT,
  REVERSE_LIMIT,
} from "./reverse-names.ts";

const settled = () => new Promise((resolve) => setImmediate(resolve));

function open(answers: Readonly<Record<string, readonly string[] | string>>) {
  const asked: string[] = [];
  const names = createReverseNames({
    async reverse(address) {
      asked.push(address);
      const answer = answers[address] ?? "ENOTFOUND";
      if (typeof answer === "string") throw Object.assign(new Error(answer), { code: answer });
      return answer;
    },
  });
  return { names, asked };
}

/** Ticks of a second until nothing more is asked. */
async function run(names: ReturnType<typeof createReverseNames>, fromMs: number, seconds = 3) {
  for (let second = 0; second <= seconds; second++) {
    names.ask(fromMs + second * 1000);
    await settled();
  }
}

test("nameOf() asks once, says the name when it is there, and its source", async () => {
  const { names, asked } = open({ "192.0.2.1": ["Host.Example.Org.", "b.example"] });
  assert.equal(names.nameOf("192.0.2.1", 0), undefined);
  await run(names, 0);
  assert.deepEqual(names.nameOf("192.0.2.1", 5_000), {
    name: "b.example",
    source: "reverse",
    alternatives: ["host.example.org"],
  });
  await run(names, 5_000);
  assert.deepEqual(asked, ["192.0.2.1"]);
});

test("nameOf() refuses what is no host name", async () => {
  const { names } = open({ "192.0.2.1": ["<img src=x>", "a b", "\u001b[31m.example", "10.0.0.1"] });
  names.nameOf("192.0.2.1", 0);
  await run(names, 0);
  assert.equal(names.nameOf("192.0.2.1", 5_000), undefined);
});

test("nameOf() remembers that there is no name, and asks again later", async () => {
  const { names, asked } = open({});
  names.nameOf("192.0.2.1", 0);
  await run(names, 0);
  names.nameOf("192.0.2.1", 9 * 60_000);
  await run(names, 9 * 60_000);
  assert.equal(asked.length, 1);
  names.nameOf("192.0.2.1", 11 * 60_000);
  await run(names, 11 * 60_000);
  assert.equal(asked.length, 2);
});

test("ask() asks no more than so many a second, and a bounded number waits", async () => {
  const { names, asked } = open({});
  for (let i = 0; i < QUEUE_LIMIT + 100; i++) names.nameOf(`198.51.100.${i}`, 0);
  assert.equal(names.bounds[1]?.used, QUEUE_LIMIT);
  await run(names, 0, 10);
  assert.ok(asked.length <= 10 * PER_SECOND, `${asked.length}`);
  assert.ok(asked.length >= 10 * AT_A_TIME, `${asked.length}`);
});

test("ask() never has more than so many under way", () => {
  const names = createReverseNames({ reverse: () => new Promise(() => {}) });
  for (let i = 0; i < 50; i++) names.nameOf(`198.51.100.${i}`, 0);
  for (let second = 0; second < 60; second++) names.ask(second * 1000);
  assert.equal(names.asked, AT_A_TIME);
});

test("ask() leaves a name server alone that does not answer", async () => {
  const answers = Object.fromEntries(
    Array.from({ length: 50 }, (_, i) => [`198.51.100.${i}`, "ETIMEOUT"]),
  );
  const { names, asked } = open(answers);
  for (const address of Object.keys(answers)) names.nameOf(address, 0);
  await run(names, 0, 30);
  assert.ok(asked.length < 12, `${asked.length} questions in 30 s`);
  await run(names, 70_000, 3);
  assert.ok(asked.length > 8, "it is tried again");
});

test("a bounded number of answers is remembered", async () => {
  const { names } = open({});
  for (let i = 0; i < REVERSE_LIMIT + 50; i += AT_A_TIME) {
    for (let j = 0; j < AT_A_TIME; j++)
      names.nameOf(`10.${i >> 16}.${(i >> 8) & 255}.${(i & 255) + j}`, i * 1000);
    names.ask(i * 1000);
    await settled();
  }
  assert.ok((names.bounds[0]?.used ?? 0) <= REVERSE_LIMIT);
  names.close();
});
