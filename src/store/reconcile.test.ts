// Details and applications agree to the byte, whatever the sampler hands over.
import assert from "node:assert/strict";
import { test } from "node:test";
import { reconcile } from "./reconcile.ts";
import { chanceOf, detailOf, randomDetails, tickOf } from "./scripted-ticks.ts";

test("reconcile() makes the details of an application and interface add up to its bytes, loopback too", () => {
  const chance = chanceOf(11);
  for (let n = 0; n < 300; n += 1) {
    const tick = tickOf(1, randomDetails(chance));
    // Some are missing, some too large.
    const details = tick.details
      .filter(() => chance() > 0.3)
      .map((one) => ({ ...one, rxBytes: one.rxBytes * (chance() < 0.2 ? 2 : 1) }));
    const found = reconcile({ applications: tick.applications, details });
    for (const cell of found.usage) {
      const own = found.details.filter(
        (one) => one.application === cell.application && one.interface === cell.interface,
      );
      const sum = (of: typeof own, field: "rxBytes" | "txBytes") =>
        of.reduce((all, one) => all + one[field], 0);
      const loopback = own.filter(({ scope }) => scope === "loopback");
      assert.equal(sum(own, "rxBytes"), cell.rxBytes);
      assert.equal(sum(own, "txBytes"), cell.txBytes);
      assert.equal(sum(loopback, "rxBytes"), cell.rxLoopbackBytes);
      assert.equal(sum(loopback, "txBytes"), cell.txLoopbackBytes);
    }
  }
});

test("reconcile() keeps an application that has no details, with its loopback part on lo", () => {
  const tick = tickOf(1, [
    detailOf({ rxBytes: 10 }),
    detailOf({ interface: "lo", scope: "loopback", rxBytes: 3, txBytes: 3 }),
  ]);
  const { details } = reconcile({ applications: tick.applications, details: [] });
  assert.deepEqual(
    details.map(({ interface: on, scope, rxBytes, txBytes }) => ({ on, scope, rxBytes, txBytes })),
    [
      { on: "lo", scope: "loopback", rxBytes: 3, txBytes: 3 },
      { on: "eth0", scope: "other", rxBytes: 10, txBytes: 0 },
    ],
  );
});
