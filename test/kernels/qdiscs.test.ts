// Queues that this project's own machine may lack: what each of them counts is what the owners sent.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { openMeter } from "../e2e/meter.ts";
import { makeWorld, skipWithoutWorld } from "../e2e/world.ts";
import { exchangeOpen, expectPayload, sumOf } from "./expect.ts";

const skip = await skipWithoutWorld();

describe("queues", { skip }, () => {
  for (const queue of ["fq_codel", "fq", "sfq"]) {
    test(`${queue}: wire bytes of both ends are what the queues count`, async () => {
      await using world = await makeWorld();
      const { a, b } = world;
      for (const { exec, device } of [a, b]) {
        await exec("tc", ["qdisc", "replace", "dev", device, "root", queue]);
      }
      using meter = await openMeter();
      const found = await exchangeOpen(world, b.ip4, async (port) => {
        await meter.settle();
        const rows = [...meter.ofPort(port).values()];
        const counted = (await a.sent()).ipBytes + (await b.sent()).ipBytes;
        const both = [sumOf(rows, "txWireBytes"), sumOf(rows, "rxWireBytes")];
        assert.deepEqual(both, [counted, counted]);
      });
      await meter.settle();
      expectPayload(meter, found);
    });
  }
});
