// From a sample to what the history keeps of it.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { InterfaceCoverage, Sample } from "../model/sample.ts";
import { NETWORKS_WITHOUT_FILE } from "../names/networks.ts";
import type { FlowDetail } from "../sampler/details.ts";
import { createTickBook } from "./history-tick.ts";

const DETAIL: FlowDetail = {
  application: "path:/usr/bin/curl",
  interface: "eth0",
  isTunnel: false,
  isLoopback: false,
  isOuter: false,
  remoteAddress: "9.9.9.9",
  host: "",
  port: 443,
  ipProtocol: 6,
  spoken: "tls",
  direction: "out",
  user: "ada",
  container: "",
  rxBytes: 1,
  txBytes: 2,
  connectionsOpened: 1,
};

function sampleOf(coverage: readonly Partial<InterfaceCoverage>[]): Sample {
  return {
    atMs: 5000,
    intervalMs: 1000,
    gap: undefined,
    delta: { rxBytes: 10, txBytes: 20 },
    loopbackDelta: { rxBytes: 3, txBytes: 4 },
    applications: [],
    coverage,
  } as unknown as Sample;
}

const NOTHING = { details: [], processes: [] };

function tickWith(details: readonly FlowDetail[]) {
  const book = createTickBook(NETWORKS_WITHOUT_FILE.networkOf);
  return book.tickOf(sampleOf([]), { ...NOTHING, details });
}

test("tickOf() says how far each detail went", () => {
  const scope = (differs: Partial<FlowDetail>) =>
    tickWith([{ ...DETAIL, ...differs }]).details[0]?.scope;
  assert.equal(scope({}), "internet");
  assert.equal(scope({ remoteAddress: "192.168.1.1" }), "lan");
  assert.equal(scope({ remoteAddress: "ff02::fb" }), "lan");
  assert.equal(scope({ isTunnel: true }), "vpn");
  assert.equal(scope({ isOuter: true }), "other");
  assert.equal(scope({ isLoopback: true }), "loopback");
  assert.equal(scope({ remoteAddress: "" }), "other");
});

test("tickOf() prefers the host's name and keeps the bytes", () => {
  const tick = tickWith([{ ...DETAIL, host: "example.org" }, DETAIL]);
  assert.deepEqual(
    tick.details.map(({ remote, rxBytes, txBytes }) => [remote, rxBytes, txBytes]),
    [
      ["example.org", 1, 2],
      ["9.9.9.9", 1, 2],
    ],
  );
  assert.deepEqual(tick.machine, {
    rxBytes: 10,
    txBytes: 20,
    rxLoopbackBytes: 3,
    txLoopbackBytes: 4,
  });
  assert.equal(tick.gap, null);
});

test("tickOf() gives what each interface grew by, and nothing of those that stood still", () => {
  const book = createTickBook(NETWORKS_WITHOUT_FILE.networkOf);
  const eth0 = {
    name: "eth0",
    rxBytes: 100,
    txBytes: 50,
    rxAttributedBytes: 90,
    txAttributedBytes: 50,
    remainders: {},
  };
  const wlan0 = { ...eth0, name: "wlan0" };
  assert.equal(book.tickOf(sampleOf([eth0, wlan0]), NOTHING).coverage.length, 2);
  const { coverage } = book.tickOf(
    sampleOf([
      {
        ...eth0,
        rxBytes: 150,
        rxAttributedBytes: 120,
        remainders: { limited: { rxBytes: 20, txBytes: 0 } },
      },
      wlan0,
    ]),
    NOTHING,
  );
  assert.deepEqual(coverage, [
    {
      interface: "eth0",
      rxCountedBytes: 30,
      txCountedBytes: 0,
      rxAttributedBytes: 30,
      txAttributedBytes: 0,
    },
  ]);
});
