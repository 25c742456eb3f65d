/** Netlink against this kernel: whole dumps, refusals, and life after them. */

import assert from "node:assert/strict";
import { readdirSync, readlinkSync } from "node:fs";
import { test } from "node:test";
import { MonitauriError } from "../model/error.ts";
import { NETLINK_ROUTE, NETLINK_SOCK_DIAG, openNetlink } from "./netlink.ts";
import { dumpRequest, eachAttribute, eachMessage, readText } from "./netlink-message.ts";

const onLinux = { skip: process.platform !== "linux" && "needs Linux" };
const RTM_GETLINK = 18;

test("request() returns a whole dump, again and again", onLinux, () => {
  using netlink = openNetlink(NETLINK_ROUTE);
  for (let round = 0; round < 3; round++) {
    const types = new Set<number>();
    for (const part of netlink.request(dumpRequest(RTM_GETLINK, Buffer.alloc(16)))) {
      eachMessage(part, (type) => types.add(type));
    }
    assert.ok(types.has(16), "RTM_NEWLINK");
  }
});

test("request() says what the kernel refused, and works again after it", onLinux, () => {
  using netlink = openNetlink(NETLINK_SOCK_DIAG);
  const ofFamily = (family: number) => {
    const body = Buffer.alloc(56);
    body.writeUInt8(family, 0);
    body.writeUInt8(6, 1);
    body.writeUInt32LE(0xfff, 4);
    return dumpRequest(20, body);
  };
  assert.throws(
    () => netlink.request(ofFamily(44)),
    (error) =>
      error instanceof MonitauriError &&
      error.code === "unsupported" &&
      /^Cannot get a netlink answer: No such file or directory \(errno 2\)\. Load/.test(
        error.message,
      ),
  );
  assert.ok(Array.isArray(netlink.request(ofFamily(2))));
});

test("openNetlink() says that the machine has no such family", onLinux, () => {
  assert.throws(
    () => openNetlink(99),
    (error) =>
      error instanceof MonitauriError &&
      error.code === "unsupported" &&
      error.message.includes("protocol 99"),
  );
});

test("close() gives the descriptor back, once", onLinux, () => {
  const sockets = () =>
    readdirSync("/proc/self/fd").filter((name) => isSocket(`/proc/self/fd/${name}`)).length;
  const before = sockets();
  const netlink = openNetlink(NETLINK_ROUTE);
  assert.equal(sockets(), before + 1);
  netlink.close();
  netlink.close();
  assert.equal(sockets(), before);
  assert.throws(() => netlink.request(dumpRequest(RTM_GETLINK, Buffer.alloc(16))), /closed/);
  assert.throws(() => openNetlink(99));
  assert.equal(sockets(), before);
});

test("drain() is empty while nothing was said", onLinux, () => {
  using netlink = openNetlink(NETLINK_SOCK_DIAG, 0);
  assert.deepEqual(netlink.drain(), { parts: [], lost: false });
});

test("eachMessage() and eachAttribute() stop at broken lengths", () => {
  const visited: number[] = [];
  const part = Buffer.alloc(40);
  part.writeUInt32LE(20, 0);
  part.writeUInt16LE(7, 4);
  part.writeUInt32LE(400, 20);
  eachMessage(part, (type) => visited.push(type));
  assert.deepEqual(visited, [7]);
  const attributes = Buffer.from([6, 0, 3, 0, 0x61, 0, 0, 0, 2, 0, 1, 0]);
  const texts: string[] = [];
  eachAttribute(attributes, 0, 12, (_type, at, end) => texts.push(readText(attributes, at, end)));
  assert.deepEqual(texts, ["a"]);
});

function isSocket(path: string): boolean {
  try {
    return readlinkSync(path).startsWith("socket:");
  } catch {
    return false;
  }
}
