import assert from "node:assert/strict";
import { test } from "node:test";
import { protocolName, spokenText, spokenTitle } from "./spoken.ts";

test("spokenText() says what runs inside, and marks a guess", () => {
  assert.equal(spokenText({ name: "tls", inside: "h2", source: "bytes" }), "TLS · h2");
  assert.equal(spokenText({ name: "ssh", inside: undefined, source: "port" }), "SSH?");
  assert.match(
    spokenTitle({ name: "ssh", inside: undefined, source: "port" }),
    /guess by its port/,
  );
});

test("protocolName() writes abbreviations in capitals and knows how others are written", () => {
  const names = ["tls", "http2", "postgresql", "mdns", "some-service", "other tcp"];
  assert.deepEqual(names.map(protocolName), [
    "TLS",
    "HTTP/2",
    "PostgreSQL",
    "mDNS",
    "some-service",
    "other TCP",
  ]);
});
