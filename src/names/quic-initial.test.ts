import assert from "node:assert/strict";
import { test } from "node:test";
import { capture, firstOf } from "./captures.ts";
import { CryptoStream, PIECE_LIMIT } from "./crypto-stream.ts";
import { INITIAL_LIMIT, QuicInitials, quicStart } from "./quic-initial.ts";
import { clientKeys } from "./quic-keys.ts";
import { HANDSHAKE_LIMIT } from "./tls-hello.ts";

function reading(...datagrams: Uint8Array[]): QuicInitials {
  const initials = new QuicInitials();
  for (const datagram of datagrams) initials.add(datagram);
  return initials;
}

test("clientKeys() are those of RFC 9001 appendix A.1 and RFC 9369 appendix A.1", () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
  const destination = Buffer.from("8394c8f03e515708", "hex");
  const one = clientKeys(destination, 1);
  assert.deepEqual(
    [hex(one.key), hex(one.iv), hex(one.headerKey)],
    [
      "1f369613dd76d5467730efcbe3b1a22d",
      "fa044b2f42a3fd3b46fb255c",
      "9f50449e04a0e810283a1e9933adedd2",
    ],
  );
  const two = clientKeys(destination, 2);
  assert.deepEqual(
    [hex(two.key), hex(two.iv), hex(two.headerKey)],
    [
      "8b1a0bc121284290a29e0971b5cd045d",
      "91f73e2351d8fa91660e909f",
      "45b95e15235d6f45a6b19cbcb0294ba9",
    ],
  );
});

test("QuicInitials reads the packets of RFC 9001 appendix A.2 and RFC 9369 appendix A.2", () => {
  for (const [name, version] of [
    ["quic-rfc9001-a2", 1],
    ["quic-rfc9369-a2", 2],
  ] as const) {
    const { hello, version: read } = reading(firstOf(name));
    assert.deepEqual(
      [read, hello?.serverName, hello?.alpn, hello?.isComplete],
      [version, "example.com", ["alpn"], true],
    );
  }
});

test("QuicInitials reads real clients, in whatever order their datagrams come", () => {
  const rows = (datagrams: Buffer[]) => {
    const { hello, version, isDone } = reading(...datagrams);
    return [version, hello?.serverName, hello?.alpn[0], isDone];
  };
  assert.deepEqual(rows(capture("quic-aioquic-v1")), [1, "cdn.example.com", "h3", true]);
  assert.deepEqual(rows(capture("quic-aioquic-v2")), [2, "v2.example.com", "h3", true]);
  for (const [name, host] of [
    ["quic-aioquic-long", "long.example.com"],
    ["quic-chromium", "video.example.com"],
  ] as const) {
    assert.deepEqual(rows(capture(name)), [1, host, "h3", true]);
    assert.deepEqual(rows(capture(name).reverse()), [1, host, "h3", true]);
  }
  assert.equal(reading(...capture("quic-chromium")).hello?.mayBeCover, true);
});

test("QuicInitials puts Firefox's name together, half of which is in the second datagram", () => {
  const [first, second] = capture("quic-firefox") as [Buffer, Buffer];
  for (const datagrams of [
    [first, second],
    [second, first],
  ]) {
    const { hello, isDone } = reading(...datagrams);
    assert.deepEqual([hello?.serverName, hello?.alpn, isDone], ["media.films.test", ["h3"], true]);
  }
  assert.equal(reading(first).hello?.serverName, undefined);
  // What a copy of 2,048 bytes of both at once would have left.
  assert.equal(reading(first, second.subarray(0, 796)).hello?.serverName, undefined);
});

test("QuicInitials reads coalesced packets and leaves its input as it is", () => {
  const datagram = Buffer.concat([firstOf("quic-rfc9001-a2"), Buffer.alloc(30)]);
  const before = Buffer.from(datagram);
  assert.equal(reading(datagram).hello?.serverName, "example.com");
  assert.deepEqual(datagram, before);
  const both = Buffer.concat(capture("quic-chromium"));
  assert.equal(reading(both).hello?.serverName, "video.example.com");
});

test("QuicInitials goes on with new keys after a Retry", () => {
  const datagrams = capture("quic-aioquic-retry");
  const [first, second, again, rest] = datagrams as [Buffer, Buffer, Buffer, Buffer];
  const name = (...sent: Buffer[]) => {
    const { hello, isDone } = reading(...sent);
    return isDone ? hello?.serverName : undefined;
  };
  assert.equal(name(first, second), "retry.example.com");
  assert.equal(name(first, firstOf("quic-retry"), rest), "retry.example.com");
  assert.equal(name(first, again, rest), "retry.example.com");
  assert.equal(name(first, again), undefined);
});

test("QuicInitials believes no packet that is altered anywhere", () => {
  const packet = firstOf("quic-rfc9001-a2");
  for (let at = 0; at < packet.length; at += 7) {
    const altered = Buffer.from(packet);
    altered[at] = (altered[at] ?? 0) ^ 1;
    assert.equal(reading(altered).hello, undefined, String(at));
  }
  assert.equal(reading(packet.subarray(0, 1199)).hello, undefined);
});

test("QuicInitials opens a limited number of packets", () => {
  const initials = new QuicInitials();
  const broken = Buffer.from(firstOf("quic-rfc9001-a2"));
  broken[1000] = (broken[1000] ?? 0) ^ 1;
  for (let i = 0; i < INITIAL_LIMIT; i++) {
    assert.equal(initials.isDone, false);
    initials.add(broken);
  }
  assert.equal(initials.isDone, true);
});

test("quicStart() tells what a datagram begins with", () => {
  assert.deepEqual(quicStart(firstOf("quic-server")), { kind: "initial", version: 1 });
  assert.deepEqual(quicStart(firstOf("quic-rfc9001-a3")), { kind: "initial", version: 1 });
  assert.deepEqual(quicStart(firstOf("quic-aioquic-v2")), { kind: "initial", version: 2 });
  assert.deepEqual(quicStart(firstOf("quic-retry")), { kind: "retry", version: 1 });
  assert.deepEqual(quicStart(firstOf("quic-versions")), { kind: "versions", version: undefined });
  for (const name of ["dns-a", "tls-node", "mdns-announce"])
    assert.equal(quicStart(firstOf(name)), undefined);
});

test("CryptoStream puts pieces in order, however they overlap", () => {
  const text = Buffer.from("the quick brown fox");
  const stream = new CryptoStream();
  for (const [from, to] of [
    [10, 19],
    [4, 12],
    [0, 2],
  ] as const)
    stream.add(from, text.subarray(from, to));
  assert.equal(Buffer.from(stream.start()).toString(), "th");
  stream.add(0, text.subarray(0, 5));
  assert.equal(Buffer.from(stream.start()).toString(), "the quick brown fox");
});

test("CryptoStream holds no more than its limits", () => {
  const stream = new CryptoStream();
  for (let i = 0; i < PIECE_LIMIT * 2; i++) stream.add(1 + i * 2, Buffer.of(1));
  stream.add(0, Buffer.of(1));
  stream.add(HANDSHAKE_LIMIT, Buffer.of(1));
  stream.add(2 ** 60, Buffer.of(1));
  assert.equal(stream.start().length, 0);
  const full = new CryptoStream();
  for (const offset of [0, HANDSHAKE_LIMIT / 2, HANDSHAKE_LIMIT]) {
    full.add(offset, new Uint8Array(HANDSHAKE_LIMIT / 2));
    full.start();
  }
  assert.equal(full.start().length, HANDSHAKE_LIMIT);
});
