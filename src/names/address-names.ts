/** A bounded store of address -> names with their age. */

import type { NameSource } from "../model/naming.ts";
import type { Process } from "../model/process.ts";
import { latin1Text } from "./byte-reader.ts";
import { RecentMap } from "./recent-map.ts";

/** Addresses remembered; the one used longest ago goes. */
export const ADDRESS_LIMIT = 8192;
/** Names of one address, each counted once per process; the one answered longest ago goes. */
export const NAMES_PER_ADDRESS = 16;
/** All of them: at 253 characters a name under 20 MB. Addresses go until it fits. */
export const NAME_LIMIT = 32_768;
/** Connections outlive the lifetimes of names, which are often a minute: kept for an hour, and for an hour after use. */
export const KEEP_MS = 3_600_000;
/** A server may say 68 years. */
const KEEP_AT_MOST_MS = 7 * 86_400_000;

export interface AddressName {
  readonly name: string;
  readonly source: NameSource;
  /** Who was told; 0: not known. */
  readonly process: Process["id"];
  readonly answeredAtMs: number;
  /** Not before this time and not within KEEP_MS of use. */
  readonly expiresAtMs: number;
}

interface Known {
  /** The one answered last comes first. */
  names: AddressName[];
  usedAtMs: number;
}

export class AddressNames {
  readonly #addresses: RecentMap<string, Known>;
  readonly #limits: { readonly addresses: number; readonly names: number };
  #count = 0;

  constructor(limits = { addresses: ADDRESS_LIMIT, names: NAME_LIMIT }) {
    this.#limits = limits;
    this.#addresses = new RecentMap(limits.addresses + 1);
  }

  /** Addresses that have names. */
  get size(): number {
    return this.#addresses.size;
  }

  /** Names of all addresses. */
  get count(): number {
    return this.#count;
  }

  add(
    answer: Omit<AddressName, "expiresAtMs"> & { address: Uint8Array; ttlSeconds: number },
  ): void {
    const { name, source, process, answeredAtMs, address, ttlSeconds } = answer;
    const key = latin1Text(address);
    const known = this.#addresses.get(key) ?? { names: [], usedAtMs: answeredAtMs };
    this.#count -= known.names.length;
    const keepMs = Math.min(Math.max(ttlSeconds * 1000, KEEP_MS), KEEP_AT_MOST_MS);
    const entry = { name, source, process, answeredAtMs, expiresAtMs: answeredAtMs + keepMs };
    const others = known.names.filter((each) => each.name !== name || each.process !== process);
    known.names = [entry, ...others].slice(0, NAMES_PER_ADDRESS);
    this.#count += known.names.length;
    this.#addresses.set(key, known);
    const { addresses, names } = this.#limits;
    while (this.#addresses.size > addresses || this.#count > names)
      this.#count -= this.#addresses.dropOldest()?.names.length ?? 0;
  }

  /** The address is no longer called so, whoever was told. */
  remove(address: Uint8Array, name: string): void {
    this.#keep(latin1Text(address), (each) => each.name !== name);
  }

  /** The names that are still good, the one answered last first; they count as used. */
  lookup(address: Uint8Array, atMs: number): readonly AddressName[] {
    const key = latin1Text(address);
    const known = this.#addresses.peek(key);
    if (known === undefined) return [];
    const usedUntilMs = known.usedAtMs + KEEP_MS;
    this.#keep(key, ({ expiresAtMs }) => atMs <= Math.max(expiresAtMs, usedUntilMs));
    known.usedAtMs = Math.max(known.usedAtMs, atMs);
    return this.#addresses.get(key)?.names ?? [];
  }

  #keep(key: string, isKept: (name: AddressName) => boolean): void {
    const known = this.#addresses.peek(key);
    if (known === undefined || known.names.every(isKept)) return;
    this.#count -= known.names.length;
    known.names = known.names.filter(isKept);
    this.#count += known.names.length;
    if (known.names.length === 0) this.#addresses.delete(key);
  }
}
