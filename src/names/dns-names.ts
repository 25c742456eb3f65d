/**
 * Remembers which names the programs of this machine asked for when they got an address.
 *
 * What is believed: a message from port 53 only on a flow that began with a query of the program to that port, so a
 * packet from anybody else names nothing; an answer to that query must repeat its question. Multicast DNS names only
 * .local and only addresses of the local network, and is kept apart: who floods it drives nothing else out. What a
 * program's own resolver says is believed for that program; for others only where `mayName` agrees.
 */

import type { HostName } from "../model/naming.ts";
import type { Observation } from "../model/observation.ts";
import type { Process } from "../model/process.ts";
import { type AddressName, AddressNames } from "./address-names.ts";
import { answersOf, isLocal, localAnswersOf } from "./dns-answers.ts";
import { type DnsMessage, parseDnsMessage, parseDnsStream } from "./dns-message.ts";
import { DnsQueries } from "./dns-queries.ts";
import { RecentMap } from "./recent-map.ts";

/** Addresses and names of the local network. */
const LOCAL_LIMITS = { addresses: 2048, names: 4096 };
/** Names with Encrypted Client Hello that are remembered; the one not heard of for longest goes. */
export const COVER_LIMIT = 4096;
/** Names given besides the first. */
export const ALTERNATIVE_LIMIT = 7;

export const DNS_PORT = 53;
export const MULTICAST_DNS_PORT = 5353;
const UDP = 17;
const TCP = 6;

export interface DnsNamesOptions {
  /** Whether what one process was told may name a connection of another one, which itself was told nothing: a
   * hostile program can have its own server give any name to any address. All may if left out. */
  readonly mayName?: (told: Process["id"], user: Process["id"]) => boolean;
}

/** What a connection's name is asked for with. */
export interface Asker {
  /** Of the other end, sixteen bytes. */
  readonly address: Uint8Array;
  readonly process: Process["id"];
  readonly atMs: number;
}

export class DnsNames {
  readonly #names = new AddressNames();
  readonly #local = new AddressNames(LOCAL_LIMITS);
  readonly #queries = new DnsQueries();
  readonly #covers = new RecentMap<string, readonly string[]>(COVER_LIMIT);
  readonly #mayName: (told: Process["id"], user: Process["id"]) => boolean;
  #refused = 0;

  constructor(options: DnsNamesOptions = {}) {
    this.#mayName = options.mayName ?? (() => true);
  }

  /** Addresses that have names. */
  get size(): number {
    return this.#names.size + this.#local.size;
  }

  /** Messages that were no answers to anything asked here. */
  get refused(): number {
    return this.#refused;
  }

  /** Takes queries (first-sent) and answers in; anything else is left alone. */
  observe(observation: Observation): void {
    const { kind, protocol, remotePort, bytes } = observation;
    if (remotePort === MULTICAST_DNS_PORT && kind === "dns") this.#hearLocal(observation);
    if (remotePort !== DNS_PORT) return;
    if (kind === "first-sent") this.#queries.sent(observation);
    if (kind === "dns" && protocol === UDP) this.#hear(observation, parseDnsMessage(bytes));
    if (kind === "first-received" && protocol === TCP)
      for (const message of parseDnsStream(bytes)) this.#hear(observation, message);
  }

  /** The name that the process asked for last when it got the address, or else another process, or else the one of the
   * local network; other names that may have been meant are alternatives. Asking keeps names. */
  lookup({ address, process, atMs }: Asker): HostName | undefined {
    const all = this.#names.lookup(address, atMs);
    const own = all.filter((each) => each.process === process && process !== 0);
    const shared = () => all.filter((each) => this.#mayName(each.process, process));
    return chosen(own) ?? chosen(shared()) ?? chosen(this.#local.lookup(address, atMs));
  }

  /** What is known about the open name of a hello that may be encrypted. "open": the program asked for this name, and no
   * other at the address is known to hide behind it. A name: what was asked for and hides behind it. */
  behindCover(openName: string, asker: Asker): "open" | "unknown" | HostName {
    const found = this.lookup(asker);
    if (found === undefined) return "unknown";
    const names = [found.name, ...found.alternatives];
    const [name, ...others] = names.filter(
      (each) => each !== openName && this.#covers.get(each)?.includes(openName),
    );
    const isAsked = names.includes(openName);
    if (name === undefined) return isAsked ? "open" : "unknown";
    return { name, source: found.source, alternatives: isAsked ? [...others, openName] : others };
  }

  #hear(observation: Observation, message: DnsMessage | undefined): void {
    if (message === undefined) return;
    if (this.#queries.expects(observation, message)) this.#believe(message, observation);
    else this.#refused += 1;
  }

  #believe(message: DnsMessage, { process, atMs }: Observation): void {
    const { answers, covers } = answersOf(message);
    for (const answer of answers)
      this.#names.add({ ...answer, process, source: "dns", answeredAtMs: atMs });
    for (const { name, coverNames } of covers) {
      if (coverNames.length > 0) this.#covers.set(name, coverNames);
      else this.#covers.delete(name);
    }
  }

  #hearLocal({ bytes, remoteAddress, process, atMs }: Observation): void {
    const message = parseDnsMessage(bytes);
    if (message === undefined || !message.isResponse) return;
    if (!isLocal(remoteAddress)) {
      this.#refused += 1;
      return;
    }
    for (const answer of localAnswersOf(message)) {
      if (answer.ttlSeconds === 0) this.#local.remove(answer.address, answer.name);
      else this.#local.add({ ...answer, process, source: "mdns", answeredAtMs: atMs });
    }
  }
}

function chosen(known: readonly AddressName[]): HostName | undefined {
  const [last] = known;
  if (last === undefined) return undefined;
  const names = new Set(known.map(({ name }) => name));
  names.delete(last.name);
  return {
    name: last.name,
    source: last.source,
    alternatives: [...names].slice(0, ALTERNATIVE_LIMIT),
  };
}
