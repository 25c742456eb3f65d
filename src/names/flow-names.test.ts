import assert from "node:assert/strict";
import { test } from "node:test";
import type { Observation } from "../model/observation.ts";
import {
  addressOf,
  capture,
  dnsQuery,
  dnsResponse,
  firstOf,
  httpsWithCover,
  observed,
} from "./captures.ts";
import { FlowNames, NAMED_FLOW_LIMIT } from "./flow-names.ts";
import { UNFINISHED_LIMIT } from "./openings.ts";

const UDP = { protocol: 17 };
const REMOTE = observed({ bytes: Buffer.of() }).remoteAddress;

/** Lets process 7 be told that `name` is at the address of the flows here. */
function answer(names: FlowNames, name: string, https?: Buffer): void {
  const dns = { protocol: 17, remotePort: 53, index: 99 };
  names.observe(observed({ ...dns, bytes: dnsQuery() }));
  const tell = (bytes: Buffer) => names.observe(observed({ ...dns, kind: "dns", bytes }));
  tell(dnsResponse(name, [{ name, type: 1, data: REMOTE.subarray(12) }]));
  if (https !== undefined) tell(dnsResponse(name, [{ name, type: 65, data: https }]));
}

function facts(names: FlowNames, differs: Partial<Observation> & Pick<Observation, "bytes">) {
  const told = names.observe(observed(differs));
  return [
    told?.name?.name,
    told?.name?.source,
    told?.spoken?.name,
    told?.spoken?.inside,
    told?.version,
  ];
}

test("FlowNames names flows by the hello or request that the program sent", () => {
  const names = new FlowNames();
  assert.deepEqual(facts(names, { bytes: firstOf("tls-python") }), [
    "mail.example.org",
    "tls",
    "tls",
    "imap",
    undefined,
  ]);
  assert.deepEqual(facts(names, { index: 2, bytes: firstOf("http-curl") }), [
    "plain.example.com",
    "http",
    "http",
    undefined,
    "1.1",
  ]);
  assert.deepEqual(facts(names, { index: 3, bytes: firstOf("http2-curl") }), [
    undefined,
    undefined,
    "http2",
    undefined,
    "2",
  ]);
  assert.deepEqual(facts(names, { ...UDP, index: 4, bytes: firstOf("quic-aioquic-v2") }), [
    "v2.example.com",
    "quic",
    "quic",
    "h3",
    "2",
  ]);
  assert.equal(names.nameOf(1, 1)?.name, "mail.example.org");
  assert.equal(names.nameOf(1, 2), undefined);
  assert.equal(names.size, 4);
});

test("FlowNames reads over several observations and reports each change once", () => {
  const names = new FlowNames();
  const [first, second] = capture("quic-chromium") as [Buffer, Buffer];
  assert.deepEqual(facts(names, { ...UDP, bytes: first }), [
    undefined,
    undefined,
    "quic",
    undefined,
    "1",
  ]);
  assert.deepEqual(facts(names, { ...UDP, bytes: second }), [
    "video.example.com",
    "quic",
    "quic",
    "h3",
    "1",
  ]);
  assert.equal(names.observe(observed({ ...UDP, bytes: second })), undefined);
  const hello = firstOf("tls-chromium");
  const parts = [hello.subarray(0, 60), hello.subarray(60, 1400), hello.subarray(1400)];
  for (const bytes of parts) names.observe(observed({ index: 2, bytes }));
  assert.equal(names.nameOf(2, 1)?.name, "photos.example.com");
});

test("FlowNames joins nothing to what was cut, or to another flow", () => {
  const names = new FlowNames();
  const hello = firstOf("tls-openssl");
  const [head, tail] = [hello.subarray(0, 60), hello.subarray(60)];
  names.observe(observed({ bytes: head, payloadBytes: 3000 }));
  names.observe(observed({ bytes: tail }));
  names.observe(observed({ index: 2, bytes: head }));
  names.observe(observed({ index: 2, serial: 2, bytes: tail }));
  assert.deepEqual(
    [names.nameOf(1, 1), names.nameOf(2, 1), names.nameOf(2, 2)],
    [undefined, undefined, undefined],
  );
  const reused = Buffer.from(head);
  names.observe(observed({ index: 3, bytes: reused }));
  reused.fill(0);
  names.observe(observed({ index: 3, bytes: tail }));
  assert.equal(names.nameOf(3, 1)?.name, "shop.example.com");
});

test("FlowNames takes the version and protocol that the server chose", () => {
  const names = new FlowNames();
  names.observe(observed({ bytes: firstOf("tls-openssl") }));
  const received = { kind: "first-received", bytes: firstOf("tls-server-12") } as const;
  assert.deepEqual(facts(names, received), ["shop.example.com", "tls", "tls", "http/1.1", "1.2"]);
  names.observe(observed({ ...UDP, index: 2, bytes: firstOf("quic-aioquic-v1") }));
  assert.equal(
    names.observe(
      observed({ ...UDP, index: 2, kind: "first-received", bytes: firstOf("quic-server") }),
    ),
    undefined,
  );
  assert.deepEqual(
    [names.factsOf(2, 1)?.version, names.factsOf(2, 1)?.name?.name],
    ["1", "cdn.example.com"],
  );
});

