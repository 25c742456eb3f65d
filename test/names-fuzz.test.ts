import assert from "node:assert/strict";
import { test } from "node:test";
import { firstOf } from "../src/names/captures.ts";
import { NAMED_FLOW_LIMIT } from "../src/names/flow-names.ts";
import { QuicInitials } from "../src/names/quic-initial.ts";
import { fuzz } from "./names-fuzz.ts";
import { clientInitial, createRandom, mutate } from "./names-mutations.ts";

test("names read 20,000 mutated packets without a crash and show nothing unprintable", () => {
  const { packets, read, flows, addresses } = fuzz(20_000, 20_251);
  assert.equal(packets, 20_000);
  assert.ok(read > 20_000, `only ${read} results: the mutations reach too little`);
  assert.ok(flows > 0 && flows <= NAMED_FLOW_LIMIT);
  assert.ok(addresses > 0);
});

test("clientInitial() makes Initials that open, and mutate() repeats itself", () => {
  const initials = new QuicInitials();
  for (const seed of [1, 2, 3]) {
    initials.add(clientInitial(firstOf("tls-openssl").subarray(5), createRandom(seed)));
  }
  assert.equal(initials.hello?.serverName, "shop.example.com");
  const twice = [1, 2].map(() => mutate(firstOf("dns-a"), [firstOf("tls-node")], createRandom(7)));
  assert.deepEqual(twice[0], twice[1]);
});
