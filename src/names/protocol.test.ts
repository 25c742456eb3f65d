import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { type FlowStart, recognisedNames, spokenProtocol } from "./protocol.ts";
import { parseServices, readServices } from "./services.ts";

const NONE = parseServices("");
const SOME = parseServices(
  "https 443/tcp\nhttps 443/udp\nssh 22/tcp\ndomain-s 853/tcp\nzabbix 10051/tcp\n",
);
const FIXTURES = new URL("../../test/fixtures/protocols/", import.meta.url);

for (const file of readdirSync(FIXTURES).sort()) {
  for (const line of readFileSync(new URL(file, FIXTURES), "utf8").split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const { wanted, flow, origin } = fixture(line);
    test(`spokenProtocol() recognises ${wanted} of ${origin} by bytes alone`, () => {
      assert.equal(nameOf(flow), wanted);
      const turned = { ...flow, localPort: flow.remotePort, remotePort: flow.localPort };
      const other = { sent: flow.received, received: flow.sent };
      const lengths = {
        sentPayloadBytes: flow.receivedPayloadBytes,
        receivedPayloadBytes: flow.sentPayloadBytes,
      };
      assert.equal(nameOf({ ...turned, ...other, ...lengths }), wanted, "as the server sees it");
    });
  }
}

const WRITTEN: Record<string, FlowStart> = {
  http2: tcp({ sent: "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" }),
  "http/websocket": tcp({ sent: "GET /chat HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n\r\n" }),
  xmpp: tcp({
    sent: "<?xml version='1.0'?><stream:stream to='x' xmlns='jabber:client' version='1.0'>",
  }),
  postgresql: tcp({ sent: Buffer.from("0000000804d2162f", "hex") }),
  redis: tcp({ sent: "*2\r\n$3\r\nGET\r\n$1\r\na\r\n" }),
  memcached: tcp({ sent: "get key\r\n", received: "END\r\n" }),
  "bittorrent/utp": udp({ sent: hex("4100 1234 00000001 00000000 00100000 0001 0000") }),
  "bittorrent/tracker": udp({ sent: hex("0000041727101980 00000000 12345678") }),
  radius: udp({ sent: hex("0101 0019", "ab".repeat(16), "01 05 626f62") }),
  "rpc/nfs": udp({ sent: hex("00000001 00000000 00000002 000186a3 00000003", "00".repeat(20)) }),
  ike: udp({ sent: hex("1122334455667788", "00".repeat(8), "21202208 00000000 0000001c") }),
  snmp: udp({ sent: hex("301a 020101 04067075626c6963 a00d 020101 020100 020100 3002 3000") }),
  ldap: tcp({ sent: hex("300c 020101 6007 020103 0400 8000") }),
  "netbios-ssn": tcp({ sent: hex("81000044 20", "43".repeat(32), "00 20", "43".repeat(32), "00") }),
  dns: tcp({ sent: hex("0016 1234 0100 0001 0000 0000 0000 0161 026e6c 00 0001 0001") }),
  wireguard: udp({ sent: hex("04000000 01020304 0000000000000000", "ab".repeat(16)) }),
};
for (const [wanted, flow] of Object.entries(WRITTEN)) {
  test(`spokenProtocol() recognises ${wanted} as its specification writes it`, () => {
    assert.equal(nameOf(flow), wanted);
  });
}

test("spokenProtocol() says what runs inside TLS where the caller has read it, and DNS on its own port", () => {
  const hello = fixtureOf("tls");
  assert.equal(spokenProtocol({ ...hello, alpn: "h2" }, NONE)?.inside, "h2");
  assert.equal(
    spokenProtocol({ ...hello, remotePort: 443, localPort: 5000 }, NONE)?.inside,
    undefined,
  );
  assert.equal(spokenProtocol({ ...hello, remotePort: 853, localPort: 5000 }, NONE)?.inside, "dot");
});

