/** The prefix tree: which entry a packet finds, and what that says. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAddress } from "../model/address.ts";
import { isLan } from "../model/limit-match.ts";
import { NETWORK_IS_LAN, NETWORK_IS_LOCAL } from "./layout.ts";
import { type NetworkEntry, networkEntries } from "./networks.ts";
import { limitRule } from "./rule-fixture.ts";

const remote = (id: string, network: string) => limitRule(id, { kind: "remote", network });
const bytes = (text: string) => parseAddress(text) ?? assert.fail(text);

/** As the kernel's trie does: the longest prefix. */
function find(entries: readonly NetworkEntry[], text: string): NetworkEntry | undefined {
  const address = bytes(text);
  const fits = ({ address: network, bits }: NetworkEntry) =>
    network.every((byte, at) => {
      const mask = 0xff << (8 - Math.min(8, Math.max(0, bits - at * 8)));
      return ((byte ^ (address[at] ?? 0)) & mask & 0xff) === 0;
    });
  return entries.filter(fits).sort((a, b) => b.bits - a.bits)[0];
}

test("networkEntries(): the narrowest entry knows the rules of all networks around it", () => {
  const rules = [
    remote("all", "0.0.0.0/0"),
    remote("ten", "10.0.0.0/8"),
    remote("host", "10.1.2.3"),
    remote("six", "2001:db8::/32"),
  ];
  const entries = networkEntries(rules, { own: [bytes("10.9.9.9")], withLan: true });
  const of = (text: string) => find(entries, text)?.rules.map(({ id }) => id);
  assert.deepEqual(of("10.1.2.3"), ["all", "ten", "host"]);
  assert.deepEqual(of("10.200.0.1"), ["all", "ten"]);
  assert.deepEqual(of("192.168.1.1"), ["all"]);
  assert.deepEqual(of("8.8.8.8"), ["all"]);
  assert.deepEqual(of("2001:db8::9"), ["six"]);
  assert.equal(of("2001:dead::9"), undefined);
  assert.deepEqual(of("10.9.9.9"), ["all", "ten"]);
  assert.equal((find(entries, "10.9.9.9")?.flags ?? 0) & NETWORK_IS_LOCAL, NETWORK_IS_LOCAL);
  assert.equal((find(entries, "127.0.0.1")?.flags ?? 0) & NETWORK_IS_LOCAL, NETWORK_IS_LOCAL);
});

test("networkEntries(): what is local is what the model calls local, and only where a rule asks", () => {
  const rules = [remote("a", "10.1.0.0/16"), remote("b", "8.0.0.0/8")];
  const entries = networkEntries(rules, { own: [], withLan: true });
  for (const text of [
    ...[
      "10.1.2.3",
      "10.2.2.3",
      "172.16.0.1",
      "172.32.0.1",
      "192.168.7.7",
      "100.64.0.1",
      "100.128.0.1",
    ],
    ...[
      "169.254.1.1",
      "224.0.0.251",
      "255.255.255.255",
      "8.8.8.8",
      "1.1.1.1",
      "fe80::1",
      "fd00::1",
    ],
    ...["ff02::fb", "2001:db8::1", "fec0::1"],
  ]) {
    const flags = find(entries, text)?.flags ?? 0;
    assert.equal((flags & NETWORK_IS_LAN) !== 0, isLan(text), text);
  }
  const without = networkEntries(rules, { own: [], withLan: false });
  assert.ok(without.every(({ flags }) => (flags & NETWORK_IS_LAN) === 0));
});
