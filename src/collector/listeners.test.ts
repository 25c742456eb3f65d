// Real sockets of this process: what waits for others is listed with its program, the rest is not.
import assert from "node:assert/strict";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { realpathSync } from "node:fs";
import { type AddressInfo, connect, createServer } from "node:net";
import { userInfo } from "node:os";
import { test } from "node:test";
import { createListenerScan } from "./listeners.ts";

const skip = process.platform === "linux" ? false : "only Linux lists sockets this way";

test("createListenerScan() finds TCP that listens and UDP without a peer, with the program", {
  skip,
}, async () => {
  await using opened = new AsyncDisposableStack();
  const tcp = createServer().listen(0, "127.0.0.1");
  opened.defer(() => void tcp.close());
  const udp = createSocket("udp4").bind(0);
  opened.defer(() => void udp.close());
  await Promise.all([once(tcp, "listening"), once(udp, "listening")]);
  const client = connect((tcp.address() as AddressInfo).port, "127.0.0.1");
  opened.defer(() => void client.destroy());
  const connected = createSocket("udp4");
  opened.defer(() => void connected.close());
  connected.connect(9, "127.0.0.1");
  await Promise.all([once(client, "connect"), once(connected, "connect")]);
  const rows = createListenerScan()().filter(({ pid }) => pid === process.pid);
  const where = rows.map((row) => `${row.protocol} ${row.localAddress} ${row.localPort}`);
  assert.ok(where.includes(`tcp 127.0.0.1 ${(tcp.address() as AddressInfo).port}`));
  assert.ok(where.includes(`udp 0.0.0.0 ${udp.address().port}`));
  assert.ok(!where.some((text) => text.endsWith(` ${client.localPort}`)), "has a peer");
  assert.ok(!where.some((text) => text.endsWith(` ${connected.address().port}`)), "has a peer");
  const [row] = rows;
  assert.equal(row?.path, realpathSync(process.execPath));
  assert.equal(row?.user, userInfo().username);
  assert.match(row?.key ?? "", /^(path|script):/);
});

test("createListenerScan() asks the kernel once for all who ask at a time", { skip }, async () => {
  let nowMs = 0;
  const scan = createListenerScan({ clock: () => nowMs });
  const first = scan();
  const tcp = createServer().listen(0, "127.0.0.1");
  await once(tcp, "listening");
  const { port } = tcp.address() as AddressInfo;
  tcp.unref();
  assert.equal(scan(), first);
  nowMs = 2_000;
  assert.ok(scan().some(({ localPort, pid }) => localPort === port && pid === process.pid));
  tcp.close();
  await once(tcp, "close");
  nowMs = 4_000;
  assert.ok(!scan().some(({ localPort }) => localPort === port));
});
