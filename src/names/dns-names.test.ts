import assert from "node:assert/strict";
import { test } from "node:test";
import type { Observation } from "../model/observation.ts";
import {
  addressOf,
  dnsNameBytes,
  dnsQuery,
  dnsResponse,
  firstOf,
  httpsWithCover,
  observed,
} from "./captures.ts";
import { ALTERNATIVE_LIMIT, DnsNames } from "./dns-names.ts";
import { QUERY_FLOW_LIMIT } from "./dns-queries.ts";

const UDP = { protocol: 17, remotePort: 53, remoteAddress: addressOf("9.9.9.9") };
const EDGE = addressOf("192.0.2.10");

function answerOf(name: string, ...addresses: string[]): Buffer {
  return dnsResponse(
    name,
    addresses.map((each) => ({ name, type: 1, data: addressOf(each).subarray(12) })),
  );
}

/** A program asks something and is answered, on a flow of its own. */
function tell(names: DnsNames, bytes: Uint8Array, differs: Partial<Observation> = {}): void {
  names.observe(observed({ ...UDP, bytes: dnsQuery(), ...differs }));
  names.observe(observed({ ...UDP, kind: "dns", bytes, ...differs }));
}

function asker(address: Uint8Array | string, process = 7, atMs = 1_800_000_000_000) {
  return { address: typeof address === "string" ? addressOf(address) : address, process, atMs };
}

test("DnsNames names addresses as the program asked, through aliases", () => {
  const names = new DnsNames();
  names.observe(observed({ ...UDP, bytes: firstOf("dns-a-query") }));
  names.observe(observed({ ...UDP, kind: "dns", bytes: firstOf("dns-a") }));
  assert.deepEqual(names.lookup(asker(EDGE)), {
    name: "www.example.com",
    source: "dns",
    alternatives: [],
  });
  assert.equal(names.lookup(asker("192.0.2.11")), undefined);
});

test("DnsNames reads AAAA, HTTPS hints, SRV with its hosts, several addresses, and TCP", () => {
  const names = new DnsNames();
  for (const name of ["dns-aaaa", "dns-https", "dns-srv", "dns-many"]) tell(names, firstOf(name));
  const name = (address: string) => names.lookup(asker(address))?.name;
  assert.equal(name("192.0.2.10"), "edge.example.org");
  assert.equal(name("192.0.2.22"), "h3.example.org");
  assert.equal(name("2001:db8::21"), "h3.example.org");
  for (const last of [1, 2, 3]) assert.equal(name(`198.51.100.${last}`), "both.example.org");
  const { alternatives } = names.lookup(asker("2001:db8::10")) ?? {};
  assert.deepEqual([name("2001:db8::10"), alternatives], ["edge.example.org", ["www.example.com"]]);
});

test("DnsNames reads answers over TCP, on connections that began with a query", () => {
  const tcp = { ...UDP, protocol: 6 };
  const answer = observed({ ...tcp, kind: "first-received", bytes: firstOf("dns-tcp") });
  const names = new DnsNames();
  names.observe(answer);
  for (const bytes of [Buffer.from("220 mail.example ESMTP\r\n"), firstOf("dns-tcp")]) {
    names.observe(observed({ ...tcp, index: 2, bytes }));
    names.observe({ ...answer, index: 2 });
  }
  assert.deepEqual([names.size, names.refused], [0, 3]);
  const query = dnsQuery();
  const length = Buffer.of(0, query.length);
  names.observe(observed({ ...tcp, index: 3, bytes: Buffer.concat([length, query]) }));
  names.observe({ ...answer, index: 3 });
  assert.equal(names.lookup(asker(EDGE))?.name, "www.example.com");
  const split = new DnsNames();
  for (const bytes of [length, query]) split.observe(observed({ ...tcp, bytes }));
  split.observe(answer);
  assert.equal(split.lookup(asker(EDGE))?.name, "www.example.com");
});

