// Lists in real files: read anew when they change, refused where they are no lists. Those behind https are in
// test/alert-block-lists.test.ts.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { MAX_LIST_BYTES } from "../alerts/block-list.ts";
import { createBlockLists } from "./block-lists.ts";

const folder = mkdtempSync(join(tmpdir(), "monitauri-lists-"));
after(() => rmSync(folder, { recursive: true }));
const log = { info() {}, warnOnce() {} };

/** Wants the list at this time, and waits until it was read or refused. */
async function want(lists: ReturnType<typeof createBlockLists>, list: string, atMs: number) {
  lists.want([list], atMs);
  for (let n = 0; n < 400; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    if (lists.match(list) !== undefined || lists.trouble(list) !== undefined) break;
  }
  return { match: lists.match(list), trouble: lists.trouble(list) ?? "" };
}

test("want() reads a file, and again when it has changed; without it the last one holds and it is said", async () => {
  const path = join(folder, "list");
  writeFileSync(path, "192.0.2.1\n");
  const lists = createBlockLists(log);
  const { match, trouble } = await want(lists, path, 0);
  assert.deepEqual([match?.("192.0.2.1", ""), trouble], ["192.0.2.1", ""]);
  writeFileSync(path, "192.0.2.1\nbad.example\n");
  lists.want([path], 29_999);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assert.equal(lists.match(path)?.("", "bad.example"), undefined, "not yet");
  lists.want([path], 30_000);
  for (let n = 0; n < 400 && lists.match(path)?.("", "bad.example") === undefined; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.equal(lists.match(path)?.("", "bad.example"), "bad.example");
  unlinkSync(path);
  lists.want([path], 60_000);
  for (let n = 0; n < 400 && lists.trouble(path) === undefined; n += 1) {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assert.match(lists.troubles().join(), /Cannot read the block list .*ENOENT/);
  assert.equal(lists.match(path)?.("192.0.2.1", ""), "192.0.2.1");
  lists.want([], 60_001);
  assert.deepEqual([lists.match(path), lists.troubles()], [undefined, []], "forgotten");
});

test("want() refuses folders, pipes, devices and what is too long, and waits for none of them", async () => {
  const long = join(folder, "long");
  writeFileSync(long, "");
  truncateSync(long, MAX_LIST_BYTES + 1);
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  mkdirSync(join(folder, "folder"));
  const empty = join(folder, "empty");
  writeFileSync(empty, "# nothing\n");
  for (const [path, words] of [
    [long, /larger than 32000000 bytes/],
    [pipe, /it is no file/],
    ["/dev/zero", /it is no file/],
    [join(folder, "folder"), /it is no file/],
    [empty, /has no entry/],
  ] as const) {
    const { trouble } = await want(createBlockLists(log), path, 0);
    assert.match(trouble, words, path);
  }
});
