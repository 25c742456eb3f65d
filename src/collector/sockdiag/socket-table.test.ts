/** Rows, baselines and ends of sockets, with made-up sockets. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { COUNTERS_PER_FLOW, type FlowTable, TX } from "../../model/snapshot.ts";
import { type DiagSocket, IPPROTO_TCP, IPPROTO_UDP, STATE } from "./inet-diag.ts";
import { createSocketTable, type SocketTable } from "./socket-table.ts";
import type { TcpInfo } from "./tcp-info.ts";

const INFO: TcpInfo = {
  state: 1,
  timestamps: true,
  rttUs: 100,
  totalRetrans: 0,
  bytesAcked: 0,
  bytesReceived: 0,
  segsOut: 0,
  segsIn: 0,
  bytesSent: 0,
  bytesRetrans: 0,
};

function socket(cookie: number, info: Partial<TcpInfo> | undefined, more?: Partial<DiagSocket>) {
  const addresses = new Uint8Array(32);
  for (const at of [10, 26]) addresses.fill(255, at, at + 2);
  return {
    family: 2,
    state: 1,
    localPort: 40_000 + cookie,
    remotePort: 443,
    addresses,
    ifindex: 0,
    cookie,
    uid: 1000,
    inode: 5000 + cookie,
    info: info && { ...INFO, ...info },
    ...more,
  } satisfies DiagSocket;
}

interface Round {
  readonly seen?: readonly DiagSocket[];
  readonly udp?: readonly DiagSocket[];
  readonly ended?: readonly DiagSocket[];
  readonly patient?: boolean;
}

function read(table: SocketTable, { seen = [], udp = [], ended = [], patient = true }: Round) {
  table.begin(1_000);
  for (const one of seen) table.see(IPPROTO_TCP, one);
  for (const one of udp) table.see(IPPROTO_UDP, one);
  for (const one of ended) table.end(one);
  table.sweep(patient);
  return rows(table.take({ interfaceId: () => 3, namespace: 4 }));
}

function rows(flows: FlowTable) {
  return Array.from({ length: flows.length }, (_, row) => ({
    index: flows.index[row],
    serial: flows.serial[row],
    closed: flows.closed[row],
    rxPayload: flows.counters[row * COUNTERS_PER_FLOW + 4],
    txPayload: flows.counters[row * COUNTERS_PER_FLOW + TX + 4],
    rxWire: flows.counters[row * COUNTERS_PER_FLOW],
    txWire: flows.counters[row * COUNTERS_PER_FLOW + TX],
  }));
}

test("see() starts from zero for what the first reading finds, and counts all of what comes later", () => {
  const table = createSocketTable();
  const old = { bytesReceived: 900, segsIn: 3 };
  assert.equal(read(table, { seen: [socket(1, old)] })[0]?.rxPayload, 0);
  const [first, second] = read(table, {
    seen: [socket(1, { bytesReceived: 950, segsIn: 4 }), socket(2, old)],
  });
  assert.deepEqual([first?.rxPayload, first?.rxWire], [50, 50 + 52]);
  assert.deepEqual([second?.rxPayload, second?.rxWire], [900, 900 + 3 * 52]);
  assert.notEqual(first?.index, second?.index);
});

test("see() counts what was sent again as wire bytes only", () => {
  const table = createSocketTable();
  read(table, {});
  const [row] = read(table, {
    seen: [socket(1, { bytesSent: 3000, bytesRetrans: 1000, segsOut: 3, timestamps: false })],
  });
  assert.deepEqual([row?.txPayload, row?.txWire], [2000, 3000 + 3 * 40]);
});

test("see() goes by what was acknowledged where the kernel does not count what was sent", () => {
  const table = createSocketTable();
  read(table, {});
  const old = { bytesAcked: 77, bytesSent: undefined, bytesRetrans: undefined };
  assert.equal(read(table, { seen: [socket(1, old)] })[0]?.txPayload, 77);
});

test("see() takes the FIN off and knows that segment counts go round", () => {
  const table = createSocketTable();
  read(table, { seen: [socket(1, { segsIn: 0xffff_ffff, bytesReceived: 10 })] });
  const [row] = read(table, {
    seen: [socket(1, { segsIn: 1, bytesReceived: 11, state: STATE.closeWait })],
  });
  assert.deepEqual([row?.rxPayload, row?.rxWire], [0, 2 * 52]);
});

test("take() has rows of what changed, and no others", () => {
  const table = createSocketTable();
  assert.equal(read(table, { seen: [socket(1, {}), socket(2, {})] }).length, 2);
  assert.equal(read(table, { seen: [socket(1, {}), socket(2, { bytesReceived: 1 })] }).length, 1);
});

test("take() gives the row of a closed socket to another, and its counters go on", () => {
  const table = createSocketTable();
  read(table, {});
  const [first] = read(table, { seen: [socket(1, { bytesReceived: 500 })] });
  const [last] = read(table, { ended: [socket(1, { bytesReceived: 620 })] });
  assert.deepEqual([last?.closed, last?.rxPayload], [1, 620]);
  const [next] = read(table, { seen: [socket(2, { bytesReceived: 30 })] });
  assert.equal(next?.index, first?.index);
  assert.notEqual(next?.serial, first?.serial);
  assert.equal(next?.rxPayload, 650);
});

test("sweep() waits one reading for the kernel's word, which counts only once", () => {
  const table = createSocketTable();
  read(table, {});
  read(table, { seen: [socket(1, { bytesReceived: 500 })] });
  assert.equal(read(table, {}).length, 0);
  assert.equal(read(table, {})[0]?.closed, 1);
  assert.equal(read(table, { ended: [socket(1, { bytesReceived: 600 })] }).length, 0);
});

test("sweep() does not wait for what the kernel does not report", () => {
  const table = createSocketTable();
  read(table, { seen: [socket(1, {})], udp: [socket(2, undefined, { state: 7 })] });
  assert.deepEqual(
    read(table, { seen: [socket(1, {})] }).map((row) => row.closed),
    [1],
  );
  assert.equal(read(table, { patient: false })[0]?.closed, 1);
});

test("end() counts a connection that no dump has seen for the process that listens there", () => {
  const table = createSocketTable();
  const listener = socket(1, undefined, { state: STATE.listen, localPort: 80 });
  read(table, { seen: [listener] });
  for (const flow of table.flows.values()) flow.process = 9;
  table.begin(2_000);
  table.see(IPPROTO_TCP, listener);
  // Accepted, so that a byte beyond what was sent is the own FIN: both sides had finished.
  table.end(socket(2, { bytesReceived: 11, bytesSent: 5, bytesAcked: 6 }, { localPort: 80 }));
  const flows = table.take({ interfaceId: () => 0, namespace: 0 });
  assert.deepEqual([...flows.process], [9]);
  assert.deepEqual([...flows.closed], [1]);
  assert.equal(flows.counters[4], 10);
});

test("end() passes over what had ended before the first reading, and what carried nothing", () => {
  const table = createSocketTable();
  assert.equal(read(table, { ended: [socket(1, { bytesReceived: 5000 })] }).length, 0);
  assert.equal(read(table, { ended: [socket(2, { segsOut: 3 })] }).length, 0);
});

test("see() leaves out stubs without counters, and counts what has no room", () => {
  const table = createSocketTable(1);
  read(table, {});
  assert.equal(read(table, { seen: [socket(1, undefined, { state: 5 })] }).length, 0);
  read(table, { seen: [socket(2, {}), socket(3, {})] });
  read(table, { seen: [socket(2, {}), socket(3, {})] });
  assert.equal(table.overflow, 1);
  assert.equal(table.flows.size, 1);
});