test("DnsNames believes no datagram on a flow that did not begin with a query", () => {
  const names = new DnsNames();
  const spoofed = { ...UDP, kind: "dns", bytes: firstOf("dns-a") } as const;
  const asked = { ...UDP, bytes: firstOf("dns-a-query") };
  names.observe(observed(spoofed));
  names.observe(observed(asked)); // a service that sends back what it gets
  names.observe(observed(spoofed));
  names.observe(observed({ ...asked, index: 2 }));
  names.observe(observed({ ...spoofed, index: 2, remotePort: 5300 }));
  names.observe(observed({ ...UDP, index: 3, bytes: Buffer.from("welcome to the game") }));
  names.observe(observed({ ...spoofed, index: 3 }));
  names.observe(observed({ ...asked, index: 4, bytes: firstOf("dns-a") }));
  names.observe(observed({ ...spoofed, index: 4 }));
  assert.deepEqual([names.size, names.refused], [0, 4]);
  names.observe(observed({ ...spoofed, index: 2 }));
  assert.equal(names.size, 1);
  names.observe(observed({ ...spoofed, index: 2, serial: 2 }));
  assert.equal(names.refused, 5);
});

test("DnsNames refuses another question under the number of the query", () => {
  const names = new DnsNames();
  names.observe(observed({ ...UDP, bytes: firstOf("dns-a-query") }));
  const id = firstOf("dns-a-query").readUInt16BE(0);
  const record = { name: "bank.example", type: 1, data: Buffer.of(192, 0, 2, 9) };
  names.observe(
    observed({ ...UDP, kind: "dns", bytes: dnsResponse("bank.example", [record], { id }) }),
  );
  assert.deepEqual([names.size, names.refused], [0, 1]);
});

test("DnsNames leaves out records that the question does not lead to", () => {
  const names = new DnsNames();
  const a = (name: string, last: number) => ({ name, type: 1, data: Buffer.of(192, 0, 2, last) });
  const alias = { name: "a.example", type: 5, data: dnsNameBytes("b.example") };
  const loop = { name: "b.example", type: 5, data: dnsNameBytes("a.example") };
  tell(names, dnsResponse("a.example", [a("bank.example", 1), a("b.example", 2), alias, loop]));
  assert.deepEqual([names.size, names.lookup(asker("192.0.2.2"))?.name], [1, "a.example"]);
});

test("DnsNames names nothing of this machine itself, nothing of failures, nothing of queries", () => {
  const names = new DnsNames();
  tell(names, answerOf("ads.example", "0.0.0.0", "127.0.0.1", "224.0.0.1", "255.255.255.255"));
  const failed = answerOf("failed.example", "192.0.2.1");
  failed[3] = 3;
  tell(names, failed);
  for (const name of ["dns-none", "dns-ptr", "dns-a-query", "tls-node"]) tell(names, firstOf(name));
  assert.equal(names.size, 0);
});

test("DnsNames prefers what the process itself was told, and asks who may be named by others", () => {
  const names = new DnsNames({ mayName: (told, user) => told !== 66 && user !== 5 });
  const told = (name: string, process: number, index: number) =>
    tell(names, answerOf(name, "192.0.2.10"), { process, index });
  told("own.example", 7, 1);
  told("others.example", 8, 2);
  told("hostile.example", 66, 3);
  assert.equal(names.lookup(asker(EDGE, 7))?.name, "own.example");
  assert.deepEqual(names.lookup(asker(EDGE, 9)), {
    name: "others.example",
    source: "dns",
    alternatives: ["own.example"],
  });
  assert.equal(names.lookup(asker(EDGE, 66))?.name, "hostile.example");
  assert.equal(names.lookup(asker(EDGE, 5)), undefined);
});

test("DnsNames drops the labels of a service from its name", () => {
  const names = new DnsNames();
  const name = "_8443._https.a.example";
  const data = Buffer.of(0, 1, 0, 0, 4, 0, 4, 192, 0, 2, 9);
  tell(names, dnsResponse(name, [{ name, type: 65, data }], { questionType: 65 }));
  assert.equal(names.lookup(asker("192.0.2.9"))?.name, "a.example");
});

test("DnsNames keeps what it was answered, however many names the local network says", () => {
  const names = new DnsNames();
  tell(names, answerOf("asked.example", "10.0.0.1"));
  const remoteAddress = addressOf("10.9.9.9");
  for (let i = 0; i < 20_000; i++) {
    const bytes = answerOf(`n${i}.local`, `10.1.${(i >> 8) & 255}.${i & 255}`);
    names.observe(observed({ kind: "dns", protocol: 17, remotePort: 5353, remoteAddress, bytes }));
  }
  assert.deepEqual([names.size, names.lookup(asker("10.0.0.1"))?.name], [2049, "asked.example"]);
});

test("DnsNames takes names of the local network from whoever heard them", () => {
  const names = new DnsNames({ mayName: () => false });
  const from = { kind: "dns", protocol: 17, remotePort: 5353, process: 8 } as const;
  const remoteAddress = addressOf("fe80::1");
  names.observe(observed({ ...from, remoteAddress, bytes: firstOf("mdns-announce") }));
  assert.equal(names.lookup(asker("fe80::77", 9))?.name, "printer.local");
});

