/** A sampler whose flows have names: what first packets tell is learned before each sample, and what is shown says where
 * in the world the other end is. */

import { parseAddress } from "../model/address.ts";
import type { HostName, NetworkKind, NetworkOf } from "../model/naming.ts";
import type { GroupRow } from "../model/sample.ts";
import type { Names } from "../names/names.ts";
import type { Networks } from "../names/networks.ts";
import type { ReverseNames } from "../names/reverse-names.ts";
import type { FlowDetail } from "../sampler/details.ts";
import type { Sampler } from "../sampler/sampler.ts";
import { createTickBook } from "./history-tick.ts";
import { mergeRows } from "./merge-rows.ts";
import type { SamplerPart } from "./sampling-serve.ts";

export interface Naming {
  /** undefined: switched off. */
  readonly names: Names | undefined;
  readonly networks: Pick<Networks, "networkOf">;
  /** undefined: nobody is asked for names of addresses. */
  readonly reverse?: Reverse | undefined;
}

export interface Reverse {
  readonly names: Pick<ReverseNames, "nameOf" | "ask" | "bounds">;
  /** "public": only addresses that everybody knows; "all": also those of networks of one's own. */
  readonly of: "public" | "all";
}

export function withNames(sampler: Sampler, { names, networks, reverse }: Naming): SamplerPart {
  let nowMs = 0;
  const networkOf = (address: string | undefined): NetworkOf | undefined => {
    const bytes = address === undefined ? undefined : parseAddress(address);
    return bytes && networks.networkOf(bytes);
  };
  const reverseName = (address: string): HostName | undefined => {
    const kind = networkOf(address)?.kind;
    const isAsked = kind === "public" || (reverse?.of === "all" && !NOBODY.has(kind));
    return isAsked ? reverse?.names.nameOf(address, nowMs) : undefined;
  };
  const named = (row: GroupRow) => {
    const host = names?.hostOf(row.key) ?? (reverse && reverseName(row.key));
    return { ...row, name: host?.name ?? row.name };
  };
  const detailed = (detail: FlowDetail): FlowDetail => {
    if (detail.host !== "" || detail.remoteAddress === "") return detail;
    return { ...detail, host: reverseName(detail.remoteAddress)?.name ?? "" };
  };
  const lookUps = { networkOf, ...(reverse && { hostOf: reverseName }) };

  const book = createTickBook(networks.networkOf);

  return {
    ...sampler,
    take(snapshot, how) {
      const learned = names?.learn(snapshot) ?? [];
      nowMs = snapshot.atMs;
      const sample = sampler.take(snapshot, { ...how, learned });
      if (reverse === undefined) return sample;
      const { health } = sample;
      return {
        ...sample,
        health: { ...health, bounds: [...health.bounds, ...reverse.names.bounds] },
      };
    },
    historyTick(sample) {
      const found = sampler.details();
      const details = reverse === undefined ? found : found.map(detailed);
      reverse?.names.ask(nowMs);
      return book.tickOf(sample, { details, processes: sampler.processDetails() });
    },
    ps: (query) => sampler.ps(query, lookUps),
    connections: (query) => sampler.connections(query, lookUps),
    groups(by, limit) {
      switch (by) {
        case "remote":
          return sampler.groups(by, limit).map(named);
        case "country":
          return mergeRows(sampler.groups("remote"), (row) => countryLabel(networkOf(row.key)));
        case "organisation":
          return mergeRows(sampler.groups("remote"), (row) =>
            organisationLabel(networkOf(row.key)),
          );
        default:
          return sampler.groups(by, limit);
      }
    },
  };
}

/** What stands for no machine elsewhere. */
const NOBODY: ReadonlySet<NetworkKind | undefined> = new Set([undefined, "loopback", "multicast"]);

interface Label {
  readonly key: string;
  readonly name: string;
}

/** A network that is in no country is its kind: "private", "multicast". */
function countryLabel(network: NetworkOf | undefined): Label {
  const key = network?.country ?? kindKey(network);
  return { key, name: key.replace(":", "") };
}

function organisationLabel(network: NetworkOf | undefined): Label {
  const { asn, organisation } = network ?? {};
  if (asn === undefined) return countryLabel(network && { ...network, country: undefined });
  return { key: `AS${asn}`, name: organisation ?? `AS${asn}` };
}

/** No country has a code with a colon. */
function kindKey(network: NetworkOf | undefined): string {
  if (network === undefined) return ":no single peer";
  return network.kind === "public" ? ":unknown" : `:${network.kind}`;
}
