import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connection } from "../../../model/sample.ts";
import { remotesOf } from "./remotes.ts";

function connection(remoteAddress: string, rxBytes: number, name?: string): Connection {
  const host = name === undefined ? undefined : { name, source: "tls" as const, alternatives: [] };
  const none = { rxPackets: 0, txPackets: 0, rxPayloadBytes: 0, txPayloadBytes: 0 };
  return {
    id: `${remoteAddress} ${rxBytes}`,
    protocol: "tcp",
    localAddress: "192.0.2.1",
    localPort: 40_000,
    remoteAddress,
    remotePort: 443,
    state: undefined,
    processId: 1,
    pid: 1,
    application: "a",
    applicationKey: "a",
    user: undefined,
    interface: undefined,
    container: undefined,
    unit: undefined,
    openedAtMs: 0,
    lastActiveAtMs: 0,
    rttMs: undefined,
    retransmits: undefined,
    host,
    spoken: { name: "tls", inside: "h2", source: "bytes" },
    total: { rxBytes, txBytes: 1, rxDeviceBytes: 0, txDeviceBytes: 0, ...none },
    rxBytesPerSecond: 10,
    txBytesPerSecond: 0,
  };
}

test("remotesOf() sums addresses of one name, and keeps those without a name apart", () => {
  const rows = remotesOf([
    connection("198.51.100.1", 100, "a.example"),
    connection("198.51.100.2", 300, "a.example"),
    connection("198.51.100.2", 50),
  ]);
  assert.deepEqual(
    rows.map(({ key, addresses, connections, rxBytes, spoken, ports }) => {
      return { key, addresses, connections, rxBytes, spoken, ports };
    }),
    [
      {
        key: "a.example",
        addresses: ["198.51.100.1", "198.51.100.2"],
        connections: 2,
        rxBytes: 400,
        spoken: ["TLS · h2"],
        ports: [443],
      },
      {
        key: "198.51.100.2",
        addresses: ["198.51.100.2"],
        connections: 1,
        rxBytes: 50,
        spoken: ["TLS · h2"],
        ports: [443],
      },
    ],
  );
});
