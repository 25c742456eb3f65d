/** Which rules a process is under. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { LimitRule } from "../model/limit.ts";
import { createOwnerBook, heritageOf } from "./owners.ts";
import type { ScannedProcess } from "./processes.ts";
import { limitRule } from "./rule-fixture.ts";

const bash = limitRule("bash", { kind: "application", pattern: "bash" });
const curl = limitRule("curl", { kind: "application", pattern: "curl" });
const ann = limitRule("ann", { kind: "user", user: "ann" });
const one = limitRule("one", { kind: "process", pid: 20, startedAtMs: 20_000 });

function program(pid: number, parentPid: number, name: string, user = "root"): ScannedProcess {
  const path = `/usr/bin/${name}`;
  return {
    pid,
    parentPid,
    startTicks: pid,
    uid: 0,
    executable: path,
    facts: {
      application: { key: `path:${path}`, name, path },
      user,
      pid,
      lineage: [{ pid, startedAtMs: pid * 1000 }],
    },
  };
}

function assign(
  processes: readonly ScannedProcess[],
  rules: readonly LimitRule[],
  options: { inherited?: LimitRule; byPath?: ReadonlyMap<string, readonly LimitRule[]> } = {},
) {
  const found = createOwnerBook().assign(new Map(processes.map((each) => [each.pid, each])), {
    rules,
    byPath: options.byPath ?? new Map(),
    inherited: () => options.inherited,
    exemptPid: 99,
  });
  return Object.fromEntries([...found].map(([pid, list]) => [pid, list.map(({ id }) => id)]));
}

describe("createOwnerBook()", () => {
  test("children are under their parent's application rule, unless they have one of their own", () => {
    const processes = [
      program(1, 0, "init"),
      program(10, 1, "bash"),
      program(11, 10, "wget"),
      program(12, 10, "curl"),
    ];
    assert.deepEqual(assign(processes, [bash, curl]), { 10: ["bash"], 11: ["bash"], 12: ["curl"] });
  });

  test("a rule for one process holds for what it starts, beside other rules", () => {
    const processes = [
      program(20, 1, "bash"),
      program(21, 20, "curl", "ann"),
      program(22, 1, "bash"),
    ];
    assert.deepEqual(assign(processes, [one, curl, ann]), {
      20: ["one"],
      21: ["ann", "curl", "one"],
    });
  });

  test("one whose parent is gone keeps the rule that the kernel saw it inherit", () => {
    assert.deepEqual(assign([program(30, 1, "wget")], [bash], { inherited: bash }), {
      30: ["bash"],
    });
    assert.deepEqual(assign([program(30, 1, "curl")], [bash, curl], { inherited: bash }), {
      30: ["curl"],
    });
  });

  test("this program and what it starts are exempt, whatever a pattern says", () => {
    const everything = limitRule("all", { kind: "application", pattern: "*" });
    const processes = [program(99, 1, "node"), program(98, 99, "tc"), program(10, 1, "bash")];
    assert.deepEqual(assign(processes, [everything]), { 10: ["all"], 98: [], 99: [] });
  });

  test("a name leads to the executable that it links to", () => {
    const byPath = new Map([["/usr/bin/python3.11", [bash]]]);
    assert.deepEqual(assign([program(40, 1, "python3.11")], [bash], { byPath }), { 40: ["bash"] });
  });

  test("heritageOf(): the narrowest rule that children keep", () => {
    assert.equal(heritageOf([ann, curl, one]), one);
    assert.equal(heritageOf([ann]), undefined);
  });
});
