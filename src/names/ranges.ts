/** What kind of network an address is in, by the special-purpose registries of IANA (RFC 6890, RFC 8190). */

import { isMappedIpv4, parseAddress } from "../model/address.ts";
import type { NetworkKind } from "../model/naming.ts";

/** A network of this host, as the caller knows it from its interfaces. */
export interface OwnNetwork {
  /** "192.168.1.0/24". */
  readonly prefix: string;
  readonly kind: "lan" | "vpn";
  /** Of its interface: "wlan0". */
  readonly name: string;
}

/** Networks that are looked at; a host has a handful, one with thousands of containers keeps the first. */
export const MAX_OWN_NETWORKS = 256;

/**
 * The IPv4 and IPv6 Special-Purpose Address Registries; the longest prefix decides. What is reachable from everywhere
 * inside a reserved block is public.
 */
const RANGES: readonly (readonly [prefix: string, kind: NetworkKind])[] = [
  ["0.0.0.0/0", "public"],
  ["0.0.0.0/8", "reserved"],
  ["10.0.0.0/8", "private"],
  ["100.64.0.0/10", "shared"],
  ["127.0.0.0/8", "loopback"],
  ["169.254.0.0/16", "link-local"],
  ["172.16.0.0/12", "private"],
  ["192.0.0.0/24", "reserved"],
  ["192.0.0.9/32", "public"], // Port Control Protocol anycast, RFC 7723
  ["192.0.0.10/32", "public"], // TURN anycast, RFC 8155
  ["192.0.2.0/24", "documentation"],
  ["192.88.99.0/24", "reserved"], // 6to4 relays until RFC 7526
  ["192.168.0.0/16", "private"],
  ["198.18.0.0/15", "reserved"], // benchmarks, RFC 2544
  ["198.51.100.0/24", "documentation"],
  ["203.0.113.0/24", "documentation"],
  ["224.0.0.0/4", "multicast"],
  ["233.252.0.0/24", "documentation"], // MCAST-TEST-NET, RFC 6676
  ["240.0.0.0/4", "reserved"],
  ["255.255.255.255/32", "multicast"], // broadcast, as addressScope counts it
  ["::/0", "reserved"], // not assigned: RFC 4291 section 2.4 leaves 2000::/3 for use
  ["::1/128", "loopback"],
  ["64:ff9b::/96", "public"], // translated IPv4, RFC 6052
  ["64:ff9b:1::/48", "private"], // RFC 8215
  ["2000::/3", "public"],
  ["2001::/23", "reserved"],
  ["2001::/32", "public"], // Teredo
  ["2001:1::1/128", "public"],
  ["2001:1::2/128", "public"],
  ["2001:1::3/128", "public"],
  ["2001:3::/32", "public"], // AMT
  ["2001:4:112::/48", "public"], // AS112
  ["2001:20::/28", "public"], // ORCHIDv2
  ["2001:30::/28", "public"], // drone identifiers, RFC 9374
  ["2001:db8::/32", "documentation"],
  ["3fff::/20", "documentation"], // RFC 9637
  ["5f00::/16", "reserved"], // segment routing, RFC 9602
  ["fc00::/7", "private"],
  ["fe80::/10", "link-local"],
  ["fec0::/10", "private"], // site-local until RFC 3879
  ["ff00::/8", "multicast"],
];

/** Of sixteen bytes. */
export function networkKind(address: Uint8Array): NetworkKind {
  const book = isMappedIpv4(address) ? IPV4_KINDS : IPV6_KINDS;
  return longest(book, address)?.value ?? "reserved";
}

/** Finds the host's own network of an address, the longest prefix first; prefixes that are none are left out. */
export function ownNetworks(
  networks: readonly OwnNetwork[],
): (address: Uint8Array) => OwnNetwork | undefined {
  const book = prefixBook(
    networks.slice(0, MAX_OWN_NETWORKS).map((each) => [each.prefix, each] as const),
  );
  return (address) => longest(book, address)?.value;
}

/**
 * The IPv4 address that an IPv6 one carries (RFC 6052 NAT64, RFC 3056 6to4), else the address itself: where the other
 * end really is.
 */
export function carriedAddress(address: Uint8Array): Uint8Array {
  if (startsWith(address, NAT64, 96)) return mapped(address.subarray(12, 16));
  if (address[0] === 0x20 && address[1] === 0x02) return mapped(address.subarray(2, 6));
  return address;
}

interface Prefix<T> {
  readonly bytes: Uint8Array;
  readonly bits: number;
  readonly value: T;
}

const NAT64 = parseAddress("64:ff9b::") ?? new Uint8Array(16);
const IPV4_KINDS = prefixBook(RANGES.filter(([prefix]) => !prefix.includes(":")));
const IPV6_KINDS = prefixBook(RANGES.filter(([prefix]) => prefix.includes(":")));

function longest<T>(book: readonly Prefix<T>[], address: Uint8Array): Prefix<T> | undefined {
  return book.find(({ bytes, bits }) => startsWith(address, bytes, bits));
}

function prefixBook<T>(entries: readonly (readonly [string, T])[]): Prefix<T>[] {
  const book: Prefix<T>[] = [];
  for (const [prefix, value] of entries) {
    const [, base = "", length = ""] = /^([^/%]+)\/(\d{1,3})$/.exec(prefix) ?? [];
    const bytes = parseAddress(base);
    const isIpv4 = !base.includes(":");
    if (bytes === undefined || Number(length) > (isIpv4 ? 32 : 128)) continue;
    book.push({ bytes, bits: Number(length) + (isIpv4 ? 96 : 0), value });
  }
  return book.sort((a, b) => b.bits - a.bits);
}

function startsWith(address: Uint8Array, prefix: Uint8Array, bits: number): boolean {
  const whole = bits >> 3;
  const rest = bits & 7;
  const differs = (address[whole] ?? 0) ^ (prefix[whole] ?? 0);
  if (rest !== 0 && (differs & (0xff << (8 - rest))) !== 0) return false;
  // From the end: mapped IPv4 addresses all begin alike.
  for (let i = whole - 1; i >= 0; i--) if (address[i] !== prefix[i]) return false;
  return true;
}

function mapped(ipv4: Uint8Array): Uint8Array {
  const address = new Uint8Array(16);
  address.set([0xff, 0xff], 10);
  address.set(ipv4, 12);
  return address;
}
