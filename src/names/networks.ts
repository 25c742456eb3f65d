/** Country, autonomous system and organisation of an address, offline, from a file that is read a block at a time. */

import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { isMappedIpv4 } from "../model/address.ts";
import { MonitauriError } from "../model/error.ts";
import type { DataCredit, NetworkOf } from "../model/naming.ts";
import { printable } from "../model/printable.ts";
import { type Unavailable, unavailable } from "../model/unavailable.ts";
import {
  NETWORK_FILE_MAGIC,
  type NetworkFileHeader,
  SECTIONS,
  type Section,
} from "./network-file.ts";
import { blockOf, decodeIndex, type RangeIndex, valueIn } from "./range-table.ts";
import { carriedAddress, networkKind } from "./ranges.ts";

const MAX_HEADER_BYTES = 65_536;
const MAX_BLOCK_BYTES = 4096; // 128 entries of at most 16 bytes, and room
const MAX_INDEX_BYTES = 4 << 20;
const MAX_NAME_BYTES = 512;
/** Systems whose names stay in memory; the one that was found longest ago goes first. */
const MAX_NAMES = 512;

export interface Networks {
  /** Of sixteen bytes. What is not public has a kind and nothing else. */
  readonly networkOf: (address: Uint8Array) => NetworkOf;
  /** To be credited, with the age of each. */
  readonly sources: readonly DataCredit[];
  close(): void;
}

/** Kinds of networks alone: what is left where there is no file. */
export const NETWORKS_WITHOUT_FILE: Networks = {
  networkOf: (address) => bare(address),
  sources: [],
  close() {},
};

/** @throws MonitauriError where the file is no such file, or broken. */
export function openNetworks(path: string): Networks | Unavailable {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch (error) {
    const reason = `${path} cannot be read (${(error as NodeJS.ErrnoException).code})`;
    return unavailable("countries and networks", reason, "install Monitauri again");
  }
  try {
    return networksIn(file);
  } catch (error) {
    closeSync(file);
    throw new MonitauriError(
      "invalid",
      `Cannot read networks from ${path}: ${(error as Error).message}. Make it with scripts/build-networks.mjs`,
      { cause: error },
    );
  }
}

interface Table {
  readonly index: RangeIndex;
  readonly offset: number;
}

function networksIn(file: number): Networks {
  const { header, offsets } = readLayout(file);
  const table = (name: "ipv4-asn" | "ipv6-asn" | "ipv4-country" | "ipv6-country"): Table => {
    const length = Math.min(header.lengths[`${name}-index`], MAX_INDEX_BYTES);
    const index = readExactly(file, offsets[`${name}-index`], length);
    return { index: decodeIndex(index, header.lengths[name]), offset: offsets[name] };
  };
  const tables = {
    ipv4: { asn: table("ipv4-asn"), country: table("ipv4-country") },
    ipv6: { asn: table("ipv6-asn"), country: table("ipv6-country") },
  };
  const block = Buffer.alloc(MAX_BLOCK_BYTES);
  const systemOf = systemReader(file, header, offsets);
  return {
    sources: header.sources,
    networkOf: (address) => {
      const network = bare(address);
      if (network.kind !== "public") return network;
      const carried = carriedAddress(address);
      const { asn, country } = isMappedIpv4(carried) ? tables.ipv4 : tables.ipv6;
      const key = networkKey(carried);
      const code = header.countries[lookUp(file, country, key, block) - 1];
      return { ...network, country: code, ...systemOf(lookUp(file, asn, key, block)) };
    },
    close: () => closeSync(file),
  };
}

/** The 32 bits of an IPv4 address, or the first 48 of an IPv6 one: no network on the internet is smaller (RFC 7454). */
export function networkKey(address: Uint8Array): number {
  const from = isMappedIpv4(address) ? 12 : 0;
  let key = 0;
  for (let i = from; i < (from === 12 ? 16 : 6); i++) key = key * 256 + (address[i] ?? 0);
  return key;
}

function bare(address: Uint8Array): NetworkOf {
  const kind = networkKind(address);
  return { kind, country: undefined, asn: undefined, organisation: undefined };
}

