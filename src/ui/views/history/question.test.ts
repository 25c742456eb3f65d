import assert from "node:assert/strict";
import { test } from "node:test";
import { HISTORY_GROUPINGS } from "../../../model/history.ts";
import { PERIODS } from "./periods.ts";
import {
  backTo,
  filterOf,
  into,
  NEW_QUESTION,
  ORDERS,
  type Question,
  questionPath,
  readQuestion,
  TOPS,
  VIEWS,
  withRows,
  withStep,
} from "./question.ts";

function read(path: string): Question {
  return readQuestion(new URL(path, "http://localhost").searchParams);
}

test("questionPath() keeps the whole question, whatever keys hold", () => {
  let seed = 3;
  const chance = () => {
    seed = (seed * 48_271) % 0x7fffffff;
    return seed / 0x7fffffff;
  };
  const pick = <T>(all: readonly T[]) => all[Math.floor(chance() * all.length)] as T;
  const keys = ["", "a b&c=d?#%", "path:/opt/é/x", "2001:db8::1", "+49", "\u202e<b>", "zoom=1"];
  const period = () => {
    const fromMs = Math.floor(chance() * 1.7e12);
    return { fromMs, toMs: fromMs + 1 + Math.floor(chance() * 1e9) };
  };
  for (let count = 0; count < 500; count += 1) {
    const isCycle = chance() < 0.2;
    const question: Question = {
      period: isCycle
        ? "cycle"
        : chance() < 0.5
          ? pick(PERIODS.filter((one) => one !== "cycle"))
          : period(),
      cycleDay: isCycle ? 1 + Math.floor(chance() * 31) : 1,
      zooms: Array.from({ length: Math.floor(chance() * 4) }, period),
      by: pick(VIEWS),
      steps: Array.from({ length: Math.floor(chance() * 4) }, () => ({
        by: pick(HISTORY_GROUPINGS),
        key: pick(keys),
      })),
      isCompared: chance() < 0.5,
      find: pick(["", "a&b", "mail"]),
      top: pick(TOPS),
      order: pick(ORDERS),
      isReversed: chance() < 0.5,
      units: pick(["bits", "bytes", undefined]),
    };
    assert.deepEqual(read(questionPath(question)), question, questionPath(question));
  }
});

test("questionPath() can be read by people", () => {
  const question = {
    ...NEW_QUESTION,
    steps: [{ by: "application", key: "path:/usr/bin/curl" }],
  } as const;
  assert.equal(
    questionPath({ ...question, units: "bits", period: { fromMs: 0, toMs: 3_600_000 } }),
    "/history?period=1970-01-01T00:00:00Z/1970-01-01T01:00:00Z&by=application&application=path:/usr/bin/curl&units=bits",
  );
});

test("readQuestion() leaves out what makes no sense", () => {
  const hostile = `/history?period=constructor&by=__proto__&cycleDay=99&zoom=1/2&zoom=2026-01-02T00:00:00Z/2026-01-01T00:00:00Z&top=1e9&sort=x&units=miles&scope=${"x".repeat(5000)}&find=${"y".repeat(5000)}`;
  const question = read(hostile);
  assert.deepEqual({ ...question, find: "" }, NEW_QUESTION);
  assert.equal(question.find.length, 200);
  assert.equal(
    read(`/history?${"zoom=2026-01-01T00:00:00Z/2026-01-02T00:00:00Z&".repeat(50)}`).zooms.length,
    12,
  );
  assert.equal(read(`/history?${"remote=a&".repeat(500)}`).steps.length, 30);
});

test("into() leads from an application to its remotes and on to its connections, backTo() the same way back", () => {
  const first = into(NEW_QUESTION, { by: "application", key: "path:/a" });
  assert.equal(first.by, "remote");
  const second = into(first, { by: "remote", key: "b.example" });
  assert.equal(second.by, "connections");
  assert.equal(backTo(second, 1).by, "remote");
  assert.deepEqual(backTo(second, 1).steps, first.steps);
  assert.deepEqual(backTo(second, 0), NEW_QUESTION);
  assert.equal(into(NEW_QUESTION, { by: "country", key: "DE" }).by, "application");
});

test("a process is never asked for together with what is not kept of it", () => {
  const remote = into(NEW_QUESTION, { by: "remote", key: "b.example" });
  const processes = withRows(into(remote, { by: "user", key: "ada" }), "process");
  assert.deepEqual(processes.steps, [{ by: "user", key: "ada" }]);
  const one = into(processes, { by: "process", key: "7@1#2" });
  assert.equal(one.by, "interface");
  assert.deepEqual(withRows(one, "connections").steps, [{ by: "user", key: "ada" }]);
  const lan = withStep(one, { by: "scope", key: "lan" });
  assert.deepEqual([lan.by, lan.steps.map(({ by }) => by)], ["interface", ["user", "scope"]]);
  assert.equal(withStep(processes, { by: "scope", key: "lan" }).by, "application");
});

test("filterOf() tells loopback from what crossed a network", () => {
  const steps = (...keys: string[]) => keys.map((key) => ({ by: "scope" as const, key }));
  assert.deepEqual(filterOf([]), { filter: undefined, traffic: "networks" });
  assert.deepEqual(filterOf(steps("loopback")), { filter: undefined, traffic: "loopback" });
  assert.deepEqual(filterOf(steps("lan")), { filter: { scope: ["lan"] }, traffic: "networks" });
  assert.deepEqual(filterOf(steps("lan", "loopback")), {
    filter: { scope: ["lan", "loopback"] },
    traffic: undefined,
  });
});
