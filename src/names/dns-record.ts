/** Reads one resource record of a DNS message. */

import { ByteReader } from "./byte-reader.ts";
import type { DnsRecord, DnsRecordType } from "./dns-message.ts";
import { readDnsName } from "./dns-name.ts";
import { coverNames } from "./ech-config.ts";

const TYPES: ReadonlyMap<number, DnsRecordType> = new Map([
  [1, "A"],
  [5, "CNAME"],
  [12, "PTR"],
  [28, "AAAA"],
  [33, "SRV"],
  [64, "SVCB"],
  [65, "HTTPS"],
]);
const INTERNET = 1;
const CACHE_FLUSH = 0x8000;
const PARAMETER_LIMIT = 32;
const HINT_LIMIT = 16;

const ECH = 5;
const IPV4_HINT = 4;
const IPV6_HINT = 6;

/** The record at `at` and where the next one begins. Undefined: it is broken or cut. No record: of a type or with a
 * name that nobody here wants. */
export function readRecord(
  bytes: Uint8Array,
  at: number,
): { record: DnsRecord | undefined; next: number } | undefined {
  const owner = readDnsName(bytes, at);
  if (owner === undefined) return undefined;
  const reader = new ByteReader(bytes, owner.next);
  const type = TYPES.get(reader.u16());
  const recordClass = reader.u16();
  const ttlSeconds = reader.u32();
  const data = reader.within(reader.u16());
  if (reader.isShort) return undefined;
  const next = reader.at;
  const isWanted = type !== undefined && (recordClass & ~CACHE_FLUSH) === INTERNET;
  if (!isWanted || !owner.name) return { record: undefined, next };
  const content = readContent(type, data);
  if (content === undefined) return { record: undefined, next };
  const record: DnsRecord = {
    name: owner.name,
    type,
    ttlSeconds: ttlSeconds > 0x7fffffff ? 0 : ttlSeconds, // RFC 2181 section 8
    cacheFlush: (recordClass & CACHE_FLUSH) !== 0,
    ...content,
  };
  return { record, next };
}

type Content = Pick<DnsRecord, "addresses" | "target" | "coverNames">;

function readContent(type: DnsRecordType, data: ByteReader): Content | undefined {
  switch (type) {
    case "A":
      return data.left === 4 ? toAddresses([mapped(data.take(4))]) : undefined;
    case "AAAA":
      return data.left === 16 ? toAddresses([new Uint8Array(data.take(16))]) : undefined;
    case "CNAME":
    case "PTR":
      return toTarget(data);
    case "SRV":
      data.take(6); // priority, weight, port
      return data.isShort ? undefined : toTarget(data);
    case "HTTPS":
    case "SVCB":
      return readService(data);
  }
}

function toAddresses(addresses: readonly Uint8Array[]): Content {
  return { addresses, target: undefined, coverNames: [] };
}

function toTarget(data: ByteReader): Content | undefined {
  const read = readDnsName(data.bytes, data.at);
  if (read === undefined || read.next > data.end || !read.name) return undefined;
  return { addresses: [], target: read.name, coverNames: [] };
}

/** RFC 9460 section 2.2. A target of "." is the owner: no other name. */
function readService(data: ByteReader): Content | undefined {
  data.u16(); // priority
  const read = readDnsName(data.bytes, data.at);
  if (data.isShort || read === undefined || read.next > data.end) return undefined;
  data.at = read.next;
  const addresses: Uint8Array[] = [];
  const covers: string[] = [];
  for (let i = 0; i < PARAMETER_LIMIT && data.hasMore; i++) {
    const key = data.u16();
    const value = data.within(data.u16());
    if (data.isShort) break;
    if (key === IPV4_HINT) addresses.push(...hints(value, 4));
    else if (key === IPV6_HINT) addresses.push(...hints(value, 16));
    else if (key === ECH) covers.push(...coverNames(value));
  }
  return { addresses, target: read.name || undefined, coverNames: covers };
}

function hints(value: ByteReader, size: 4 | 16): Uint8Array[] {
  const found: Uint8Array[] = [];
  while (value.left >= size && found.length < HINT_LIMIT) {
    const bytes = value.take(size);
    found.push(size === 4 ? mapped(bytes) : new Uint8Array(bytes));
  }
  return found;
}

function mapped(ipv4: Uint8Array): Uint8Array {
  const address = new Uint8Array(16);
  address[10] = 0xff;
  address[11] = 0xff;
  address.set(ipv4, 12);
  return address;
}
