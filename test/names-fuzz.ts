// Feeds mutated real packets to everything in src/names that reads bytes, and checks what comes out.
// node test/names-fuzz.ts [count = 1000000] [seed = 1]
import { fileURLToPath } from "node:url";
import type { Observation } from "../src/model/observation.ts";
import { addressOf, capture, captureNames, observed } from "../src/names/captures.ts";
import { parseDnsMessage, parseDnsStream } from "../src/names/dns-message.ts";
import { FlowNames } from "../src/names/flow-names.ts";
import { parseHttpRequest } from "../src/names/http-request.ts";
import { QuicInitials, quicStart } from "../src/names/quic-initial.ts";
import { parseClientHello, parseServerHello } from "../src/names/tls-hello.ts";
import { clientInitial, createRandom, mutate, type Random } from "./names-mutations.ts";

/** Everything that may be in a name, an ALPN identifier or a version. */
const PRINTABLE = /^[\x20-\x7e]*$/;
const HOST = /^[a-z\d_*.-]*$/;
/** A kernel copies no more; two of them may be joined. */
const PACKET_LIMIT = 2048;
/** Text that one packet may lead to: 128 records with two names. */
const TEXT_LIMIT = 70_000;

export interface FuzzResult {
  readonly packets: number;
  /** Parsers that gave something for a mutated packet: a run that reaches nothing proves nothing. */
  readonly read: number;
  /** Of one packet in all parsers. */
  readonly slowestMs: number;
  readonly heapBytes: number;
  readonly flows: number;
  readonly addresses: number;
}

/** @throws Error at the first packet that breaks a promise, with the packet in hexadecimal. */
export function fuzz(count: number, seed: number): FuzzResult {
  const random = createRandom(seed);
  const seeds = captureNames().flatMap(capture);
  const names = new FlowNames();
  let read = 0;
  let slowestMs = 0;
  for (let i = 0; i < count; i++) {
    const packet = nextPacket(seeds, random).subarray(0, PACKET_LIMIT);
    const startedMs = performance.now();
    try {
      read += readAll(packet);
      observe(names, packet, random);
    } catch (error) {
      throw new Error(`packet ${i} of seed ${seed}: ${packet.toString("hex")}`, { cause: error });
    }
    slowestMs = Math.max(slowestMs, timeAgain(packet, performance.now() - startedMs, slowestMs));
  }
  const { size: flows } = names;
  const heapBytes = process.memoryUsage().heapUsed;
  return { packets: count, read, slowestMs, heapBytes, flows, addresses: names.dns.size };
}

/** Other programs can make any packet slow; only what is slow every time is slow by itself. */
function timeAgain(packet: Buffer, tookMs: number, slowestMs: number): number {
  let leastMs = tookMs;
  for (let i = 0; i < 5 && leastMs > slowestMs; i++) {
    const startedMs = performance.now();
    readAll(packet);
    leastMs = Math.min(leastMs, performance.now() - startedMs);
  }
  return leastMs;
}

/** One in eight is a QUIC Initial that opens, so that what is inside gets mutated as well. */
function nextPacket(seeds: readonly Buffer[], random: Random): Buffer {
  const seed = seeds[random(seeds.length)] as Buffer;
  const packet = mutate(seed, seeds, random);
  if (random(8) !== 0) return packet;
  const hello = seeds[random(seeds.length)] as Buffer;
  return clientInitial(mutate(hello.subarray(hello[0] === 22 ? 5 : 0), seeds, random), random);
}

function readAll(packet: Buffer): number {
  const initials = new QuicInitials();
  initials.add(packet);
  const results = [
    parseDnsMessage(packet),
    parseDnsStream(packet),
    parseClientHello(packet),
    parseServerHello(packet),
    parseHttpRequest(packet),
    quicStart(packet),
    initials.hello,
  ];
  if (checkText(results) > TEXT_LIMIT) throw new Error("too much text");
  return results.filter((each) => each !== undefined).length;
}

/** Throws for text that must not be shown; returns how much there is. */
function checkText(value: unknown): number {
  if (value instanceof Uint8Array) return 0;
  if (typeof value === "string") {
    if (!PRINTABLE.test(value)) throw new Error(`unprintable: ${JSON.stringify(value)}`);
    return value.length;
  }
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce<number>((sum, each) => sum + checkText(each), 0);
}

function observe(names: FlowNames, bytes: Buffer, random: Random): void {
  const observation = anyObservation(bytes, random);
  const { index, serial, remoteAddress: address, process, atMs } = observation;
  const facts = names.observe(observation);
  const looked = names.dns.lookup({ address, process, atMs });
  for (const name of [facts?.name, looked]) {
    checkText(name);
    for (const each of name === undefined ? [] : [name.name, ...name.alternatives])
      if (!HOST.test(each) || each === "" || each.length > 253) throw new Error(`no name: ${each}`);
  }
  if (random(20) === 0) names.forget(index, serial);
}

function anyObservation(bytes: Buffer, random: Random): Observation {
  const remotePort = [53, 5353, 443, 80][random(4)] ?? 0;
  const kinds = ["first-sent", "first-received", "dns"] as const;
  return observed({
    bytes,
    kind: kinds[random(3)] ?? "dns",
    // Few flows of DNS, so that many are asked and answered; many others.
    index: remotePort === 53 ? random(64) : random(100_000),
    serial: random(3),
    process: random(10),
    protocol: random(2) === 0 ? 6 : 17,
    remotePort,
    remoteAddress: addressOf(`192.168.${random(4)}.${random(256)}`),
    payloadBytes: bytes.length + (random(10) === 0 ? 1000 : 0),
    atMs: 1_800_000_000_000 + random(10_000_000),
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const startedMs = performance.now();
  const result = fuzz(Number(process.argv[2] ?? 1_000_000), Number(process.argv[3] ?? 1));
  const { rss } = process.memoryUsage();
  console.log(result, { seconds: (performance.now() - startedMs) / 1000, rssBytes: rss });
}
