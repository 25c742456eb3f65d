/** The search for sockets' processes with a made-up /proc, and with this process's own. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { type OpenFile, openFiles } from "../proc-files.ts";
import { createSocketOwners } from "./socket-owners.ts";

function searching(files: readonly OpenFile[]) {
  let nowMs = 0;
  let searches = 0;
  const owners = createSocketOwners({
    likely: () => [],
    pauseMs: 1_000,
    clock: () => nowMs,
    files: () => {
      searches++;
      return files.values();
    },
  });
  return {
    at(timeMs: number, ...inodes: number[]): string {
      nowMs = timeMs;
      const found: string[] = [];
      owners.search(new Set(inodes), (inode, pid) => found.push(`${inode}:${pid}`));
      return found.join(" ");
    },
    searches: () => searches,
  };
}

const FILES: OpenFile[] = [
  { pid: 10, descriptor: "0", target: "/dev/null" },
  { pid: 10, descriptor: "3", target: "socket:[111]" },
  { pid: 11, descriptor: "3", target: "socket:[111]" },
  { pid: 11, descriptor: "4", target: "socket:[222]" },
];

test("search() finds owners, the first one where several share a socket", () => {
  const search = searching(FILES);
  assert.equal(search.at(0, 111, 222), "111:10 222:11");
});

test("search() looks at /proc at most once a pause, and only for what is new", () => {
  const search = searching(FILES);
  assert.equal(search.at(0), "");
  assert.equal(search.searches(), 0);
  search.at(0, 111);
  assert.equal(search.at(999, 222), "");
  assert.equal(search.at(1_000, 222), "222:11");
  assert.equal(search.searches(), 2);
});

test("search() tries ever less often for a socket without an owner", () => {
  const search = searching(FILES);
  const times = Array.from({ length: 40 }, (_, second) => {
    const before = search.searches();
    search.at(second * 1_000, 333);
    return search.searches() > before ? second : -1;
  });
  assert.deepEqual(
    times.filter((time) => time >= 0),
    [0, 1, 3, 7, 15, 31],
  );
});

test("openFiles() sees this process's socket", {
  skip: process.platform !== "linux" && "needs Linux",
}, async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const own = [...openFiles({ first: [process.pid] })].filter((file) => file.pid === process.pid);
  assert.ok(own.some((file) => file.target.startsWith("socket:[")));
  assert.equal(new Set(own.map((file) => file.descriptor)).size, own.length, "no process twice");
});
