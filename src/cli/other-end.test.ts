// How names, protocols and places are written.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Connection } from "../model/sample.ts";
import { mostlyWith, otherEnd, placeText, spokenText } from "./other-end.ts";

const PLAIN = { protocol: "tcp", remoteAddress: "2001:db8::1", remotePort: 443 } as Connection;
const HOST = { name: "example.org", source: "tls", alternatives: [] } as const;

test("otherEnd() prefers the name, and says where it may not be the site's", () => {
  assert.equal(otherEnd(PLAIN), "[2001:db8::1]:443");
  assert.equal(otherEnd({ ...PLAIN, host: HOST }), "example.org:443");
  assert.equal(otherEnd({ ...PLAIN, host: { ...HOST, mayBeCover: true } }), "~example.org:443");
  assert.equal(otherEnd({ ...PLAIN, host: HOST }, { numeric: true }), "[2001:db8::1]:443");
  const hostile = { ...HOST, name: "a\u001b[31m" };
  assert.ok(!otherEnd({ ...PLAIN, host: hostile }).includes("\u001b"));
});

test("spokenText() marks a guess", () => {
  assert.equal(spokenText(PLAIN), "tcp");
  const spoken = { name: "tls", inside: "h2", source: "bytes" } as const;
  assert.equal(spokenText({ ...PLAIN, spoken }), "tls/h2");
  assert.equal(
    spokenText({ ...PLAIN, spoken: { name: "ssh", inside: undefined, source: "port" } }),
    "ssh?",
  );
});

test("placeText() names countries, and kinds of networks that are in none", () => {
  const network = { kind: "public", country: "NO", asn: 1, organisation: "x" } as const;
  assert.equal(placeText({ ...PLAIN, network }), "NO");
  assert.equal(placeText({ ...PLAIN, network: { ...network, country: undefined } }), "-");
  assert.equal(
    placeText({ ...PLAIN, network: { ...network, kind: "private", country: undefined } }),
    "private",
  );
  assert.equal(placeText(PLAIN), "-");
});

test("mostlyWith() names the first end, its place, and how many more there are", () => {
  const bare = { spoken: undefined, rxBytes: 1, txBytes: 1 };
  const network = {
    kind: "public",
    country: "NO",
    asn: undefined,
    organisation: undefined,
  } as const;
  const named = { ...bare, address: "192.0.2.1", host: HOST, network };
  const other = { ...bare, address: "192.0.2.2", host: undefined, network: undefined };
  assert.equal(mostlyWith({ ends: [] }), "-");
  assert.equal(mostlyWith({ ends: [named, other] }), "example.org NO +1");
  assert.equal(mostlyWith({ ends: [other] }), "192.0.2.2");
});