test("FlowNames names no client by what it calls this machine", () => {
  const names = new FlowNames();
  for (const name of ["tls-openssl", "http-curl"])
    assert.equal(
      names.observe(observed({ kind: "first-received", localPort: 443, bytes: firstOf(name) })),
      undefined,
    );
  assert.equal(
    names.observe(observed({ ...UDP, kind: "first-received", bytes: firstOf("quic-aioquic-v1") })),
    undefined,
  );
});

test("FlowNames names no proxy by what is behind it", () => {
  const names = new FlowNames();
  assert.deepEqual(facts(names, { bytes: firstOf("http-proxy") }), [
    undefined,
    undefined,
    "http",
    undefined,
    "1.1",
  ]);
});

test("FlowNames takes the DNS name where nothing better is known", () => {
  const names = new FlowNames();
  answer(names, "asked.example");
  assert.deepEqual(facts(names, { bytes: Buffer.from("SSH-2.0-x\r\n") }), [
    "asked.example",
    "dns",
    undefined,
    undefined,
    undefined,
  ]);
  assert.deepEqual(facts(names, { index: 2, bytes: firstOf("tls-openssl-no-name") }), [
    "asked.example",
    "dns",
    "tls",
    undefined,
    undefined,
  ]);
  assert.equal(facts(names, { index: 3, bytes: firstOf("tls-openssl") })[0], "shop.example.com");
  assert.deepEqual(
    names.dns.lookup({ address: REMOTE, process: 1, atMs: 0 })?.name,
    "asked.example",
  );
});

test("FlowNames says whether the name in Chromium's hello may be a cover", () => {
  const cover = (names: FlowNames) => {
    names.observe(observed({ bytes: firstOf("tls-chromium") }));
    const { name, source, mayBeCover, alternatives } = names.nameOf(1, 1) ?? {};
    return [name, source, mayBeCover, alternatives];
  };
  assert.deepEqual(cover(new FlowNames()), ["photos.example.com", "tls", true, []]);
  const asked = new FlowNames();
  answer(asked, "photos.example.com");
  assert.deepEqual(cover(asked), ["photos.example.com", "tls", false, []]);
  const hidden = new FlowNames();
  answer(hidden, "secret.example", httpsWithCover("photos.example.com"));
  assert.deepEqual(cover(hidden), ["secret.example", "dns", false, []]);
  const other = new FlowNames();
  answer(other, "other.example");
  assert.deepEqual(cover(other), ["photos.example.com", "tls", true, []]);
});

test("FlowNames is sure of a name in a hello that cannot hide another, not of what is only offered", () => {
  const names = new FlowNames();
  names.observe(observed({ bytes: firstOf("tls-openssl") }));
  assert.equal(names.nameOf(1, 1)?.mayBeCover, false);
  assert.equal(names.factsOf(1, 1)?.spoken?.inside, undefined);
});

test("FlowNames forgets what closed flows began with", () => {
  const names = new FlowNames();
  const hello = firstOf("tls-openssl");
  names.observe(observed({ bytes: hello.subarray(0, 60) }));
  names.forget(1, 1);
  names.observe(observed({ bytes: hello.subarray(60) }));
  assert.equal(names.nameOf(1, 1), undefined);
});

test("FlowNames forgets closed flows", () => {
  const names = new FlowNames();
  names.observe(observed({ bytes: firstOf("tls-openssl") }));
  names.forget(1, 2);
  assert.equal(names.size, 1);
  names.forget(1, 1);
  assert.deepEqual([names.size, names.nameOf(1, 1)], [0, undefined]);
});

test("FlowNames holds no more flows and no more unfinished hellos than its limits", () => {
  const names = new FlowNames();
  const whole = firstOf("http2-curl");
  for (let index = 0; index < NAMED_FLOW_LIMIT + 10; index++)
    names.observe(observed({ index, bytes: whole }));
  assert.equal(names.size, NAMED_FLOW_LIMIT);
  const hello = firstOf("tls-openssl");
  for (let index = 0; index <= UNFINISHED_LIMIT; index++)
    names.observe(observed({ index, serial: 2, bytes: hello.subarray(0, 60) }));
  for (const index of [0, 1])
    names.observe(observed({ index, serial: 2, bytes: hello.subarray(60) }));
  assert.deepEqual(
    [names.nameOf(0, 2)?.name, names.nameOf(1, 2)?.name],
    [undefined, "shop.example.com"],
  );
});

test("FlowNames leaves the flows of DNS itself alone", () => {
  const names = new FlowNames();
  answer(names, "asked.example");
  const dns = { protocol: 17, remotePort: 53, index: 98 };
  names.observe(observed({ ...dns, bytes: dnsQuery() }));
  names.observe(observed({ ...dns, kind: "dns", bytes: firstOf("dns-a") }));
  assert.equal(names.size, 0);
  const edge = { address: addressOf("192.0.2.10"), process: 0, atMs: 0 };
  assert.equal(names.dns.lookup(edge)?.name, "www.example.com");
});
