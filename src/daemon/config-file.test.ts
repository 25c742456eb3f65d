// Real files: none, a good one, and ones with mistakes.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { readConfigFile } from "./config-file.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const file = join(folder, "config.toml");
after(() => rmSync(folder, { recursive: true }));

test("readConfigFile() takes the defaults where there is no file", () => {
  assert.equal(readConfigFile(join(folder, "none.toml")).intervalMs, 1000);
});

test("readConfigFile() reads TOML", () => {
  writeFileSync(file, '# every half second\nintervalMs = 500\nlogLevel = "debug"\n');
  const config = readConfigFile(file);
  assert.deepEqual([config.intervalMs, config.logLevel, config.page], [500, "debug", true]);
});

test("readConfigFile() names the file and the mistake", () => {
  writeFileSync(file, "intervalMs = = 5\n");
  assert.throws(
    () => readConfigFile(file),
    (error: Error) => {
      assert.ok(error.message.startsWith(`Cannot use ${file}: `), error.message);
      assert.doesNotMatch(error.message, /\n/);
      return true;
    },
  );
  writeFileSync(file, "interval = 5\n");
  assert.throws(() => readConfigFile(file), { code: "invalid", message: /unknown: interval/ });
});
