import assert from "node:assert/strict";
import { test } from "node:test";
import { addressText } from "../model/address.ts";
import { dnsNameBytes, dnsResponse, firstOf, httpsWithCover } from "./captures.ts";
import { type DnsRecord, parseDnsMessage, parseDnsStream, RECORD_LIMIT } from "./dns-message.ts";

const A = { type: 1, data: Buffer.of(192, 0, 2, 1) };

function read(bytes: Uint8Array) {
  const message = parseDnsMessage(bytes);
  assert.ok(message !== undefined);
  return message;
}

function told({ name, type, target, addresses }: DnsRecord): string {
  return [name, type, target, ...addresses.map((each) => addressText(each))].join(" ").trim();
}

test("parseDnsMessage() reads what dnsmasq answers to dig", () => {
  const a = read(firstOf("dns-a"));
  assert.deepEqual(a.questions, [{ name: "www.example.com", type: 1 }]);
  assert.deepEqual(
    [a.isResponse, a.responseCode, a.isComplete, a.additional.length],
    [true, 0, true, 0],
  );
  assert.deepEqual(a.answers.map(told), [
    "www.example.com CNAME cdn.example.net",
    "cdn.example.net CNAME edge.example.org",
    "edge.example.org A  192.0.2.10",
  ]);
  assert.deepEqual(new Set(a.answers.map(({ ttlSeconds }) => ttlSeconds)), new Set([30]));
  assert.equal(
    told(read(firstOf("dns-aaaa")).answers[2] as DnsRecord),
    "edge.example.org AAAA  2001:db8::10",
  );
  assert.equal(read(firstOf("dns-many")).answers.length, 3);
  assert.equal(read(firstOf("dns-none")).responseCode, 3);
});

test("parseDnsMessage() reads SRV, PTR and HTTPS with its hints", () => {
  const srv = read(firstOf("dns-srv"));
  assert.deepEqual(srv.answers.map(told), ["_imap._tcp.example.org SRV edge.example.org"]);
  assert.equal(srv.additional.length, 2);
  assert.deepEqual(read(firstOf("dns-ptr")).answers.map(told), [
    "10.2.0.192.in-addr.arpa PTR edge.example.org",
  ]);
  assert.deepEqual(read(firstOf("dns-https")).answers.map(told), [
    "h3.example.org HTTPS  192.0.2.21 192.0.2.22 2001:db8::21",
  ]);
});

test("parseDnsMessage() reads the public name of Encrypted Client Hello", () => {
  const data = httpsWithCover("cover.example");
  const [record] = read(dnsResponse("a.example", [{ name: "a.example", type: 65, data }])).answers;
  assert.deepEqual(record?.coverNames, ["cover.example"]);
  const other = Buffer.from(data);
  other.write("\xfe\x0c", data.indexOf("\xfe\x0d", 0, "latin1"), "latin1"); // an older version
  const older = read(dnsResponse("a.example", [{ name: "a.example", type: 65, data: other }]));
  assert.deepEqual(older.answers[0]?.coverNames, []);
  for (let length = 0; length < data.length; length++) {
    const cut = { name: "a.example", type: 65, data: data.subarray(0, length) };
    for (const { coverNames } of read(dnsResponse("a.example", [cut])).answers)
      assert.deepEqual(coverNames, []);
  }
});

test("parseDnsMessage() tells queries from responses", () => {
  const query = read(firstOf("dns-a-query"));
  assert.equal(query.isResponse, false);
  assert.deepEqual(query.questions, [{ name: "www.example.com", type: 1 }]);
  assert.equal(query.id, read(firstOf("dns-a")).id);
});

test("parseDnsMessage() reads multicast announcements and leaves out names with blanks", () => {
  const message = read(firstOf("mdns-announce"));
  assert.deepEqual(message.answers.map(told), [
    "printer.local AAAA  fe80::77",
    "printer.local A  192.168.77.1",
  ]);
  assert.ok(message.answers.every(({ cacheFlush }) => cacheFlush));
});

