// Real descriptors: closed once, and never somebody else's.
import assert from "node:assert/strict";
import { closeSync, fstatSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { createLeftDescriptors } from "./descriptors.ts";

const linux = process.platform === "linux" ? {} : { skip: "needs /proc/self/fd" };
const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
const [first, second] = [join(folder, "first"), join(folder, "second")];
writeFileSync(first, "");
writeFileSync(second, "");
after(() => rmSync(folder, { recursive: true }));

test("closeAll() closes what a thread left, once", linux, () => {
  const fd = openSync(first, "r");
  const left = createLeftDescriptors();
  left.remember([fd]);
  assert.equal(left.closeAll(), 1);
  assert.throws(() => fstatSync(fd), { code: "EBADF" });
  assert.equal(left.closeAll(), 0);
});

test("closeAll() spares a number that has passed to something else", linux, () => {
  const fd = openSync(first, "r");
  const left = createLeftDescriptors();
  left.remember([fd]);
  closeSync(fd);
  const other = openSync(second, "r");
  assert.equal(other, fd, "the kernel gives out the lowest free number");
  assert.equal(left.closeAll(), 0);
  fstatSync(other);
  closeSync(other);
});

test("remember() forgets what the thread has closed itself", linux, () => {
  const fd = openSync(first, "r");
  const left = createLeftDescriptors();
  left.remember([fd]);
  left.remember([]);
  assert.equal(left.closeAll(), 0);
  closeSync(fd);
});
