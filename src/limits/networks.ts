/** Networks of rules, local networks and this machine's own addresses as entries of one prefix tree (pure). */

import { addressScope, parseAddress } from "../model/address.ts";
import type { LimitRule } from "../model/limit.ts";
import { withPrefix } from "../model/limit-match.ts";
import { NETWORK_IS_LAN, NETWORK_IS_LOCAL } from "./layout.ts";

export interface Network {
  /** Sixteen bytes, zero behind the prefix. */
  readonly address: Uint8Array;
  /** Of 128. */
  readonly bits: number;
}

export interface NetworkEntry extends Network {
  /** Rules about it and about the networks around it; the kernel gets a number for each distinct list. */
  readonly rules: readonly LimitRule[];
  readonly flags: number;
}

/** `withLan`: some rule leaves local networks alone. */
export function networkEntries(
  rules: readonly LimitRule[],
  { own, withLan }: { readonly own: readonly Uint8Array[]; readonly withLan: boolean },
): NetworkEntry[] {
  const ruled = rules.flatMap((rule) => {
    if (rule.target.kind !== "remote") return [];
    const network = parse(rule.target.network);
    return network === undefined ? [] : [{ network, rule }];
  });
  const wanted = new Map<string, { network: Network; isOwn: boolean }>();
  const add = (network: Network, isOwn: boolean) => {
    const key = keyOf(network);
    wanted.set(key, { network, isOwn: isOwn || (wanted.get(key)?.isOwn ?? false) });
  };
  for (const { network } of ruled) add(network, false);
  if (withLan) for (const network of LAN) add(network, false);
  for (const network of LOOPBACK) add(network, true);
  for (const address of own) add({ address, bits: 128 }, true);
  const byNetwork = new Map<string, LimitRule[]>();
  for (const { network, rule } of ruled) {
    const key = keyOf(network);
    byNetwork.set(key, [...(byNetwork.get(key) ?? []), rule]);
  }
  const lengths = [...new Set(ruled.map(({ network }) => network.bits))].sort((a, b) => a - b);
  return [...wanted.values()].map(({ network, isOwn }) => {
    const around = lengths
      .filter((bits) => bits <= network.bits)
      .flatMap(
        (bits) => byNetwork.get(keyOf({ address: masked(network.address, bits), bits })) ?? [],
      );
    const isLan = withLan && LAN.some((lan) => contains(lan, network));
    return {
      ...network,
      rules: around,
      flags: (isLan ? NETWORK_IS_LAN : 0) | (isOwn ? NETWORK_IS_LOCAL : 0),
    };
  });
}

function keyOf({ address, bits }: Network): string {
  return `${Buffer.from(address).toString("hex")}/${bits}`;
}

/** "10.0.0.0/8", "2001:db8::1"; undefined where it is none. */
function parse(text: string): Network | undefined {
  const [base = "", prefix = ""] = withPrefix(text).split("/");
  const address = parseAddress(base);
  if (address === undefined) return undefined;
  const bits = Number(prefix) + (base.includes(":") ? 0 : 96);
  return { address: masked(address, bits), bits };
}

function masked(address: Uint8Array, bits: number): Uint8Array {
  return address.map((byte, at) => {
    const kept = Math.min(8, Math.max(0, bits - at * 8));
    return byte & (0xff << (8 - kept));
  });
}

function contains(outer: Network, inner: Network): boolean {
  if (inner.bits < outer.bits) return false;
  const cut = masked(inner.address, outer.bits);
  return cut.every((byte, at) => byte === outer.address[at]);
}

// What addressScope() takes for private, link-local or multicast.
const LAN = [
  ...["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "169.254.0.0/16"],
  ...["224.0.0.0/4", "255.255.255.255/32", "fc00::/7", "fe80::/10", "ff00::/8"],
].flatMap((text) => parse(text) ?? []);
const LOOPBACK = ["127.0.0.0/8", "::1/128"].flatMap((text) => parse(text) ?? []);

/** For tests: the list above is what the model says. */
export function isLanNetwork(network: Network): boolean {
  return addressScope(network.address) !== "public";
}