function lookUp(file: number, { index, offset }: Table, key: number, buffer: Buffer): number {
  const block = blockOf(index, key);
  if (block < 0) return 0;
  const from = index.offsets[block] ?? 0;
  const length = Math.min((index.offsets[block + 1] ?? from) - from, buffer.length);
  const read = readSync(file, buffer, 0, length, offset + from);
  return valueIn(buffer.subarray(0, read), index.starts[block] ?? 0, key);
}

type System = Pick<NetworkOf, "asn" | "organisation">;

function systemReader(
  file: number,
  header: NetworkFileHeader,
  offsets: Readonly<Record<Section, number>>,
): (number: number) => System {
  const known = new Map<number, System>();
  const count = Math.floor(header.lengths.systems / 8);
  const read = (number: number): System => {
    const from =
      number === 1 ? 0 : readExactly(file, offsets.systems + number * 8 - 12, 4).readUInt32LE();
    const record = readExactly(file, offsets.systems + (number - 1) * 8, 8);
    const end = Math.min(
      record.readUInt32LE(4),
      header.lengths.organisations,
      from + MAX_NAME_BYTES,
    );
    const name = readExactly(file, offsets.organisations + from, Math.max(0, end - from));
    return { asn: record.readUInt32LE(0), organisation: printable(name) || undefined };
  };
  return (number) => {
    if (number < 1 || number > count) return { asn: undefined, organisation: undefined };
    const system = known.get(number) ?? read(number);
    known.delete(number);
    known.set(number, system);
    for (const oldest of known.keys()) {
      if (known.size <= MAX_NAMES) break;
      known.delete(oldest);
    }
    return system;
  };
}

function readLayout(file: number): {
  header: NetworkFileHeader;
  offsets: Readonly<Record<Section, number>>;
} {
  const start = readExactly(file, 0, NETWORK_FILE_MAGIC.length + 4);
  if (start.toString("latin1", 0, NETWORK_FILE_MAGIC.length) !== NETWORK_FILE_MAGIC)
    throw new RangeError("it is no file of networks");
  const length = start.readUInt32LE(NETWORK_FILE_MAGIC.length);
  if (length > MAX_HEADER_BYTES) throw new RangeError("its description is too long");
  const header = parseHeader(readExactly(file, start.length, length).toString());
  let at = start.length + length;
  const offsets: Partial<Record<Section, number>> = {};
  for (const name of SECTIONS) {
    offsets[name] = at;
    at += header.lengths[name];
  }
  if (at !== fstatSync(file).size) throw new RangeError("it is cut");
  return { header, offsets: offsets as Record<Section, number> };
}

function parseHeader(text: string): NetworkFileHeader {
  const { sources, countries, lengths } = JSON.parse(text) as Partial<NetworkFileHeader>;
  const areLengths = SECTIONS.every(
    (name) => Number.isSafeInteger(lengths?.[name]) && (lengths?.[name] ?? -1) >= 0,
  );
  const areCountries =
    Array.isArray(countries) && countries.every((code) => /^[A-Z]{2}$/.test(code));
  if (
    !areLengths ||
    lengths === undefined ||
    !areCountries ||
    !Array.isArray(sources) ||
    !sources.every(isSource)
  )
    throw new RangeError("its description is not one");
  return { sources: sources.map(shown), countries, lengths };
}

function isSource(value: Partial<DataCredit> | null): boolean {
  const texts = [value?.gives, value?.package, value?.credit, value?.link, value?.licence];
  return (
    texts.every((text) => typeof text === "string") && Number.isSafeInteger(value?.collectedAtMs)
  );
}

// A file from elsewhere is shown in the page: nothing in it may be more than text, and a link no script.
function shown(source: DataCredit): DataCredit {
  return {
    gives: printable(source.gives, 32),
    package: printable(source.package, 128),
    collectedAtMs: source.collectedAtMs,
    credit: printable(source.credit),
    link: /^https:\/\/[\x21-\x7e]{1,200}$/.test(source.link) ? source.link : "",
    licence: printable(source.licence, 64),
  };
}

function readExactly(file: number, offset: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  if (readSync(file, buffer, 0, length, offset) !== length) throw new RangeError("it is cut");
  return buffer;
}
