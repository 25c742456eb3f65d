// Two thousand mutated requests; MONITAURI_FUZZ=100000 for more, MONITAURI_FUZZ_SEED for others.
import assert from "node:assert/strict";
import { test } from "node:test";
import { fuzz } from "./http-fuzz.ts";

const requests = Number(process.env.MONITAURI_FUZZ ?? 2_000);
const seed = Number(process.env.MONITAURI_FUZZ_SEED ?? 1);
/** Far more than the heap moves by itself, far less than anything kept for each request would take. */
const GROWTH_BYTES = 64 * 2 ** 20;

test(`the port answers ${requests} mutated requests or closes, and goes on (seed ${seed})`, async () => {
  const { statuses, failures, bugs, residentBytes } = await fuzz(requests, seed);
  assert.deepEqual(failures, []);
  assert.deepEqual(bugs, []);
  // What never got past the parser would prove little.
  assert.ok((statuses[200] ?? 0) > requests / 40, JSON.stringify(statuses));
  assert.ok((statuses[400] ?? 0) > requests / 20, JSON.stringify(statuses));
  const [before, afterwards] = residentBytes;
  assert.ok(afterwards - before < GROWTH_BYTES, `${before} to ${afterwards} bytes`);
});
