/** The journal: what it holds outlives the process, and what others put in its way is not touched. */

import assert from "node:assert/strict";
import {
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { createJournal } from "./journal.ts";

const ENTRY = { clsact: [{ name: "eth0", ifindex: 2 }] };

test("write() is read by the next process, and remove() leaves nothing", (t) => {
  const path = join(folder(t), "limits.journal");
  createJournal(path).write(ENTRY);
  assert.deepEqual(createJournal(path).read(), ENTRY);
  createJournal(path).remove();
  assert.equal(createJournal(path).read(), undefined);
});

test("write() says what to do where it cannot, and leaves no half of a file", (t) => {
  const path = join(folder(t), "limits.journal");
  mkdirSync(path);
  const refused = { code: "failed", message: /^Cannot note what .*They are as before; make room/ };
  assert.throws(() => createJournal(path).write(ENTRY), refused);
  assert.ok(!existsSync(`${path}.new`));
});

test("write() follows no link that somebody put there", (t) => {
  const inside = folder(t);
  const path = join(inside, "limits.journal");
  const victim = join(inside, "victim");
  writeFileSync(victim, "precious");
  symlinkSync(victim, `${path}.new`);
  createJournal(path).write(ENTRY);
  assert.equal(readFileSync(victim, "utf8"), "precious");
  assert.deepEqual(createJournal(path).read(), ENTRY);
  const { mode } = lstatSync(path);
  assert.equal(mode & 0o777, 0o600);
});

function folder(t: TestContext): string {
  const made = mkdtempSync(join(tmpdir(), "monitauri-test-"));
  t.after(() => rmSync(made, { recursive: true, force: true }));
  return made;
}
