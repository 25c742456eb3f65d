// Limits in kernels that have fq_codel: who shares a full class with a greedy stream waits less in it.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { roundTripMs } from "../e2e/generators/round-trip.ts";
import { rule, startLimiter, startTransfer } from "../e2e/limiting.ts";
import { makeWorld, skipWithoutWorld } from "../e2e/world.ts";

/** 4 Mbit/s: a guest without hardware help moves no more than some tens. */
const CAP = 500_000;
const FULL_MS = 6_000;

test("a full class with fq_codel makes others in it wait less than one without", {
  skip: await skipWithoutWorld(),
}, async () => {
  await using world = await makeWorld();
  const { a, b } = world;
  const folder = mkdtempSync(join(tmpdir(), "monitauri-test-"));
  try {
    await a.exec("ip", ["route", "add", "default", "via", b.ip4]);
    await using limiter = await startLimiter(a, join(folder, "limits.journal"));
    await limiter.apply([rule({ kind: "machine" }, { txBytesPerSecond: CAP })]);
    await using _ = await startTransfer({ place: a }, { place: b }, { address: b.ip4 });
    await sleep(FULL_MS);
    const withMs = await roundTripMs(world);
    const leaves = [
      ...(await a.exec("tc", ["qdisc", "show"])).matchAll(
        /^qdisc fq_codel \S+ dev (\S+) parent (\S+)/gm,
      ),
    ];
    assert.ok(leaves.length > 0, "the classes have fq_codel");
    // As in a kernel that has none.
    for (const [, device = "", parent = ""] of leaves) {
      const leaf = [
        "qdisc",
        "replace",
        "dev",
        device,
        "parent",
        parent,
        "bfifo",
        "limit",
        "131072",
      ];
      await a.exec("tc", leaf);
    }
    await sleep(FULL_MS);
    const withoutMs = await roundTripMs(world);
    console.error(`${withMs.toFixed(1)} ms with fq_codel, ${withoutMs.toFixed(1)} ms without`);
    assert.ok(withMs < withoutMs / 2, `${withMs} ms with, ${withoutMs} ms without`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
