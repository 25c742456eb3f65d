/** For tests and measurements: real packets from test/fixtures/names, each file with a line on where they come from. */

import { readdirSync, readFileSync } from "node:fs";
import { parseAddress } from "../model/address.ts";
import type { Observation } from "../model/observation.ts";

const FOLDER = new URL("../../test/fixtures/names/", import.meta.url);

/** The packets of one file in their order. */
export function capture(name: string): Buffer[] {
  const text = readFileSync(new URL(`${name}.hex`, FOLDER), "utf8");
  const packets = text.slice(text.indexOf("\n")).trim().split("\n\n");
  return packets.map((hex) => Buffer.from(hex.replaceAll("\n", ""), "hex"));
}

/** The first packet of a file. */
export function firstOf(name: string): Buffer {
  return capture(name)[0] ?? Buffer.alloc(0);
}

/** All files, by name. */
export function captureNames(): string[] {
  return readdirSync(FOLDER)
    .filter((file) => file.endsWith(".hex"))
    .map((file) => file.slice(0, -4))
    .sort();
}

/** An observation of a flow of process 7 from 192.0.2.1 to 198.51.100.1 port 443, with what differs. */
export function observed(differs: Partial<Observation> & Pick<Observation, "bytes">): Observation {
  return {
    kind: "first-sent",
    index: 1,
    serial: 1,
    process: 7,
    protocol: 6,
    localAddress: addressOf("192.0.2.1"),
    remoteAddress: addressOf("198.51.100.1"),
    localPort: 40_000,
    remotePort: 443,
    atMs: 1_800_000_000_000,
    payloadBytes: differs.bytes.length,
    ...differs,
  };
}

/** Sixteen bytes of an address; 0 where the text is none. */
export function addressOf(text: string): Uint8Array {
  return parseAddress(text) ?? new Uint8Array(16);
}

/** A DNS response without compression: what real servers are not asked to say. */
export function dnsResponse(
  question: string,
  records: readonly { name: string; type: number; data: Uint8Array; ttlSeconds?: number }[],
  { id = 0, questionType = 1 } = {},
): Buffer {
  const header = Buffer.from([id >> 8, id & 0xff, 0x81, 0x80, 0, 1, 0, 0, 0, 0, 0, 0]);
  header.writeUInt16BE(records.length, 6);
  const parts = [header, dnsNameBytes(question), Buffer.from([0, questionType, 0, 1])];
  for (const { name, type, data, ttlSeconds = 60 } of records) {
    const fixed = Buffer.alloc(10);
    fixed.writeUInt16BE(type, 0);
    fixed.writeUInt16BE(1, 2);
    fixed.writeUInt32BE(ttlSeconds, 4);
    fixed.writeUInt16BE(data.length, 8);
    parts.push(dnsNameBytes(name), fixed, Buffer.from(data));
  }
  return Buffer.concat(parts);
}

/** A DNS query for A records, number 48,879: no response here is an answer to it, all may be to a later one. */
export function dnsQuery(question = "first.example"): Buffer {
  const query = dnsResponse(question, [], { id: 0xbeef });
  query[2] = 1;
  query[3] = 0;
  return query;
}

/** A name on the wire; each character is one byte. */
export function dnsNameBytes(name: string): Buffer {
  const labels = name === "" ? [] : name.split(".");
  const parts = labels.flatMap((label) => [Buffer.of(label.length), Buffer.from(label, "latin1")]);
  return Buffer.concat([...parts, Buffer.of(0)]);
}

/** An HTTPS record whose Encrypted Client Hello shows `coverName` (RFC 9848, 9849 section 4). */
export function httpsWithCover(coverName: string): Buffer {
  const name = Buffer.from(coverName);
  const contents = Buffer.concat([
    Buffer.from([7, 0, 0x20, 0, 4, 1, 2, 3, 4, 0, 4, 0, 1, 0, 1, 64, name.length]),
    name,
    Buffer.of(0, 0),
  ]);
  const config = Buffer.concat([Buffer.of(0xfe, 0x0d, 0, contents.length), contents]);
  const list = Buffer.concat([Buffer.of(0, config.length), config]);
  return Buffer.concat([Buffer.of(0, 1, 0, 0, 5, 0, list.length), list]);
}
