// Real files: none, a good one, broken ones, and a folder that cannot be written.
import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { noteAccess, readAccess, saveAccess } from "./access-file.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const path = join(folder, "access.json");
const warnings: string[] = [];
const log = {
  warn: (message: string) => void warnings.push(message),
  warnOnce: (_: string, message: string) => void warnings.push(message),
};
const secret = { hash: "a".repeat(64), createdAtMs: 1, lastUsedAtMs: null };
const access = { sessions: [secret], tokens: [{ ...secret, name: "prometheus" }] };
after(() => rmSync(folder, { recursive: true }));

test("readAccess() reads what saveAccess() wrote, which is its user's alone", () => {
  assert.deepEqual(readAccess(path, log), { sessions: [], tokens: [] });
  saveAccess(path, access);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readAccess(path, log), { version: 1, ...access });
  assert.deepEqual(warnings, []);
});

test("readAccess() sets aside what it cannot use, and says so", () => {
  for (const text of [
    "{",
    "{}",
    '{"version":2}',
    '{"version":1,"sessions":[{"hash":"x"}],"tokens":[]}',
    "",
  ]) {
    writeFileSync(path, text);
    assert.deepEqual(readAccess(path, log), { sessions: [], tokens: [] });
    assert.equal(readFileSync(`${path}.broken`, "utf8"), text);
    assert.equal(existsSync(path), false);
    assert.match(warnings.pop() ?? "", /^Cannot use .*access\.json: .*sign in again/);
  }
});

test("saveAccess() follows no link and survives a folder that is gone", () => {
  const victim = join(folder, "victim");
  writeFileSync(victim, "precious");
  symlinkSync(victim, `${path}.new`);
  saveAccess(path, access);
  assert.equal(readFileSync(victim, "utf8"), "precious");
  assert.equal(readAccess(path, log).tokens.length, 1);
  const gone = join(folder, "none", "access.json");
  assert.throws(() => saveAccess(gone, access), { code: "failed", message: /^Cannot save / });
  noteAccess(gone, access, log);
  assert.match(warnings.pop() ?? "", /^Cannot save .*\. Pages sign in again after a restart$/);
});
