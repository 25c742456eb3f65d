import assert from "node:assert/strict";
import { test } from "node:test";
import { parseFilter } from "../../model/filter.ts";
import type { PsRow } from "../../model/monitauri.ts";
import type { Tick } from "../stream/messages.ts";
import { sortRows } from "./order.ts";
import { applicationRows, detailOf, filterRows } from "./rows.ts";

const ROW: PsRow = {
  key: "path:/usr/bin/curl",
  application: "curl",
  path: "/usr/bin/curl",
  pid: 7,
  pids: [7],
  arguments: [],
  user: "ada",
  container: null,
  unit: null,
  rxBytes: 1000,
  txBytes: 100,
  rxPackets: 1,
  txPackets: 1,
  rxPayloadBytes: 1,
  txPayloadBytes: 1,
  rxBytesPerSecond: 0,
  txBytesPerSecond: 0,
  rxLoopbackBytes: 400,
  txLoopbackBytes: 40,
  rxLoopbackBytesPerSecond: 0,
  txLoopbackBytesPerSecond: 0,
  interfaces: [{ name: "eth0", rxBytes: 600, txBytes: 60 }],
  ends: [],
  connections: 2,
  startedAtMs: 1,
  lastActiveAtMs: 1,
  running: true,
  remainder: null,
  carries: null,
};
const TICK: Tick = {
  id: 1,
  atMs: 10_000,
  intervalMs: 2000,
  gap: null,
  rxBytes: 0,
  txBytes: 0,
  rxTotalBytes: 0,
  txTotalBytes: 0,
  attributedShare: 1,
  counting: "eBPF, x",
  interfaces: [],
  keys: ["path:/usr/bin/curl", "path:/usr/bin/new"],
  names: ["curl", "new"],
  numbers: Float64Array.of(200, 20, 800, 80, 3, 5, 5, 5, 5, 1),
};

test("applicationRows() shows the part of the scope", () => {
  const rows = (scope: "all" | "loopback" | "if:eth0" | "if:eth1") =>
    applicationRows({ ps: [ROW], tick: undefined, scope }).map(({ rxBytes, txBytes }) => [
      rxBytes,
      txBytes,
    ]);
  assert.deepEqual(rows("all"), [[600, 60]]);
  assert.deepEqual(rows("loopback"), [[400, 40]]);
  assert.deepEqual(rows("if:eth0"), [[600, 60]]);
  assert.deepEqual(rows("if:eth1"), []);
});

test("applicationRows() takes rates and newer totals from the tick, and knows whom ps does not", () => {
  const [curl, fresh] = applicationRows({ ps: [ROW], tick: TICK, scope: "all" });
  assert.equal(curl?.rxBytesPerSecond, 100);
  assert.equal(curl?.rxBytes, 800);
  assert.equal(curl?.connections, 3);
  assert.equal(fresh?.name, "new");
});

test("filterRows() compares with the rates of now", () => {
  const rows = applicationRows({ ps: [ROW], tick: TICK, scope: "all" });
  const names = (expression: string) =>
    filterRows(rows, parseFilter(expression)).map(({ name }) => name);
  assert.deepEqual(names("down:>500bit"), ["curl"]);
  assert.deepEqual(names("user:ada"), ["curl"]);
  assert.deepEqual(names("-curl"), ["new"]);
});

test("sortRows() orders by name upwards and by numbers downwards, and back", () => {
  const rows = applicationRows({ ps: [ROW], tick: TICK, scope: "all" });
  const names = (by: "name" | "rx" | "total", reverse: boolean) =>
    sortRows(rows, { by, reverse }).map(({ name }) => name);
  assert.deepEqual(names("name", false), ["curl", "new"]);
  assert.deepEqual(names("rx", false), ["curl", "new"]);
  assert.deepEqual(names("rx", true), ["new", "curl"]);
});

test("detailOf() says with whom a program mostly talks, and that a name may be a cover", () => {
  const host = { name: "shop.example", source: "tls", alternatives: [] } as const;
  const known = { host: undefined, spoken: undefined, network: undefined };
  const end = { address: "192.0.2.7", ...known, rxBytes: 1, txBytes: 1 };
  const detail = (ends: PsRow["ends"]) => detailOf({ ...ROW, ends });
  assert.equal(detail([]), "ada");
  assert.equal(detail([{ ...end }]), "ada · mostly with 192.0.2.7");
  assert.equal(detail([{ ...end, host }, { ...end }]), "ada · mostly with shop.example");
  assert.equal(
    detail([{ ...end, host: { ...host, mayBeCover: true } }]),
    "ada · mostly with shop.example, probably",
  );
});
