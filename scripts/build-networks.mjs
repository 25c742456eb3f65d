// Makes the file of countries and networks from two npm packages of sapics/ip-location-db, unpacked:
//   npm pack @ip-location-db/asn @ip-location-db/dbip-country   (then tar xzf, each into a folder of its own)
//   node scripts/build-networks.mjs ASN-FOLDER COUNTRY-FOLDER OUT-FILE
// Needs the Node that the project brings: it imports TypeScript.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseAddress } from "../src/model/address.ts";
import { encodeNetworkFile } from "../src/names/network-file.ts";
import { networkKey } from "../src/names/networks.ts";

const [asnFolder, countryFolder, out] = process.argv.slice(2);
if (out === undefined)
  throw new Error("Usage: build-networks.mjs ASN-FOLDER COUNTRY-FOLDER OUT-FILE");

const asn = {
  ipv4: rowsOf(join(asnFolder, "asn-ipv4.csv")),
  ipv6: rowsOf(join(asnFolder, "asn-ipv6.csv")),
};
const country = {
  ipv4: rowsOf(join(countryFolder, "dbip-country-ipv4.csv")),
  ipv6: rowsOf(join(countryFolder, "dbip-country-ipv6.csv")),
};
// What is frequent gets a small number, which takes one byte.
const systems = ranked([...asn.ipv4, ...asn.ipv6].filter(([, , number]) => number !== "0"));
const countries = ranked(
  [...country.ipv4, ...country.ipv6].filter(
    ([, , code]) => /^[A-Z]{2}$/.test(code) && code !== "ZZ",
  ),
);
const file = encodeNetworkFile({
  sources: [
    {
      gives: "asn",
      ...described(asnFolder),
      credit: "AS numbers by RouteViews, NRO and DB-IP",
      link: "https://db-ip.com",
      licence: "CC-BY-4.0",
    },
    {
      gives: "country",
      ...described(countryFolder),
      credit: "IP Geolocation by DB-IP",
      link: "https://db-ip.com",
      licence: "CC-BY-4.0",
    },
  ],
  countries: [...countries.keys()],
  systems: [...systems].map(([number, { text }]) => ({ asn: Number(number), organisation: text })),
  ipv4Asn: ranges(asn.ipv4, systems),
  ipv6Asn: ranges(asn.ipv6, systems),
  ipv4Country: ranges(country.ipv4, countries),
  ipv6Country: ranges(country.ipv6, countries),
});
writeFileSync(out, file);
console.log(`${out}: ${file.length} bytes, ${systems.size} systems, ${countries.size} countries`);

function rowsOf(path) {
  const lines = readFileSync(path, "utf8").split("\n");
  return lines.filter((line) => line !== "").map((line) => cells(line));
}

// First address, last address, value, and maybe a name in quotes whose own quotes are doubled.
function cells(line) {
  const [, first, last, value, name = ""] = /^([^,]+),([^,]+),([^,]+)(?:,(.*))?$/.exec(line) ?? [];
  if (value === undefined) throw new Error(`Not a row: ${line}`);
  const text = name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name;
  return [first, last, value, text];
}

function ranked(rows) {
  const found = new Map();
  for (const [, , value, text] of rows) {
    const entry = found.get(value) ?? { count: 0, text };
    entry.count++;
    found.set(value, entry);
  }
  const sorted = [...found].sort(([, a], [, b]) => b.count - a.count);
  return new Map(sorted.map(([value, { text }], i) => [value, { number: i + 1, text }]));
}

function* ranges(rows, ranking) {
  for (const [first, last, value] of rows) {
    const rank = ranking.get(value);
    if (rank === undefined) continue;
    yield { start: key(first), end: key(last) + 1, value: rank.number };
  }
}

function key(text) {
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`Not an address: ${text}`);
  return networkKey(address);
}

// 2.3.2026061719 was collected on 17 June 2026 at 19:00 UTC.
function described(folder) {
  const { name, version } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const [, year, month, day, hour] = /\.(\d{4})(\d\d)(\d\d)(\d\d)$/.exec(version) ?? [];
  if (hour === undefined) throw new Error(`No date in the version ${version}`);
  const collectedAtMs = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour));
  return { package: `${name} ${version}`, collectedAtMs };
}
