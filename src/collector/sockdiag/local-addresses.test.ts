/** Which interface a connection uses. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { readAddresses } from "../../native/interface-addresses.ts";
import { createLocalAddresses } from "./local-addresses.ts";

const v4 = (text: string) =>
  Buffer.concat([Buffer.alloc(10), Buffer.from([255, 255, ...text.split(".").map(Number)])]);
const v6 = (text: string) => Buffer.from(text.padStart(32, "0"), "hex");

test("ifindexOf() goes by the local address, unless the other one is this machine's too", () => {
  const addresses = createLocalAddresses(
    [
      { ifindex: 1, address: v4("127.0.0.1") },
      { ifindex: 2, address: v4("192.168.1.5") },
      { ifindex: 3, address: v6("fd000000000000000000000000000005") },
    ],
    1,
  );
  const of = (local: Buffer, remote: Buffer) => addresses.ifindexOf(Buffer.concat([local, remote]));
  assert.equal(of(v4("192.168.1.5"), v4("1.1.1.1")), 2);
  assert.equal(of(v6("fd000000000000000000000000000005"), v6("2a01")), 3);
  assert.equal(of(v4("192.168.1.5"), v4("192.168.1.5")), 1);
  assert.equal(of(v4("127.0.0.1"), v4("127.8.8.8")), 1);
  assert.equal(of(v6("1"), v6("1")), 1);
  assert.equal(of(v6("0"), v6("0")), 0, "listening on all");
  assert.equal(of(v4("10.0.0.1"), v4("1.1.1.1")), 0, "no such address");
});

test("readAddresses() finds the loopback address", {
  skip: process.platform !== "linux" && "needs Linux",
}, () => {
  const found = readAddresses().find((one) => one.address.equals(v4("127.0.0.1")));
  assert.equal(found?.ifindex, 1);
});
