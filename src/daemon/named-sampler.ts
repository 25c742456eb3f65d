/** A sampler whose flows have names: what first packets tell is learned before each sample, and what is shown says where
 * in the world the other end is. */

import { parseAddress } from "../model/address.ts";
import type { NetworkOf } from "../model/naming.ts";
import type { GroupRow } from "../model/sample.ts";
import type { Names } from "../names/names.ts";
import type { Networks } from "../names/networks.ts";
import type { Sampler } from "../sampler/sampler.ts";
import { createTickBook } from "./history-tick.ts";
import { mergeRows } from "./merge-rows.ts";
import type { SamplerPart } from "./sampling-serve.ts";

export interface Naming {
  /** undefined: switched off. */
  readonly names: Names | undefined;
  readonly networks: Pick<Networks, "networkOf">;
}

export function withNames(sampler: Sampler, { names, networks }: Naming): SamplerPart {
  const networkOf = (address: string | undefined): NetworkOf | undefined => {
    const bytes = address === undefined ? undefined : parseAddress(address);
    return bytes && networks.networkOf(bytes);
  };
  const named = (row: GroupRow) => ({ ...row, name: names?.hostOf(row.key)?.name ?? row.name });

  const book = createTickBook(networks.networkOf);

  return {
    ...sampler,
    take(snapshot, how) {
      const learned = names?.learn(snapshot) ?? [];
      return sampler.take(snapshot, { ...how, learned });
    },
    historyTick: (sample) =>
      book.tickOf(sample, { details: sampler.details(), processes: sampler.processDetails() }),
    ps: (query) => sampler.ps(query, networkOf),
    connections: (query) => sampler.connections(query, networkOf),
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