test("parseDnsStream() reads messages behind their lengths", () => {
  const stream = firstOf("dns-tcp");
  assert.equal(parseDnsStream(stream)[0]?.answers.length, 3);
  assert.equal(parseDnsStream(Buffer.concat([stream, stream])).length, 2);
  assert.deepEqual(parseDnsStream(Buffer.of(0, 0, 0, 0)), []);
});

test("parseDnsMessage() takes what is whole of a message that is cut", () => {
  const whole = firstOf("dns-a");
  const counts = new Set<number>();
  for (let length = 0; length < whole.length; length++) {
    const message = parseDnsMessage(whole.subarray(0, length));
    assert.notEqual(message?.isComplete, true);
    counts.add(message?.answers.length ?? -1);
  }
  assert.deepEqual([...counts], [-1, 0, 1, 2, 3]); // the last record is none of these types
});

test("parseDnsMessage() refuses pointers that do not lead back", () => {
  const header = firstOf("dns-a").subarray(0, 12);
  const question = (...name: number[]) => Buffer.concat([header, Buffer.of(...name, 0, 1, 0, 1)]);
  assert.ok(parseDnsMessage(question(1, 0x61, 0)) !== undefined);
  for (const name of [
    [0xc0, 12],
    [0xc0, 14],
    [0xc0, 200],
    [1, 0x61, 0xc0, 12],
    [1, 0x61, 0xc0, 14],
    [0x80, 0],
    [0x40],
  ])
    assert.equal(parseDnsMessage(question(...name)), undefined, name.join());
});

test("parseDnsMessage() ends at 255 bytes of name, also through pointers", () => {
  const label = "a".repeat(63);
  const fits = `${label}.${label}.${label}.${"a".repeat(61)}`;
  assert.equal(read(dnsResponse(fits, [])).questions[0]?.name, fits);
  assert.equal(parseDnsMessage(dnsResponse(`${fits}a`, [])), undefined);
  assert.equal(
    parseDnsMessage(dnsResponse(`${label}.${label}.${label}.${label}.a`, [])),
    undefined,
  );
});

test("parseDnsMessage() lets no byte through that is in no host name", () => {
  for (const bad of ["a b", "<img>", "\x1b[2J", "a\0", "\xc3\xbc", '"', "a/b"]) {
    const message = read(
      dnsResponse(`${bad}.example`, [
        { name: `${bad}.example`, ...A },
        { name: "good.example", ...A },
        { name: "good.example", type: 5, data: dnsNameBytes(`${bad}.example`) },
      ]),
    );
    assert.equal(message.questions[0]?.name, undefined);
    assert.deepEqual(message.answers.map(told), ["good.example A  192.0.2.1"]);
  }
});

test("parseDnsMessage() reads no more records than its limit", () => {
  const record = { name: "a.example", ...A };
  const many = (count: number) => read(dnsResponse("a.example", new Array(count).fill(record)));
  assert.equal(many(RECORD_LIMIT).isComplete, true);
  assert.deepEqual(
    [many(RECORD_LIMIT + 1).answers.length, many(RECORD_LIMIT + 1).isComplete],
    [RECORD_LIMIT, false],
  );
});

test("parseDnsMessage() leaves out records of wrong length and counts odd lifetimes as none", () => {
  const { answers } = read(
    dnsResponse("a.example", [
      { name: "a.example", type: 1, data: Buffer.of(1, 2, 3) },
      { name: "a.example", type: 28, data: Buffer.of(1, 2, 3, 4) },
      { name: "a.example", type: 5, data: Buffer.of(0xc0) },
      { name: "a.example", ...A, ttlSeconds: 0x80000000 },
    ]),
  );
  assert.deepEqual(
    answers.map(({ type, ttlSeconds }) => [type, ttlSeconds]),
    [["A", 0]],
  );
});