test("spokenProtocol() guesses by the port only where no bytes contradict it", () => {
  const flow = { protocol: 6, localPort: 50_000, remotePort: 443 };
  const guess = { name: "tls", inside: undefined, source: "port" };
  assert.deepEqual(spokenProtocol(flow, SOME), guess);
  assert.deepEqual(spokenProtocol({ ...flow, protocol: 262 }, SOME), guess);
  assert.equal(spokenProtocol({ ...flow, protocol: 17 }, SOME)?.name, "quic");
  assert.equal(spokenProtocol({ ...flow, sent: Buffer.from("hello there") }, SOME), undefined);
  const zabbix = { ...flow, remotePort: 10_051, sent: Buffer.from("ZBXD\x01") };
  assert.deepEqual(spokenProtocol(zabbix, SOME), {
    name: "zabbix",
    inside: undefined,
    source: "port",
  });
  assert.equal(spokenProtocol({ ...flow, remotePort: 40_000 }, SOME), undefined);
  assert.equal(spokenProtocol({ ...flow, protocol: 1 }, SOME), undefined);
  assert.equal(spokenProtocol({ ...flow, remotePort: 853 }, SOME)?.inside, "dot");
});

test("spokenProtocol() takes what opens likewise for nothing else", () => {
  const ambiguous = [
    tcp({ received: "220 welcome\r\n" }), // mail or files
    tcp({ received: "+OK\r\n" }), // POP3 or Redis
    tcp({ received: "* OK ready\r\n" }),
    tcp({ sent: "GET this\r\n" }),
    tcp({ sent: "get key\r\n" }),
    tcp({ sent: "SSH is great\r\n" }),
    tcp({ sent: hex("160301") }),
    udp({ sent: hex("1b", "00".repeat(47)) }), // time, but neither its port nor an answer
    udp({ sent: hex("80 60 0001 00000001 00000001 ffff") }), // maybe media
  ];
  for (const flow of ambiguous) assert.equal(nameOf(flow), undefined);
});

test("spokenProtocol() recognises nearly no random bytes: fewer than 2 of 200,000, and never throws", () => {
  const random = generator(42);
  const found: string[] = [];
  for (let i = 0; i < 200_000; i++) {
    const name = nameOf(randomFlow(random));
    if (name !== undefined) found.push(name);
  }
  assert.ok(found.length < 2, `recognised ${found.join(" ")}`);
});

test("spokenProtocol() survives 200,000 mutated openings of every protocol, cut anywhere", () => {
  const random = generator(7);
  const flows = [...fixtures().map(({ flow }) => flow), ...Object.values(WRITTEN)];
  const services = readServices();
  for (let i = 0; i < 200_000; i++) {
    const flow = flows[random() % flows.length];
    assert.ok(flow !== undefined);
    const spoken = spokenProtocol(
      {
        ...flow,
        sent: mutated(flow.sent, random),
        received: mutated(flow.received, random),
        sentPayloadBytes: random() % 3000,
        receivedPayloadBytes: random() % 3000,
      },
      services,
    );
    if (spoken !== undefined) assert.match(spoken.name, /^[a-z\d][a-z\d._+-]*$/);
  }
});

test("spokenProtocol() looks at the longest lines that never end without getting slow", () => {
  const lines = [
    "GET ",
    "220 ",
    "* OK ",
    "+OK ",
    "<stream:stream ",
    "EHLO ",
    "get ",
    "NICK ",
    "d1:a",
    "A1 LOGIN ",
  ];
  for (const start of lines) {
    const flow = tcp({
      sent: `${start}${"a ".repeat(1024)}`,
      received: `${start}${"IMAP ".repeat(400)}`,
    });
    const before = process.cpuUsage();
    for (let i = 0; i < 200; i++) nameOf(flow);
    const { user } = process.cpuUsage(before);
    // Linear work is near 10 ms of processor time; backtracking over 2,048 bytes would be minutes.
    assert.ok(user < 5_000_000, `${start}: ${user} µs for 200`);
  }
});

