// Whose a connection is, on real sockets.
import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import { userInTables, userOfPeer } from "./peer-user.ts";
import { findTcpSocket } from "./socket-diag.ts";

const skip = process.platform !== "linux" && "needs /proc/net";

test("userOfPeer() finds the user of a connection over either family", { skip }, async () => {
  for (const host of ["127.0.0.1", "::1"]) {
    const server = createServer();
    server.listen(0, host);
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const client = connect(port, host);
    await once(client, "connect");
    const peer = { address: host, port: client.localPort as number };
    assert.equal(userOfPeer(peer, port), process.geteuid?.(), host);
    assert.equal(userOfPeer({ ...peer, port: 1 }, port), "nobody");
    assert.equal(userOfPeer(peer, port + 1), "nobody");
    assert.equal(userInTables(peer, port), process.geteuid?.(), host);
    client.destroy();
    server.close();
  }
});

test("userOfPeer() knows an IPv6 socket that speaks IPv4, and whose end was closed is nobody's", {
  skip,
}, async () => {
  const server = createServer({ pauseOnConnect: true });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect(port, "::ffff:127.0.0.1");
  const [accepted] = await once(server, "connection");
  const peer = { address: "127.0.0.1", port: accepted.remotePort };
  assert.equal(userOfPeer(peer, port), process.geteuid?.());
  assert.equal(userInTables(peer, port), process.geteuid?.());
  const ends = { ...peer, remotePort: port };
  assert.ok((findTcpSocket(ends)?.inode ?? 0) > 0, "the kernel is asked, not its tables");
  client.end();
  client.destroy();
  await once(client, "close");
  assert.equal(userOfPeer(peer, port), "nobody");
  assert.equal(userInTables(peer, port), "nobody");
  accepted.destroy();
  server.close();
});

test("userInTables() looks at the other end's row and not at ours", () => {
  const table = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 0100007F:2119 0100007F:B2D4 01 00000000:00000000 00:00000000 00000000     0        0 1
   1: 0100007F:B2D4 0100007F:2119 01 00000000:00000000 00:00000000 00000000  1000        0 2
   2: 0200000A:B2D5 0100007F:2119 01 00000000:00000000 00:00000000 00000000  1001        0 3
   3: 0100007F:B2D6 0100007F:2119 05 00000000:00000000 00:00000000 00000000     0        0 0
`;
  const read = (name: string) => (name === "tcp" ? table : "");
  assert.equal(userInTables({ address: "127.0.0.1", port: 0xb2d4 }, 0x2119, read), 1000);
  assert.equal(userInTables({ address: "127.0.0.1", port: 0xb2d5 }, 0x2119, read), "nobody");
  assert.equal(userInTables({ address: "127.0.0.1", port: 0xb2d6 }, 0x2119, read), "nobody");
  assert.equal(
    userInTables({ address: "127.0.0.1", port: 0xb2d4 }, 0x2119, () => ""),
    undefined,
  );
});

test("userOfPeer() knows nobody behind another loopback address", { skip }, async () => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const client = connect({ port, host: "127.0.0.1", localAddress: "127.0.0.2" });
  const [accepted] = await once(server, "connection");
  const peer = { address: accepted.remoteAddress, port: accepted.remotePort };
  assert.equal(peer.address, "127.0.0.2");
  assert.equal(userOfPeer(peer, port), "nobody");
  client.destroy();
  accepted.destroy();
  server.close();
});
