/** Sums by what is spoken: "tls", "ssh"; where nobody knows, by the protocol below it. */

import type { SpokenProtocol } from "../model/naming.ts";
import { protocolName } from "../model/protocol.ts";
import { Tally } from "./tally.ts";

/** Names come from a table of ours; the limit only keeps a mistake small. */
export const SPOKEN_KEPT = 1_000;

export class SpokenTotals {
  readonly #tallies = new Map<string, Tally>();
  /** Of what nobody recognised, by protocol number: asked for with every flow. */
  readonly #unknown: (Tally | undefined)[] = [];

  /** The sums of what is spoken, or of a protocol whose content nobody recognised. */
  tally(spoken: SpokenProtocol | undefined, protocol: number): Tally {
    if (spoken !== undefined) return this.#named(spoken.name);
    const known = this.#unknown[protocol];
    if (known !== undefined) return known;
    const tally = this.#named(`other ${protocolName(protocol)}`);
    this.#unknown[protocol] = tally;
    return tally;
  }

  #named(name: string): Tally {
    const full = this.#tallies.size >= SPOKEN_KEPT && !this.#tallies.has(name);
    const key = full ? "other" : name;
    const known = this.#tallies.get(key);
    if (known !== undefined) return known;
    const tally = new Tally();
    this.#tallies.set(key, tally);
    return tally;
  }

  entries(): Iterable<[name: string, tally: Tally]> {
    return this.#tallies;
  }
}
