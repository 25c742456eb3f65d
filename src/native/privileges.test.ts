// Reading capabilities and groups.
import assert from "node:assert/strict";
import { test } from "node:test";
import { groupId, groupMembers, readPrivileges } from "./privileges.ts";

test("readPrivileges() names what root lacks in a container", () => {
  // Docker's default set has neither CAP_NET_ADMIN nor CAP_SYS_ADMIN.
  assert.deepEqual(readPrivileges("CapEff:\t00000000a80425fb\n").lacking, [
    "CAP_NET_ADMIN",
    "CAP_SYS_ADMIN",
    "CAP_PERFMON",
    "CAP_BPF",
  ]);
  assert.deepEqual(readPrivileges("CapEff:\t000001ffffffffff\n").lacking, []);
  assert.deepEqual(readPrivileges("CapEff:\t0000000000201000\n").lacking, []);
  assert.deepEqual(readPrivileges("").lacking, []);
});

test("groupId() finds a group by its whole name", () => {
  const groups = "root:x:0:\nmonitauri-old:x:7:\nmonitauri:x:998:anna\n";
  assert.equal(groupId("monitauri", groups), 998);
  assert.equal(groupId("root", groups), 0);
  assert.equal(groupId("anna", groups), undefined);
});

test("groupMembers() has those listed and those whose own group it is", () => {
  const groups = "root:x:0:\nmonitauri:x:998:anna,berta,ghost\n";
  const users =
    "root:x:0:0::/:\nanna:x:1000:1000::/:\nberta:x:1001:100::/:\ncarla:x:1002:998::/:\n";
  assert.deepEqual(groupMembers(998, { groups, users }), [1000, 1001, 1002]);
  assert.deepEqual(groupMembers(0, { groups, users }), [0]);
  assert.deepEqual(groupMembers(7, { groups, users }), []);
});
