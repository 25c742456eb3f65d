// SCTP, which many kernels have as a module only: payload on the process that called, and every
// packet as the sender's queue counts it.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { meet, type Pair } from "../e2e/generators/pairs.ts";
import { type Meter, openMeter } from "../e2e/meter.ts";
import { type End, makeWorld, skipWithoutWorld, type World } from "../e2e/world.ts";
import { expectPayload, sumOf } from "./expect.ts";

const skip = await skipWithoutWorld();

/** The common header of RFC 9260, which the queue leaves out for each packet of an offloaded one. */
const SCTP_HEADER_BYTES = 12;

const PAIRS: Record<string, Pair> = {
  "one-to-one": sctp({}),
  "one-to-one, a worker for each connection": sctp({ peers: 5, workers: true }),
  "one-to-many": sctp({ peers: 20, many: true }),
};

describe("sctp", { skip }, () => {
  let world: World;
  let meter: Meter;
  before(async () => {
    world = await makeWorld();
    meter = await openMeter();
  });
  after(async () => {
    meter?.[Symbol.dispose]();
    await world?.close();
  });

  for (const family of ["ip4", "ip6"] as const) {
    for (const [name, pair] of Object.entries(PAIRS)) {
      test(`payload and wire: ${name} (${family})`, async () => {
        const before = [await counted(world.a), await counted(world.b)] as const;
        const { a, b } = world;
        const found = await meet(pair, { a, b, options: { address: b[family] } });
        await meter.settle();
        expectPayload(meter, found);
        const after = [await counted(world.a), await counted(world.b)] as const;
        const onWire = [after[0] - before[0], after[1] - before[1]];
        const port = found.client.results[0]?.remote?.port ?? 0;
        const rows = meter.ofPort(port);
        const clientPid = found.client.results[0]?.pid ?? 0;
        const others = [...rows].filter(([pid]) => pid !== clientPid).map(([, sums]) => sums);
        // Both ends are on this machine: what one sends is what the other receives.
        assert.deepEqual(
          [sumOf(rows.values(), "txWireBytes"), sumOf(rows.values(), "rxWireBytes")],
          [Number(onWire[0]) + Number(onWire[1]), Number(onWire[0]) + Number(onWire[1])],
        );
        assert.equal(rows.get(clientPid)?.txWireBytes, onWire[0]);
        assert.equal(sumOf(others, "txWireBytes"), onWire[1]);
      });
    }
  }
});

/** IP bytes that left through the device. */
async function counted(end: End): Promise<number> {
  const { ipBytes, packets } = await end.sent();
  const { tx } = await end.link();
  return ipBytes + (packets - tx.packets) * SCTP_HEADER_BYTES;
}

function sctp(both: Pair["both"]): Pair {
  return {
    server: { generator: "sctp", role: "server" },
    client: { generator: "sctp", role: "client" },
    both,
  };
}
