/** The search for cgroups, in folders that are named like them. */

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createCgroupSearch } from "./cgroup-search.ts";
import { limitRule } from "./rule-fixture.ts";

const A = "a1".repeat(32);
const USER = "user.slice/user-1000.slice/user@1000.service";
const unit = (id: string, name: string) => limitRule(id, { kind: "unit", unit: name });
const container = (id: string, name: string) =>
  limitRule(id, { kind: "container", container: name });
const NO_IDS: ReadonlyMap<string, string> = new Map();

test("find() knows units and containers by their place, and no others of their name", (t) => {
  const { make, search, paths } = tree(t);
  make("system.slice/ssh.service", "system.slice/web.service/ssh.service", `docker/${A}`);
  make(`${USER}/app.slice/ssh.service`, `${USER}/docker-${A}.scope`);
  make(`user.slice/user-1000.slice/session-1.scope/docker/${A}`, "system.slice/web.service/web");
  const rules = [
    unit("l1", "ssh.service"),
    container("l2", A.slice(0, 12)),
    container("l3", "web"),
  ];
  assert.deepEqual(paths(search.find(rules, NO_IDS).found), {
    [`docker/${A}`]: "l2",
    "system.slice/ssh.service": "l1",
  });
  const users = [
    unit("l4", "user@1000.service/ssh.service"),
    container("l5", `${A.slice(0, 12)}@1000`),
    unit("l6", "user.slice"),
    unit("l7", "session-1.scope"),
  ];
  assert.deepEqual(paths(search.find(users, NO_IDS).found), {
    "user.slice": "l6",
    "user.slice/user-1000.slice/session-1.scope": "l7",
    [`${USER}/app.slice/ssh.service`]: "l4",
    [`${USER}/docker-${A}.scope`]: "l5",
  });
  const byName = search.find([container("l8", "shop")], new Map([["shop", A.slice(0, 12)]]));
  assert.deepEqual(paths(byName.found), { [`docker/${A}`]: "l8" });
});

test("find() sees what comes, goes and is renamed between two looks", (t) => {
  const { make, search, paths, root } = tree(t);
  const rules = [unit("l1", "late.service")];
  make("system.slice/other.service");
  assert.deepEqual(paths(search.find(rules, NO_IDS).found), {});
  make("system.slice/late.service");
  assert.deepEqual(paths(search.find(rules, NO_IDS).found), { "system.slice/late.service": "l1" });
  renameSync(join(root, "system.slice/late.service"), join(root, "system.slice/gone.service"));
  assert.deepEqual(paths(search.find(rules, NO_IDS).found), {});
});

test("find() is not kept busy by the folders of a user, nor by more than its budget", (t) => {
  const { make, search, paths } = tree(t, 100);
  make("system.slice/ssh.service");
  for (let i = 0; i < 200; i++) make(`${USER}/app.slice/x${i}.slice/y`);
  const others = search.find([unit("l1", "ssh.service"), container("l2", A)], NO_IDS);
  assert.deepEqual(paths(others.found), { "system.slice/ssh.service": "l1" });
  assert.equal(others.isCut, false, "nobody looked there");
  const own = [unit("l3", "user@1000.service/app.slice"), unit("l1", "ssh.service")];
  const cut = search.find(own, NO_IDS);
  assert.deepEqual(paths(cut.found), {
    "system.slice/ssh.service": "l1",
    [`${USER}/app.slice`]: "l3",
  });
  assert.equal(cut.isCut, true);
});

function tree(t: TestContext, budget?: number) {
  const root = mkdtempSync(join(tmpdir(), "monitauri-test-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const made = new Set<string>();
  return {
    root,
    search: createCgroupSearch(root, budget === undefined ? {} : { budget }),
    make(...paths: string[]) {
      for (const path of paths) {
        mkdirSync(join(root, path), { recursive: true });
        const parts = path.split("/");
        for (const at of parts.keys()) made.add(parts.slice(0, at + 1).join("/"));
      }
    },
    /** Ids of rules by folder. */
    paths(found: ReadonlyMap<bigint, readonly { readonly id: string }[]>) {
      const byInode = new Map(
        [...made].map((path) => [
          statSync(join(root, path), { bigint: true, throwIfNoEntry: false })?.ino,
          path,
        ]),
      );
      return Object.fromEntries(
        [...found]
          .map(([inode, rules]) => [byInode.get(inode), rules.map(({ id }) => id).join()] as const)
          .sort(),
      );
    },
  };
}
