// Which file a program is: real files that are replaced, seen by the rule that asks for it.
import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import type { stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { ExecutableFact } from "../alerts/facts.ts";
import { createWorld, factsAt, ruleOf } from "../alerts/scripted-facts.ts";
import { createExecutables } from "./executables.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-executables-"));
after(() => rmSync(folder, { recursive: true }));
const MINUTE_MS = 60_000;
const START = Date.parse("2026-11-08T12:00:00Z");

async function found(executables: ReturnType<typeof createExecutables>, count: number) {
  const all: ExecutableFact[] = [];
  for (let n = 0; n < 200 && all.length < count; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    all.push(...executables.take());
  }
  return all;
}

test("a program that was replaced is told of as another file, once; the same file again is not", async () => {
  const path = join(folder, "tool");
  const key = `path:${path}`;
  const rule = ruleOf("r1", { condition: { kind: "newcomer", of: ["executable"] } });
  const world = createWorld({ rules: [rule] });
  const executables = createExecutables();
  const row = { key, name: "tool", rxBytes: 1, txBytes: 0 };
  let atMs = START;
  const active = async (count: number) => {
    // It was idle for a while.
    atMs += 2 * MINUTE_MS;
    executables.see([key], atMs);
    const facts = await found(executables, count);
    return world
      .take(factsAt(atMs, { applications: [row], executables: facts }))
      .map(({ title, text }) => `${title}: ${text}`);
  };
  writeFileSync(path, "one");
  assert.deepEqual(await active(1), []);
  assert.deepEqual(await active(1), [], "the same file");
  // As an update does it: another file takes the name. The same size and time, another inode.
  const time = new Date(START);
  utimesSync(path, time, time);
  assert.equal((await active(1)).length, 1, "touched");
  writeFileSync(`${path}.new`, "two");
  utimesSync(`${path}.new`, time, time);
  renameSync(`${path}.new`, path);
  atMs += 20 * MINUTE_MS;
  const [told, ...more] = await active(1);
  assert.match(told ?? "", /^tool is another file than before: .*\/tool is another file than when/);
  assert.deepEqual(more, []);
  atMs += 20 * MINUTE_MS;
  assert.deepEqual(await active(1), [], "told once");
  world.restart();
  assert.deepEqual(await active(1), [], "also after a restart");
});

test("createExecutables() looks again after a pause or ten minutes, not in between", async () => {
  const path = join(folder, "busy");
  writeFileSync(path, "x");
  let looks = 0;
  const executables = createExecutables((async (...args: Parameters<typeof stat>) => {
    looks += 1;
    return (await import("node:fs/promises")).stat(...args);
  }) as typeof stat);
  for (let second = 0; second < 595; second += 5) {
    executables.see([`path:${path}`], START + second * 1_000);
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(looks, 1);
  executables.see([`path:${path}`], START + 606_000);
  await found(executables, 1);
  assert.equal(looks, 2);
});

test("createExecutables() passes over what is no file here, and a file system that hangs holds nobody up", async () => {
  const looked: string[] = [];
  const executables = createExecutables((async (path: string) => {
    looked.push(path);
    return new Promise(() => {});
  }) as unknown as typeof stat);
  executables.see(["kernel", "remainder:unknown", "name:top", "path:relative"], START);
  executables.see(["path:/dev/null#container", "path:/mnt/hangs"], START);
  for (let n = 0; n < 10_000; n += 1) executables.see([`path:/usr/bin/p${n}`], START + n);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assert.deepEqual(executables.take(), []);
  assert.equal(looked.length, 1, "one at a time");
  const real = createExecutables();
  real.see(["path:/dev/null", `path:${folder}`, "path:/nonexistent/x"], START);
  assert.deepEqual(await found(real, 1).then((facts) => facts.map(({ path }) => path)), []);
});