test("DnsNames takes what nobody knows who was told for no one's own", () => {
  const names = new DnsNames();
  tell(names, answerOf("nobody.example", "192.0.2.10"), { process: 0 });
  tell(names, answerOf("later.example", "192.0.2.10"), { process: 8, index: 2 });
  const { name, alternatives } = names.lookup(asker(EDGE, 0)) ?? {};
  assert.deepEqual([name, alternatives], ["later.example", ["nobody.example"]]);
});

test("DnsNames gives all names that may be meant, up to a limit", () => {
  const names = new DnsNames();
  for (let i = 0; i < 12; i++) tell(names, answerOf(`n${i}.example`, "192.0.2.10"));
  const found = names.lookup(asker(EDGE));
  assert.deepEqual([found?.name, found?.alternatives.length], ["n11.example", ALTERNATIVE_LIMIT]);
});

test("DnsNames believes multicast answers for .local and local addresses from local senders", () => {
  const multicast = {
    kind: "dns",
    protocol: 17,
    remotePort: 5353,
    bytes: firstOf("mdns-announce"),
  } as const;
  const names = new DnsNames();
  names.observe(observed({ ...multicast, remoteAddress: addressOf("203.0.113.1") }));
  assert.deepEqual([names.size, names.refused], [0, 1]);
  names.observe(observed({ ...multicast, remoteAddress: addressOf("192.168.77.1") }));
  assert.deepEqual(names.lookup(asker("fe80::77")), {
    name: "printer.local",
    source: "mdns",
    alternatives: [],
  });
  assert.equal(names.lookup(asker("192.168.77.1"))?.name, "printer.local");
  const from = { ...multicast, remoteAddress: addressOf("fe80::1") };
  names.observe(observed({ ...from, bytes: answerOf("bank.example", "192.168.1.1") }));
  names.observe(observed({ ...from, bytes: answerOf("bank.local", "203.0.113.9") }));
  assert.equal(names.size, 2);
  const goodbye = {
    name: "printer.local",
    type: 1,
    data: Buffer.of(192, 168, 77, 1),
    ttlSeconds: 0,
  };
  names.observe(observed({ ...from, bytes: dnsResponse("printer.local", [goodbye]) }));
  assert.equal(names.lookup(asker("192.168.77.1")), undefined);
});

test("DnsNames.behindCover() tells what hides behind an open name from what does not", () => {
  const names = new DnsNames();
  const https = { name: "secret.example", type: 65, data: httpsWithCover("cover.example") };
  tell(names, answerOf("open.example", "192.0.2.1"));
  tell(names, answerOf("secret.example", "192.0.2.2"));
  tell(names, dnsResponse("secret.example", [https], { questionType: 65 }));
  assert.equal(names.behindCover("open.example", asker("192.0.2.1")), "open");
  assert.equal(names.behindCover("cover.example", asker("192.0.2.1")), "unknown");
  assert.equal(names.behindCover("cover.example", asker("192.0.2.3")), "unknown");
  assert.deepEqual(names.behindCover("cover.example", asker("192.0.2.2")), {
    name: "secret.example",
    source: "dns",
    alternatives: [],
  });
  tell(names, answerOf("cover.example", "192.0.2.2"));
  assert.deepEqual(names.behindCover("cover.example", asker("192.0.2.2")), {
    name: "secret.example",
    source: "dns",
    alternatives: ["cover.example"],
  });
  const plain = { name: "secret.example", type: 65, data: Buffer.of(0, 1, 0) };
  tell(names, dnsResponse("secret.example", [plain], { questionType: 65 }));
  assert.equal(names.behindCover("cover.example", asker("192.0.2.2")), "open");
});

test("DnsNames remembers a limited number of flows that ask", () => {
  const names = new DnsNames();
  const query = firstOf("dns-a-query");
  for (let index = 0; index <= QUERY_FLOW_LIMIT; index++)
    names.observe(observed({ ...UDP, index, bytes: query }));
  const answer = { ...UDP, kind: "dns", bytes: firstOf("dns-a") } as const;
  names.observe(observed({ ...answer, index: 0 }));
  assert.equal(names.size, 0);
  names.observe(observed({ ...answer, index: QUERY_FLOW_LIMIT }));
  assert.equal(names.size, 1);
});
