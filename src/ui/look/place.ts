/** Where in the world, or how near, an address is, in words (pure). */

import { countryName } from "../../model/country.ts";
import type { NetworkKind, NetworkOf } from "../../model/naming.ts";

/** The country, or what kind of network has none; undefined: nothing is known. */
export function placeText(network: NetworkOf | undefined): string | undefined {
  if (network === undefined) return undefined;
  if (network.kind !== "public") return KINDS[network.kind];
  return network.country === undefined ? undefined : countryName(network.country);
}

/** "Example Networks · AS64500". */
export function organisationText(network: NetworkOf | undefined): string | undefined {
  if (network?.asn === undefined) return network?.organisation;
  const number = `AS${network.asn}`;
  return network.organisation === undefined ? number : `${network.organisation} · ${number}`;
}

/** What the rows of the grouping by country are called: a code, or ":" and why there is none. */
export function countryRowName(key: string, name: string): string {
  if (key === ":unknown") return "country not known";
  const kind = key.startsWith(":") ? key.slice(1) : undefined;
  if (kind !== undefined && isKind(kind)) return KINDS[kind];
  return /^[A-Z]{2}$/.test(key) ? countryName(key) : name;
}

const KINDS: Readonly<Record<NetworkKind, string>> = {
  loopback: "this computer",
  "link-local": "the local link",
  private: "private network",
  shared: "the provider's own network",
  multicast: "multicast",
  documentation: "example network",
  reserved: "reserved addresses",
  public: "public network",
};

function isKind(text: string): text is NetworkKind {
  return Object.hasOwn(KINDS, text);
}
