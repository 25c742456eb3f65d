// Real folders, and the traps that another user could set.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { isTrusted, prepareFolder } from "./folders.ts";

const base = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const uid = process.getuid?.() ?? 0;
const own = { mode: 0o700, uid, chosen: false };
after(() => rmSync(base, { recursive: true }));

test("prepareFolder() makes a private folder and removes it while empty", () => {
  const path = join(base, "a", "b");
  const folder = prepareFolder(path, own);
  assert.equal(statSync(path).mode & 0o777, 0o700);
  folder[Symbol.dispose]();
  assert.equal(existsSync(join(base, "a")), false, "also what had to be made on the way");
  assert.equal(existsSync(base), true);
});

// In a process of its own: a making of folders that never ends would stop this one from saying so.
test("prepareFolder() refuses a file system that takes no folders", {
  skip: process.platform !== "linux",
}, () => {
  const module = JSON.stringify(import.meta.resolve("./folders.ts"));
  const { stdout, error } = spawnSync(
    process.execPath,
    [
      "--input-type=module",
      "-e",
      `const { prepareFolder } = await import(${module});
       try { prepareFolder("/proc/nope/deep", { mode: 0o700, uid: 0, chosen: true }) } catch (e) { console.log(e.message) }`,
    ],
    { encoding: "utf8", timeout: 20_000 },
  );
  assert.equal(error, undefined);
  assert.match(stdout, /^Cannot make the folder \/proc\/nope\/deep: .*--data/);
});

test("prepareFolder() keeps a folder that was there or holds something", () => {
  const there = join(base, "there");
  mkdirSync(there);
  prepareFolder(there, own)[Symbol.dispose]();
  assert.ok(existsSync(there));
  const full = join(base, "full");
  const folder = prepareFolder(full, own);
  writeFileSync(join(full, "history"), "");
  folder[Symbol.dispose]();
  assert.ok(existsSync(full));
});

test("prepareFolder() refuses a link, another's folder and one that others may write to", () => {
  const link = join(base, "link");
  symlinkSync(base, link);
  assert.throws(() => prepareFolder(link, own), { code: "forbidden", message: /symbolic link/ });
  const open = join(base, "open");
  mkdirSync(open);
  chmodSync(open, 0o777);
  assert.throws(() => prepareFolder(open, own), { message: /other users may write to it/ });
  const foreign = { ...own, uid: uid + 1 };
  assert.throws(() => prepareFolder(base, foreign), { message: /belongs to user/ });
});

test("prepareFolder() says that a file is in the way", () => {
  const file = join(base, "file");
  writeFileSync(file, "");
  assert.throws(() => prepareFolder(file, { ...own, chosen: true }), {
    message: /Cannot make the folder .*file: there is a file of that name. Choose another/,
  });
});

test("isTrusted() is for folders of the user and of root", () => {
  assert.equal(isTrusted(base, uid), true);
  assert.equal(isTrusted("/usr", uid + 1), true);
  assert.equal(isTrusted(join(base, "none"), uid), true);
  const file = join(base, "plain");
  writeFileSync(file, "");
  assert.equal(isTrusted(file, uid), false);
});
