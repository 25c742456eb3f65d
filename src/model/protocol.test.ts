import assert from "node:assert/strict";
import { test } from "node:test";
import { protocolName } from "./protocol.ts";

test("protocolName() names what people know and numbers the rest", () => {
  const names = [6, 17, 1, 58, 132, 262, 2, 47, 50, 0, 253, 255].map(protocolName);
  assert.deepEqual(names, [
    "tcp",
    "udp",
    "icmp",
    "icmpv6",
    "sctp",
    "mptcp",
    "igmp",
    "gre",
    "esp",
    "link",
    "ip-253",
    "ip-255",
  ]);
});
