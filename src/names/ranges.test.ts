import assert from "node:assert/strict";
import { test } from "node:test";
import { addressText, parseAddress } from "../model/address.ts";
import { carriedAddress, networkKind, ownNetworks } from "./ranges.ts";

const KINDS = {
  loopback: ["127.0.0.1", "127.255.255.255", "::1"],
  "link-local": ["169.254.1.1", "fe80::1", "febf::1"],
  private: ["10.0.0.0", "172.16.0.1", "172.31.255.255", "192.168.1.1", "fd00::1", "64:ff9b:1::1"],
  shared: ["100.64.0.0", "100.127.255.255"],
  multicast: ["224.0.0.251", "239.255.255.250", "255.255.255.255", "ff02::fb"],
  documentation: ["192.0.2.1", "198.51.100.7", "203.0.113.255", "2001:db8::1", "3fff:fff::1"],
  reserved: [
    "0.0.0.0",
    "192.0.0.8",
    "198.18.0.1",
    "240.0.0.1",
    "::",
    "100::1",
    "2001:2::1",
    "5f00::1",
    "4000::1",
  ],
  public: [
    "8.8.8.8",
    "172.32.0.1",
    "100.128.0.1",
    "192.0.0.9",
    "2606:4700::1",
    "2001:4860::1",
    "2001::1",
    "64:ff9b::808:808",
  ],
} as const;

for (const [kind, addresses] of Object.entries(KINDS)) {
  test(`networkKind() calls ${addresses.join(", ")} ${kind}`, () => {
    for (const address of addresses) assert.equal(networkKind(bytes(address)), kind, address);
  });
}

test("ownNetworks() finds the longest prefix, and passes over what is none", () => {
  const find = ownNetworks([
    { prefix: "10.0.0.0/8", kind: "vpn", name: "wg0" },
    { prefix: "10.1.0.0/16", kind: "lan", name: "eth0" },
    { prefix: "fd00:1::/64", kind: "lan", name: "eth0" },
    { prefix: "nonsense", kind: "lan", name: "x" },
    { prefix: "10.0.0.0/33", kind: "lan", name: "x" },
  ]);
  assert.equal(find(bytes("10.1.2.3"))?.name, "eth0");
  assert.equal(find(bytes("10.2.2.3"))?.kind, "vpn");
  assert.equal(find(bytes("fd00:1::5"))?.kind, "lan");
  assert.equal(find(bytes("11.0.0.1")), undefined);
});

test("carriedAddress() unwraps translated and 6to4 addresses", () => {
  assert.equal(addressText(carriedAddress(bytes("64:ff9b::808:808"))), "8.8.8.8");
  assert.equal(addressText(carriedAddress(bytes("2002:808:404::1"))), "8.8.4.4");
  assert.equal(addressText(carriedAddress(bytes("2606:4700::1"))), "2606:4700::1");
});

function bytes(text: string): Uint8Array {
  const address = parseAddress(text);
  assert.ok(address !== undefined, text);
  return address;
}
