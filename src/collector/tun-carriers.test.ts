/** The search for the programs that carry tunnels, with a made-up /proc and with a real tun device where allowed. */

import assert from "node:assert/strict";
import { test } from "node:test";
import type { OpenFile } from "./proc-files.ts";
import { createTunCarriers } from "./tun-carriers.ts";

const FILES: OpenFile[] = [
  { pid: 10, descriptor: "0", target: "/dev/null" },
  { pid: 20, descriptor: "5", target: "/dev/net/tun" },
  { pid: 20, descriptor: "6", target: "/dev/net/tun" },
  { pid: 30, descriptor: "7", target: "/dev/net/tun" },
];

test("read() names the holders of a tun device, once each, and looks every ten seconds", () => {
  let nowMs = 0;
  let searches = 0;
  const carriers = createTunCarriers({
    clock: () => nowMs,
    files: () => {
      searches++;
      return FILES.values();
    },
    fileInfo: (file) => `pos:\t0\nflags:\t02\niff:\t${file.pid === 20 ? "tun0" : "tap1"}\n`,
  });
  assert.equal(carriers.read(new Set()).size, 0);
  assert.equal(searches, 0, "no tunnel, no search");
  const found = carriers.read(new Set(["tun0", "tap1"]));
  assert.deepEqual(
    [...found],
    [
      ["tun0", [20]],
      ["tap1", [30]],
    ],
  );
  nowMs = 9_999;
  carriers.read(new Set(["tun0"]));
  assert.equal(searches, 1);
  nowMs = 10_000;
  carriers.read(new Set(["tun0"]));
  assert.equal(searches, 2);
});
