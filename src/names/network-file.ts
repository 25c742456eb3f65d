/** The file that says which country and which autonomous system an address belongs to: its layout, and writing one. */

import type { DataCredit } from "../model/naming.ts";
import { encodeTable, type Range } from "./range-table.ts";

/** Magic, length of the description (uint32 LE), description (JSON), then the sections that it names. */
export const NETWORK_FILE_MAGIC = "MTRINET1";

export const SECTIONS = [
  "ipv4-asn-index",
  "ipv4-asn",
  "ipv6-asn-index",
  "ipv6-asn",
  "ipv4-country-index",
  "ipv4-country",
  "ipv6-country-index",
  "ipv6-country",
  "systems", // for each number of an asn table, from 1: ASN and where its name ends (uint32 LE each)
  "organisations", // their names one after the other, UTF-8
] as const;

export type Section = (typeof SECTIONS)[number];

export interface NetworkFileHeader {
  readonly sources: readonly DataCredit[];
  /** ISO 3166-1 alpha-2 codes; a country table's number 1 is the first. */
  readonly countries: readonly string[];
  /** Length of each section, in the order of SECTIONS. */
  readonly lengths: Readonly<Record<Section, number>>;
}

/** Both keys are as `networkKey` makes them. */
export interface NetworkTables {
  readonly sources: readonly DataCredit[];
  readonly countries: readonly string[];
  readonly systems: readonly { readonly asn: number; readonly organisation: string }[];
  readonly ipv4Asn: Iterable<Range>;
  readonly ipv6Asn: Iterable<Range>;
  readonly ipv4Country: Iterable<Range>;
  readonly ipv6Country: Iterable<Range>;
}

export function encodeNetworkFile(tables: NetworkTables): Buffer {
  const ipv4Asn = encodeTable(tables.ipv4Asn);
  const ipv6Asn = encodeTable(tables.ipv6Asn);
  const ipv4Country = encodeTable(tables.ipv4Country);
  const ipv6Country = encodeTable(tables.ipv6Country);
  const { systems, organisations } = encodeSystems(tables.systems);
  const sections: Record<Section, Buffer> = {
    "ipv4-asn-index": ipv4Asn.index,
    "ipv4-asn": ipv4Asn.blocks,
    "ipv6-asn-index": ipv6Asn.index,
    "ipv6-asn": ipv6Asn.blocks,
    "ipv4-country-index": ipv4Country.index,
    "ipv4-country": ipv4Country.blocks,
    "ipv6-country-index": ipv6Country.index,
    "ipv6-country": ipv6Country.blocks,
    systems,
    organisations,
  };
  const lengths = Object.fromEntries(SECTIONS.map((name) => [name, sections[name].length]));
  const { sources, countries } = tables;
  const header = Buffer.from(JSON.stringify({ sources, countries, lengths }));
  const size = Buffer.alloc(4);
  size.writeUInt32LE(header.length);
  const magic = Buffer.from(NETWORK_FILE_MAGIC);
  return Buffer.concat([magic, size, header, ...SECTIONS.map((name) => sections[name])]);
}

function encodeSystems(systems: NetworkTables["systems"]): {
  systems: Buffer;
  organisations: Buffer;
} {
  const records = Buffer.alloc(systems.length * 8);
  const names = systems.map(({ organisation }) => Buffer.from(organisation));
  let end = 0;
  for (const [i, { asn }] of systems.entries()) {
    end += names[i]?.length ?? 0;
    records.writeUInt32LE(asn, i * 8);
    records.writeUInt32LE(end, i * 8 + 4);
  }
  return { systems: records, organisations: Buffer.concat(names) };
}
