// What the compared monitors print, as they really printed it, and what is read from it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBandwhich } from "./accuracy/monitors/bandwhich.ts";
import { parseIftop } from "./accuracy/monitors/iftop.ts";
import { parseNethogs } from "./accuracy/monitors/nethogs.ts";
import { type RustnetConnection, rowsOf, takeSnapshot } from "./accuracy/monitors/rustnet.ts";

test("parseNethogs() reads program, pid and totals, also large ones and names with slashes", () => {
  assert.deepEqual(parseNethogs("/usr/bin/python3/12907/0\t43559\t1.96665e+06"), {
    pid: 12907,
    name: "/usr/bin/python3",
    detail: "/usr/bin/python3",
    txBytes: 43_559,
    rxBytes: 1_966_650,
  });
  assert.deepEqual(parseNethogs("unknown TCP/0/0\t12\t34"), { txBytes: 12, rxBytes: 34 });
  assert.equal(parseNethogs("Refreshing:"), undefined);
});

test("parseBandwhich() reads name and totals; <UNKNOWN> is nobody", () => {
  assert.deepEqual(
    parseBandwhich('process: <1795439778> "mt-foo" up/down Bps: 14/8 connections: 1'),
    { name: "mt-foo", txBytes: 14, rxBytes: 8 },
  );
  assert.deepEqual(
    parseBandwhich('process: <1795439780> "<UNKNOWN>" up/down Bps: 312670/6169 connections: 1'),
    { txBytes: 312_670, rxBytes: 6169 },
  );
  assert.equal(parseBandwhich("<NO TRAFFIC>"), undefined);
});

test("parseIftop() reads the sums of the host", () => {
  const line = "Cumulative (sent/received/total):                   2.06MB     8.29KB     2.07MB";
  assert.deepEqual(parseIftop(line), { txBytes: 2.06 * 1024 ** 2, rxBytes: 8.29 * 1024 });
  assert.equal(parseIftop("Total send rate:      0B         0B         0B"), undefined);
});

test("takeSnapshot() keeps the last word on each connection, and its process", () => {
  const known = new Map<string, RustnetConnection>();
  const snapshot = (pid: number | null, sent: number) =>
    JSON.stringify({
      connections: [
        {
          id: "7",
          process: pid === null ? null : { pid, name: "curl" },
          traffic: { bytes_sent: sent, bytes_received: 1 },
        },
      ],
    });
  for (const line of [snapshot(null, 1), snapshot(42, 5), snapshot(null, 9)]) {
    takeSnapshot(line, known);
  }
  assert.deepEqual(rowsOf(known.values()), [{ pid: 42, name: "curl", txBytes: 9, rxBytes: 1 }]);
});