test("recognisedNames() holds every name once", () => {
  const names = recognisedNames();
  assert.equal(new Set(names).size, names.length);
  for (const { wanted } of fixtures()) assert.ok(names.includes(wanted.split("/")[0] ?? ""));
});

function nameOf(flow: FlowStart): string | undefined {
  const spoken = spokenProtocol(flow, NONE);
  if (spoken === undefined) return undefined;
  assert.equal(spoken.source, "bytes");
  return spoken.inside === undefined ? spoken.name : `${spoken.name}/${spoken.inside}`;
}

function fixtures(): ReturnType<typeof fixture>[] {
  return readdirSync(FIXTURES)
    .flatMap((file) => readFileSync(new URL(file, FIXTURES), "utf8").split("\n"))
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map(fixture);
}

function fixtureOf(name: string): FlowStart {
  const found = fixtures().find(({ wanted }) => wanted === name);
  assert.ok(found !== undefined);
  return found.flow;
}

function fixture(line: string): { wanted: string; flow: FlowStart; origin: string } {
  const [wanted = "", protocol, localPort, remotePort, sent = "-", received = "-", ...origin] =
    line.split(" ");
  const bytesOf = (cell: string) =>
    cell === "-" ? undefined : Buffer.from(cell.split(":")[1] ?? "", "hex");
  const lengthOf = (cell: string) => (cell === "-" ? undefined : Number(cell.split(":")[0]));
  const flow = {
    protocol: Number(protocol),
    localPort: Number(localPort),
    remotePort: Number(remotePort),
    sent: bytesOf(sent),
    received: bytesOf(received),
    sentPayloadBytes: lengthOf(sent),
    receivedPayloadBytes: lengthOf(received),
  };
  return { wanted, flow, origin: origin.join(" ") };
}

type Said = { sent?: string | Buffer; received?: string | Buffer };

function tcp(said: Said): FlowStart {
  return { protocol: 6, localPort: 50_001, remotePort: 50_003, ...bytesOf(said) };
}

function udp(said: Said): FlowStart {
  return { protocol: 17, localPort: 50_001, remotePort: 50_003, ...bytesOf(said) };
}

function bytesOf({ sent, received }: Said): { sent?: Buffer; received?: Buffer } {
  return {
    ...(sent === undefined ? {} : { sent: Buffer.from(sent as string) }),
    ...(received === undefined ? {} : { received: Buffer.from(received as string) }),
  };
}

function hex(...parts: string[]): Buffer {
  return Buffer.from(parts.join("").replaceAll(" ", ""), "hex");
}

function randomFlow(random: () => number): FlowStart {
  const ports = [22, 53, 80, 123, 137, 443, 500, 514, 4500, 5353, 8080, random() % 65_536];
  return {
    protocol: random() % 2 === 0 ? 6 : 17,
    localPort: random() % 65_536,
    remotePort: 1024 + ((ports[random() % ports.length] ?? 0) % 64_000),
    sent: randomBytes(random() % 300, random),
    received: random() % 2 === 0 ? randomBytes(random() % 300, random) : undefined,
  };
}

function randomBytes(length: number, random: () => number): Uint8Array {
  return Uint8Array.from({ length }, () => random() >>> 24);
}

function mutated(bytes: Uint8Array | undefined, random: () => number): Uint8Array | undefined {
  if (bytes === undefined)
    return random() % 4 === 0 ? randomBytes(random() % 64, random) : undefined;
  const copy = Uint8Array.from(
    bytes.subarray(0, random() % 3 === 0 ? random() % bytes.length : bytes.length),
  );
  for (let i = random() % 4; i > 0 && copy.length > 0; i--)
    copy[random() % copy.length] = random() >>> 24;
  return copy;
}

// xorshift32: the same sequence everywhere.
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state;
  };
}
