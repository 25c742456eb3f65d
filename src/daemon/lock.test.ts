// Real locks between real processes.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { takeLock } from "./lock.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const path = join(folder, "daemon.lock");
const flock = { method: "flock" } as const;
after(() => rmSync(folder, { recursive: true }));

test("takeLock() lets one in, names it to the others, and leaves no file behind", async () => {
  const lock = await takeLock(path, flock);
  await assert.rejects(takeLock(path, flock), {
    code: "busy",
    message: new RegExp(`another Monitauri \\(pid ${process.pid}\\) is running`),
  });
  lock[Symbol.dispose]();
  assert.equal(existsSync(path), false);
  (await takeLock(path, flock))[Symbol.dispose]();
});

test("takeLock() lets exactly one of many in", async () => {
  const results = await Promise.allSettled(Array.from({ length: 8 }, () => takeLock(path, flock)));
  const winners = results.filter((result) => result.status === "fulfilled");
  assert.equal(winners.length, 1);
  for (const { value } of winners) value[Symbol.dispose]();
});

test("takeLock() takes over from a process that was killed", async () => {
  const script = `
    import { takeLock } from "${join(import.meta.dirname, "lock.ts")}";
    await takeLock("${path}", { method: "flock" });
    console.log("locked");
    setTimeout(() => {}, 60_000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
  await once(child.stdout, "data");
  await assert.rejects(takeLock(path, flock), { message: new RegExp(`pid ${child.pid}`) });
  child.kill("SIGKILL");
  await once(child, "exit");
  (await takeLock(path, flock))[Symbol.dispose]();
});

test("takeLock() does not follow a link", async () => {
  const link = join(folder, "link.lock");
  symlinkSync(join(folder, "target"), link);
  await assert.rejects(takeLock(link, flock), { code: "failed" });
  assert.equal(existsSync(join(folder, "target")), false);
});
