import assert from "node:assert/strict";
import { test } from "node:test";
import { firstOf } from "./captures.ts";
import { parseClientHello, parseServerHello } from "./tls-hello.ts";

const OPENSSL_VERSIONS = ["1.3", "1.2", "1.1", "1.0"];

test("parseClientHello() reads name, protocols and versions of real clients", () => {
  const rows = (name: string) => {
    const hello = parseClientHello(firstOf(name));
    assert.equal(hello?.isComplete, true, name);
    return [hello?.serverName, hello?.alpn, hello?.versions];
  };
  const web = ["h2", "http/1.1"];
  assert.deepEqual(rows("tls-openssl"), ["shop.example.com", web, OPENSSL_VERSIONS]);
  assert.deepEqual(rows("tls-openssl-12"), ["shop.example.com", [], ["1.2"]]);
  assert.deepEqual(rows("tls-openssl-no-name"), [undefined, [], OPENSSL_VERSIONS]);
  assert.deepEqual(rows("tls-curl"), ["api.example.net", web, OPENSSL_VERSIONS]);
  assert.deepEqual(rows("tls-python"), ["mail.example.org", ["imap"], ["1.3", "1.2"]]);
  assert.deepEqual(rows("tls-node"), ["registry.example.org", web, ["1.3", "1.2"]]);
  assert.deepEqual(rows("tls-chromium"), ["photos.example.com", web, ["1.3", "1.2"]]);
  assert.deepEqual(rows("tls-firefox"), ["news.paper.test", web, ["1.3", "1.2"]]);
});

test("parseClientHello() says where the name may be a cover, which browsers always make possible", () => {
  assert.equal(parseClientHello(firstOf("tls-chromium"))?.mayBeCover, true);
  assert.equal(parseClientHello(firstOf("tls-firefox"))?.mayBeCover, true);
  assert.equal(parseClientHello(firstOf("tls-node"))?.mayBeCover, false);
});

test("parseClientHello() joins a hello over several records", () => {
  const stream = firstOf("tls-openssl-fragments");
  assert.ok(stream.readUInt16BE(3) + 5 < stream.length);
  assert.equal(parseClientHello(stream)?.serverName, "fragments.example.com");
  assert.deepEqual(
    parseClientHello(inRecords(firstOf("tls-node"), 40)),
    parseClientHello(firstOf("tls-node")),
  );
});

test("parseClientHello() takes what is whole of a hello that is cut", () => {
  for (const name of ["tls-chromium", "tls-firefox", "tls-openssl", "tls-openssl-fragments"]) {
    const whole = firstOf(name);
    const { serverName, alpn } = parseClientHello(whole) ?? {};
    const seen = new Set<string | undefined>();
    const protocols = new Set<string | undefined>();
    for (let length = 3; length < whole.length; length++) {
      const hello = parseClientHello(whole.subarray(0, length));
      assert.equal(hello?.isComplete, false, `${name} ${length}`);
      seen.add(hello?.serverName);
      protocols.add(hello?.alpn.join());
    }
    assert.deepEqual(seen, new Set([undefined, serverName]), name);
    for (const each of protocols) assert.ok(each === "" || each === alpn?.join(), each);
  }
});

test("parseClientHello() refuses a name with bytes that no host has", () => {
  const hello = Buffer.from(firstOf("tls-openssl"));
  hello.write("sh\x1bp<b>", hello.indexOf("shop.exa"), "latin1");
  const read = parseClientHello(hello);
  assert.deepEqual([read?.serverName, read?.isComplete], [undefined, true]);
});

test("parseClientHello() leaves out protocols that cannot be shown", () => {
  const hello = Buffer.from(firstOf("tls-openssl"));
  hello.write("\x1b[", hello.indexOf("h2\x08http"), "latin1");
  assert.deepEqual(parseClientHello(hello)?.alpn, ["http/1.1"]);
});

test("parseClientHello() is no judge of other protocols and of servers", () => {
  for (const text of [
    "GET / HTTP/1.1\r\n\r\n",
    "SSH-2.0-OpenSSH_9.2\r\n",
    "",
    "\x16\x05\x01",
    "\x16",
  ])
    assert.equal(parseClientHello(Buffer.from(text, "latin1")), undefined);
  assert.equal(parseClientHello(firstOf("tls-server-13")), undefined);
});

test("parseServerHello() reads the version, and the protocol where it is not encrypted", () => {
  assert.deepEqual(parseServerHello(firstOf("tls-server-13")), { version: "1.3", alpn: undefined });
  assert.deepEqual(parseServerHello(firstOf("tls-server-12")), {
    version: "1.2",
    alpn: "http/1.1",
  });
  assert.deepEqual(parseServerHello(firstOf("tls-server-retry")), {
    version: "1.3",
    alpn: undefined,
  });
  assert.equal(parseServerHello(firstOf("tls-openssl")), undefined);
  assert.equal(parseServerHello(firstOf("tls-server-13").subarray(0, 60)), undefined);
});

/** The handshake of a stream of one record, in records of `size` bytes. */
function inRecords(stream: Buffer, size: number): Buffer {
  const records: Buffer[] = [];
  for (let at = 5; at < stream.length; at += size) {
    const piece = stream.subarray(at, at + size);
    records.push(Buffer.of(22, 3, 1, 0, piece.length), piece);
  }
  return Buffer.concat(records);
}
