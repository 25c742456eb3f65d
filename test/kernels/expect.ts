// What the tests of this folder compare.
import assert from "node:assert/strict";
import { tcp } from "../e2e/generators/pairs.ts";
import { byProcess, type Result, startGenerator, total } from "../e2e/generators/run.ts";
import type { Meter, Sums } from "../e2e/meter.ts";
import type { World } from "../e2e/world.ts";

/** @throws unless every process has the payload that its generator counted. */
export function expectPayload(meter: Meter, found: { server: Result; client: Result }): void {
  for (const [side, { results }] of Object.entries(found)) {
    assert.ok(total(results).txPayloadBytes + total(results).rxPayloadBytes > 0);
    for (const row of byProcess(results)) {
      const sums = meter.ofPid(row.pid);
      assert.deepEqual(
        { rx: sums.rxPayloadBytes, tx: sums.txPayloadBytes },
        { rx: row.rxPayloadBytes, tx: row.txPayloadBytes },
        `${side}, pid ${row.pid}`,
      );
    }
  }
}

/** One number of several rows. */
export function sumOf(rows: Iterable<Sums | undefined>, name: keyof Sums): number {
  let sum = 0;
  for (const row of rows) sum += row?.[name] ?? 0;
  return sum;
}

/** Moves some bytes over TCP and calls `look` with the server's port while the connection is still open. What comes after
 * its end depends on the machine's speed, and the kernel answers it without a socket. */
export async function exchangeOpen(
  { a, b }: World,
  address: string,
  look: (port: number) => Promise<void>,
): Promise<{ server: Result; client: Result }> {
  const { server, client } = tcp({ upload: 300_000, download: 400_000, linger: true });
  await using serving = await startGenerator({
    ...server,
    at: b,
    options: { ...server.options, address },
  });
  const port = await serving.listening();
  await using asking = await startGenerator({
    ...client,
    at: a,
    options: { ...client.options, address, port },
  });
  await Promise.all([serving.ready(), asking.ready()]);
  await look(port);
  serving.release();
  asking.release();
  return { client: await asking.result(), server: await serving.result() };
}
