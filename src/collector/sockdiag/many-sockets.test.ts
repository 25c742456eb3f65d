/** Two thousand sockets at once, and as many again in the rows that they leave. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Server, type Socket } from "node:net";
import { test } from "node:test";
import { COUNTERS_PER_FLOW, PAYLOAD_BYTES, type Snapshot } from "../../model/snapshot.ts";
import { isUnavailable } from "../../model/unavailable.ts";
import { openSockDiagCollector } from "../linux-sockdiag.ts";

const onLinux = { skip: process.platform !== "linux" && "needs Linux" };

test(
  "read() follows 2,000 sockets, and gives their rows to others later without going back",
  onLinux,
  async (t) => {
    const collector = openSockDiagCollector({ searchPauseMs: 0 });
    assert.ok(!isUnavailable(collector));
    t.after(() => collector.close());
    collector.read();
    const server = createServer((socket) => socket.on("error", () => {}));
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    t.after(() => server.close());
    const address = server.address();
    const port = typeof address === "object" ? address?.port : undefined;
    const highest = new Map<number, number>();
    /** What the sockets of this test received, and how many have closed, in one snapshot. */
    const take = (snapshot: Snapshot) => {
      const sum = { rows: 0, closed: 0, bytes: 0 };
      for (const row of rowsOf(snapshot)) {
        const before = highest.get(row.index) ?? 0;
        assert.ok(row.rxPayload >= before, "a counter went back");
        highest.set(row.index, row.rxPayload);
        if (!row.ports.includes(port)) continue;
        sum.rows++;
        sum.bytes += row.rxPayload - before;
        if (row.closed) sum.closed++;
      }
      return sum;
    };
    for (let round = 0; round < 2; round++) {
      const { near, far } = await manySockets(server, 1_000);
      t.after(() => {
        for (const socket of [...near, ...far]) socket.destroy();
      });
      for (const socket of near) socket.write(Buffer.alloc(100 + round));
      await until(() => far.every((socket) => socket.bytesRead === 100 + round));
      const startMs = performance.now();
      const snapshot = collector.read();
      t.diagnostic(`2,000 sockets: ${(performance.now() - startMs).toFixed(1)} ms`);
      let { rows, bytes } = take(snapshot);
      // Rows wait for the search for their program, which takes several readings on a busy machine.
      await until(() => {
        if (rows < 2_000) {
          const more = take(collector.read());
          rows += more.rows;
          bytes += more.bytes;
        }
        return rows >= 2_000;
      });
      assert.equal(bytes, 1_000 * (100 + round));
      for (const socket of [...near, ...far]) socket.resetAndDestroy();
      let closed = 0;
      await until(() => {
        closed += take(collector.read()).closed;
        return closed === 2_000;
      });
    }
  },
);

interface Row {
  readonly index: number;
  readonly ports: readonly (number | undefined)[];
  readonly closed: boolean;
  readonly rxPayload: number;
}

function* rowsOf({ flows }: Snapshot): Generator<Row> {
  for (let row = 0; row < flows.length; row++) {
    if (flows.protocol[row] !== 6) continue;
    yield {
      index: flows.index[row] ?? 0,
      ports: [flows.localPort[row], flows.remotePort[row]],
      closed: flows.closed[row] === 1,
      rxPayload: flows.counters[row * COUNTERS_PER_FLOW + PAYLOAD_BYTES] ?? 0,
    };
  }
}

async function manySockets(
  server: Server,
  count: number,
): Promise<{ near: Socket[]; far: Socket[] }> {
  const far: Socket[] = [];
  const accept = (socket: Socket) => far.push(socket.resume());
  server.on("connection", accept);
  const address = server.address();
  assert.ok(address && typeof address === "object");
  const near: Socket[] = [];
  for (let i = 0; i < count; i++) {
    const socket = connect(address.port, "127.0.0.1");
    socket.on("error", () => {});
    await once(socket, "connect");
    near.push(socket);
  }
  await until(() => far.length === count);
  server.off("connection", accept);
  return { near, far };
}

/** Asks again and again for five seconds: the kernel ends sockets in its own time. */
async function until(condition: () => unknown): Promise<void> {
  const endMs = performance.now() + 5_000;
  while (!condition()) {
    assert.ok(performance.now() < endMs, `waited in vain for ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
