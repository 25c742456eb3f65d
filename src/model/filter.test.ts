// Filter expressions as people type them, and as somebody would who means harm.
import assert from "node:assert/strict";
import { test } from "node:test";
import { type Filterable, filterFields, parseFilter } from "./filter.ts";

const firefox: Filterable = {
  application: "Firefox",
  key: "path:/usr/lib/firefox/firefox",
  path: "/usr/lib/firefox/firefox",
  pids: [7],
  user: "ada",
  container: undefined,
  unit: null,
  interfaces: ["eth0"],
  protocol: "tcp",
  state: "ESTABLISHED",
  localAddress: "192.168.1.2",
  localPort: 40_000,
  remoteAddress: "2001:db8::7",
  remotePort: 443,
  rxBytesPerSecond: 125_000,
  txBytesPerSecond: 125_000,
  totalBytes: 10_000_000,
  rttMs: 20,
  retransmits: 0,
  hosts: ["news.example.org"],
  spoken: ["tls", "h2"],
  networks: () => [
    { kind: "public", country: "DE", asn: 64_500, organisation: "Example Networks" },
  ],
};

test("each field fits what it names and nothing else", () => {
  const fitting = [
    "",
    "fire",
    "app:firefox",
    "APP:FIREFOX",
    'app:"fire"',
    "path:/usr/lib",
    "path:/usr/lib/firefox/firefox user:ada",
    "pid:7",
    "pid:5-9",
    "if:eth0",
    "proto:udp,tcp",
    "state:estab",
    "port:443",
    "port:40000",
    "lport:40000 rport:443",
    "remote:2001:db8::7",
    "remote:2001:db8::/32",
    "2001:db8::7",
    "local:192.168.0.0/16",
    "rate:>1mbit rate:<=2mbit",
    "down:1mbit",
    "total:>9MB",
    "rtt:<50ms",
    "retransmits:0",
    "remote:example.org",
    "host:news",
    "proto:h2",
    "example.org",
    "country:de",
    "country:germany",
    "country:FR,DE",
    "asn:64500",
    "asn:AS64500",
    "asn:64000-65000",
    'org:"example net"',
    "networks",
    "-country:private",
    "-app:chrome",
    "!port:80",
    "-user:root,grace",
  ];
  const failing = [
    "chrome",
    "app:chrome",
    "app:firefox port:80",
    "container:web",
    "unit:ssh",
    "pid:8",
    "port:80,8080",
    "lport:443",
    "remote:10.0.0.0/8",
    "local:192.169.0.0/16",
    "rate:>2mbit",
    "rtt:>50ms",
    "retransmits:>0",
    "country:fr",
    "country:private",
    "country:unknown",
    "asn:64501",
    "org:hetzner",
    "-app:firefox",
  ];
  for (const expression of fitting)
    assert.equal(parseFilter(expression)(firefox), true, expression);
  for (const expression of failing)
    assert.equal(parseFilter(expression)(firefox), false, expression);
});

test("what cannot be meant is refused with what could", () => {
  const refused = {
    "rate:>5": /rate:>1mbit/,
    "port:http": /port:443/,
    "port:": /port:443/,
    "remote:10.0.0.0/99": /remote:10/,
    "colour:blue": /no field\. Fields: app,/,
    "constructor:x": /no field/,
  };
  for (const [expression, message] of Object.entries(refused)) {
    assert.throws(() => parseFilter(expression), { code: "invalid", message }, expression);
  }
  assert.throws(() => parseFilter("a".repeat(1_001)), { code: "invalid" });
});

test("no expression takes long or throws anything else", () => {
  for (const text of [
    '"'.repeat(999),
    "-".repeat(999),
    `${"a:".repeat(300)}`,
    "port:1-".repeat(140),
  ]) {
    try {
      parseFilter(text)(firefox);
    } catch (error) {
      assert.equal((error as { code?: string }).code, "invalid", text);
    }
  }
});

test("the example of every field can be parsed", () => {
  for (const { example } of filterFields()) parseFilter(example.split(" or ")[0] ?? "");
});
