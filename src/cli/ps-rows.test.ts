// What a row did on a network, and the order of rows.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { PsRow } from "../model/monitauri.ts";
import { onInterface, type PsSort, sortRows } from "./ps-rows.ts";

const local = row("local", {
  rxBytes: 9_000,
  rxLoopbackBytes: 9_000,
  rxBytesPerSecond: 900,
  rxLoopbackBytesPerSecond: 900,
});
const down = row("down", { rxBytes: 500, rxBytesPerSecond: 50, connections: 2, user: "b" });
const up = row("up", { txBytes: 400, txBytesPerSecond: 60, pid: 3, user: "a" });
const rows = [local, down, up];

test("onInterface() leaves out what stays in the machine, unless that is asked for", () => {
  assert.equal(onInterface(local, undefined)?.rxBytes, 0);
  assert.equal(onInterface(local, undefined)?.rxBytesPerSecond, 0);
  const both = { ...local, interfaces: [{ name: "lo", rxBytes: 9_000, txBytes: 1 }] };
  assert.deepEqual(
    [onInterface(both, "lo")?.rxBytes, onInterface(both, "lo")?.txBytes],
    [9_000, 1],
  );
  assert.equal(onInterface(both, "eth0"), undefined);
});

test("sortRows() has the largest first, names upwards, and the rest turned round", () => {
  const by = (sort: PsSort, reverse = false) =>
    sortRows(rows, { sort, reverse, name: undefined }).map(({ application }) => application);
  assert.deepEqual(by("rate"), ["up", "down", "local"]);
  assert.deepEqual(by("down"), ["down", "up", "local"]);
  assert.deepEqual(by("total"), ["down", "up", "local"]);
  assert.deepEqual(by("name", true), ["up", "local", "down"]);
  assert.deepEqual(by("connections")[0], "down");
  assert.deepEqual(by("user"), ["local", "up", "down"]);
});

function row(application: string, fields: Partial<PsRow>): PsRow {
  return {
    key: `path:/${application}`,
    application,
    path: null,
    pid: null,
    pids: [],
    arguments: [],
    user: null,
    container: null,
    unit: null,
    rxBytes: 0,
    txBytes: 0,
    rxPackets: 0,
    txPackets: 0,
    rxPayloadBytes: 0,
    txPayloadBytes: 0,
    rxBytesPerSecond: 0,
    txBytesPerSecond: 0,
    rxLoopbackBytes: 0,
    txLoopbackBytes: 0,
    rxLoopbackBytesPerSecond: 0,
    txLoopbackBytesPerSecond: 0,
    interfaces: [],
    ends: [],
    connections: 0,
    startedAtMs: null,
    lastActiveAtMs: 0,
    running: true,
    remainder: null,
    carries: null,
    ...fields,
  };
}
