/** The parser against dumps of sockets that the test has made. */

import assert from "node:assert/strict";
import { once } from "node:events";
import { readdirSync, readlinkSync } from "node:fs";
import { connect, createServer, type Server, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { NETLINK_SOCK_DIAG, openNetlink } from "../../native/netlink.ts";
import {
  AF_INET,
  AF_INET6,
  CONNECTED,
  type DiagSocket,
  eachSocket,
  IPPROTO_TCP,
  LISTENING,
  STATE,
  socketRequest,
} from "./inet-diag.ts";
import { readTcpInfo } from "./tcp-info.ts";

const onLinux = { skip: process.platform !== "linux" && "needs Linux" };

test("eachSocket() reads both ends of an IPv4 connection", onLinux, async (t) => {
  const { near, far, server } = await connection(t, "127.0.0.1");
  await exchange(near, far, 4321);
  const found = dump(AF_INET, CONNECTED);
  const client = found.find((one) => one.localPort === near.localPort);
  const accepted = found.find((one) => one.remotePort === near.localPort);
  assert.ok(client?.info && accepted?.info);
  assert.equal(client.family, AF_INET);
  assert.equal(client.state, 1);
  assert.equal(client.remotePort, portOf(server));
  assert.equal(hex(client.addresses), "00000000000000000000ffff7f000001".repeat(2));
  assert.equal(client.uid, process.geteuid?.());
  assert.ok(ownInodes().has(client.inode));
  assert.ok(client.cookie > 0 && client.cookie !== accepted.cookie);
  assert.equal(client.info.state, 1);
  assert.equal(client.info.bytesSent, 4321);
  assert.equal(client.info.bytesRetrans, 0);
  assert.equal(client.info.bytesAcked, 4322, "the SYN counts");
  assert.equal(accepted.info.bytesReceived, 4321);
  assert.ok(client.info.rttUs > 0);
  assert.ok(client.info.segsOut >= 3 && accepted.info.segsIn >= 2);
});

test("eachSocket() reads IPv6 addresses, and IPv4 ones of IPv6 sockets", onLinux, async (t) => {
  const six = await connection(t, "::1");
  const mapped = await connection(t, "::ffff:127.0.0.1");
  const found = dump(AF_INET6, CONNECTED);
  const ofPort = (port: number | undefined) => found.find((one) => one.localPort === port);
  assert.equal(hex(ofPort(six.near.localPort)?.addresses), `${"0".repeat(31)}1`.repeat(2));
  assert.equal(
    hex(ofPort(portOf(mapped.server))?.addresses),
    "00000000000000000000ffff7f000001".repeat(2),
  );
});

test("eachSocket() reads listening sockets without counters", onLinux, async (t) => {
  const { server } = await connection(t, "0.0.0.0");
  const found = dump(AF_INET, LISTENING).find((one) => one.localPort === portOf(server));
  assert.equal(found?.state, STATE.listen);
  assert.equal(found?.info, undefined);
  assert.equal(hex(found?.addresses), "0".repeat(64));
  assert.ok(!dump(AF_INET, CONNECTED).some((one) => one.state === STATE.listen));
});

test("eachSocket() ignores what is too short for a socket", () => {
  const part = Buffer.alloc(40);
  part.writeUInt32LE(40, 0);
  part.writeUInt16LE(20, 4);
  eachSocket([part], () => assert.fail("no socket"));
});

test("readTcpInfo() goes by the length that the kernel gave", () => {
  const info = Buffer.alloc(280, 1);
  assert.equal(readTcpInfo(info, 0, 104), undefined);
  assert.equal(readTcpInfo(info, 0, 192)?.bytesSent, undefined);
  assert.equal(readTcpInfo(info, 0, 192)?.segsIn, 0x01010101);
  assert.equal(readTcpInfo(info, 0, 280)?.bytesSent, 0x0101010101010101);
});

function dump(family: number, states: number): DiagSocket[] {
  using netlink = openNetlink(NETLINK_SOCK_DIAG);
  const withInfo = states === CONNECTED;
  const parts = netlink.request(socketRequest({ family, protocol: IPPROTO_TCP, states, withInfo }));
  const found: DiagSocket[] = [];
  eachSocket(parts, (one) => found.push({ ...one, addresses: one.addresses.slice() }));
  return found;
}

async function connection(t: TestContext, host: string) {
  const server = createServer();
  server.listen(0, host);
  await once(server, "listening");
  const near = connect(portOf(server), host === "0.0.0.0" ? "127.0.0.1" : host);
  const [far] = (await once(server, "connection")) as [Socket];
  if (near.connecting) await once(near, "connect");
  t.after(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { server, near, far };
}

async function exchange(from: Socket, to: Socket, count: number): Promise<void> {
  from.write(Buffer.alloc(count));
  let received = 0;
  while (received < count) {
    const [data] = (await once(to, "data")) as [Buffer];
    received += data.length;
  }
}

function portOf(server: Server): number {
  const address = server.address();
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

function ownInodes(): Set<number> {
  const inodes = readdirSync("/proc/self/fd").map((name) => {
    try {
      return Number(/^socket:\[(\d+)\]$/.exec(readlinkSync(`/proc/self/fd/${name}`))?.[1]);
    } catch {
      return Number.NaN;
    }
  });
  return new Set(inodes);
}

function hex(bytes: Uint8Array | undefined): string {
  return Buffer.from(bytes ?? []).toString("hex");
}
