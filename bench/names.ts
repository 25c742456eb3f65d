// Microseconds of processor time that names cost: each parser on real packets, and a whole connection through FlowNames.
// node bench/names.ts [milliseconds per row = 500]
import type { Observation } from "../src/model/observation.ts";
import { capture, firstOf, observed } from "../src/names/captures.ts";
import { parseDnsMessage } from "../src/names/dns-message.ts";
import { FlowNames } from "../src/names/flow-names.ts";
import { parseHttpRequest } from "../src/names/http-request.ts";
import { QuicInitials } from "../src/names/quic-initial.ts";
import { parseClientHello, parseServerHello } from "../src/names/tls-hello.ts";

const forMs = Number(process.argv[2] ?? 500);
const WARM_UP_MS = 200;
const UDP = 17;
const DNS = { protocol: UDP, remotePort: 53 };

console.log("| what | bytes | microseconds, median of 20 rounds | slowest round |");
console.log("|---|---|---|---|");
for (const name of ["dns-a", "dns-https", "dns-srv", "mdns-announce"])
  parser(name, parseDnsMessage);
for (const name of ["tls-openssl", "tls-node", "tls-chromium"]) parser(name, parseClientHello);
parser("tls-server-13", parseServerHello);
for (const name of ["http-curl", "http-chromium"]) parser(name, parseHttpRequest);
for (const name of ["quic-aioquic-v1", "quic-chromium"]) quic(name);
connection("DNS query and answer", [
  { ...DNS, bytes: firstOf("dns-a-query") },
  { ...DNS, kind: "dns", bytes: firstOf("dns-a") },
]);
connection("TLS connection", [
  { bytes: firstOf("tls-chromium") },
  { kind: "first-received", bytes: firstOf("tls-server-13") },
]);
connection("QUIC connection", [
  ...capture("quic-chromium").map((bytes) => ({ protocol: UDP, bytes })),
  { protocol: UDP, kind: "first-received", bytes: firstOf("quic-server") },
]);
connection("HTTP connection", [{ bytes: firstOf("http-chromium") }]);
connection("connection of another protocol, named by DNS", [
  { bytes: Buffer.from("SSH-2.0-OpenSSH_9.2p1\r\n") },
]);

function parser(name: string, read: (bytes: Uint8Array) => unknown): void {
  const packet = firstOf(name);
  measure(name, packet.length, () => read(packet));
}

function quic(name: string): void {
  const packets = capture(name);
  const bytes = packets.reduce((sum, packet) => sum + packet.length, 0);
  measure(name, bytes, () => {
    const initials = new QuicInitials();
    for (const packet of packets) initials.add(packet);
  });
}

type Part = Partial<Observation> & Pick<Observation, "bytes">;

/** Opened, named, asked for and closed. */
function connection(what: string, parts: readonly Part[]): void {
  const names = new FlowNames();
  const whole = parts.map(observed);
  let serial = 0;
  const bytes = parts.reduce((sum, part) => sum + part.bytes.length, 0);
  measure(what, bytes, () => {
    serial += 1;
    for (const part of whole) names.observe({ ...part, serial });
    names.nameOf(1, serial);
    names.forget(1, serial);
  });
}

function measure(what: string, bytes: number, work: () => void): void {
  run(work, WARM_UP_MS);
  const rounds = Array.from({ length: 20 }, () => run(work, forMs / 20)).sort((a, b) => a - b);
  const [median, slowest] = [rounds[10] ?? 0, rounds[19] ?? 0];
  console.log(`| ${what} | ${bytes} | ${median.toFixed(2)} | ${slowest.toFixed(2)} |`);
}

/** Microseconds of processor time that one time takes, with what the garbage costs: other programs do not count. */
function run(work: () => void, forAtLeastMs: number): number {
  const startedMs = performance.now();
  const before = process.cpuUsage();
  let times = 0;
  let lastMs = 0;
  while (lastMs < forAtLeastMs) {
    for (let i = 0; i < 50; i++) work();
    times += 50;
    lastMs = performance.now() - startedMs;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}
