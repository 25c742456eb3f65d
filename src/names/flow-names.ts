/**
 * Names the other end of each flow by what was copied of its first packets.
 *
 * The name that the program itself sent (TLS, QUIC, HTTP) comes before the one it asked the DNS for. Both are what the
 * program says: a hostile one may say any name. Only what this machine sent names the other end: a hello that was
 * received tells what a client calls this machine. Nothing is taken from requests to proxies.
 */

import type { HostName, SpokenProtocol } from "../model/naming.ts";
import type { Observation } from "../model/observation.ts";
import type { ClientHello } from "./client-hello.ts";
import { DNS_PORT, DnsNames, type DnsNamesOptions, MULTICAST_DNS_PORT } from "./dns-names.ts";
import { type Opening, Openings } from "./openings.ts";
import { quicStart } from "./quic-initial.ts";
import { RecentMap } from "./recent-map.ts";
import { parseServerHello } from "./tls-hello.ts";

/** As many as the collector has slots, so that no live flow loses its name to others. At 253 characters a name 60 MB, as
 * programs are 6. */
export const NAMED_FLOW_LIMIT = 131_072;

export interface FlowName extends HostName {
  /** It may be the open part of an Encrypted Client Hello: then the site that is meant is another one at the same
   * operator, and cannot be known. Browsers look so to every site unless their DNS queries were seen. */
  readonly mayBeCover: boolean;
}

/** What a flow's first packets told. */
export interface FlowFacts {
  readonly name: FlowName | undefined;
  /** TLS, QUIC or HTTP with what runs inside, where that is sure; undefined: none of them. */
  readonly spoken: SpokenProtocol | undefined;
  /** Of the protocol: "1.3" (TLS: as chosen by the server), "1", "2" (QUIC), "1.1" (HTTP); undefined: not known. */
  readonly version: string | undefined;
}

const TCP = 6;
const NOTHING: FlowFacts = { name: undefined, spoken: undefined, version: undefined };

export class FlowNames {
  /** Names by address: also for flows of which no packet was copied. */
  readonly dns: DnsNames;
  readonly #flows = new RecentMap<
    Observation["index"],
    { readonly serial: number; readonly facts: FlowFacts }
  >(NAMED_FLOW_LIMIT);
  readonly #openings = new Openings();

  constructor(options: DnsNamesOptions = {}) {
    this.dns = new DnsNames(options);
  }

  /** Flows of which something is known. */
  get size(): number {
    return this.#flows.size;
  }

  /** Takes an observation in. Returns what is known about its flow if that changed, undefined if not. */
  observe(observation: Observation): FlowFacts | undefined {
    const { kind, index, serial, remotePort } = observation;
    this.dns.observe(observation);
    if (kind === "dns" || remotePort === DNS_PORT || remotePort === MULTICAST_DNS_PORT)
      return undefined;
    const before = this.factsOf(index, serial);
    const told = kind === "first-sent" ? this.#sent(observation) : received(observation, before);
    const name = told?.name ?? before?.name ?? this.#ofAddress(observation);
    const spoken = told?.spoken && { ...told.spoken, inside: inside(told.spoken, before?.spoken) };
    const after = { ...(before ?? NOTHING), ...told, ...(spoken && { spoken }), name };
    if (isSame(before ?? NOTHING, after)) return undefined;
    this.#flows.set(index, { serial, facts: after });
    return after;
  }

  /** The name of the other end; undefined: not known. */
  nameOf(index: number, serial: number): FlowName | undefined {
    return this.factsOf(index, serial)?.name;
  }

  /** Everything known about a flow; undefined: nothing. */
  factsOf(index: number, serial: number): FlowFacts | undefined {
    const flow = this.#flows.peek(index);
    return flow?.serial === serial ? flow.facts : undefined;
  }

  /** The flow is closed. */
  forget(index: number, serial: number): void {
    if (this.#flows.peek(index)?.serial === serial) this.#flows.delete(index);
    this.#openings.forget(index, serial);
  }

  #sent(observation: Observation): Partial<FlowFacts> | undefined {
    const opening = this.#openings.add(observation);
    switch (opening?.protocol) {
      case "tls":
        return { spoken: spoken("tls", opening.hello), ...this.#helloName(opening, observation) };
      case "quic":
        return {
          spoken: spoken("quic", opening.hello),
          version: opening.version,
          ...this.#helloName(opening, observation),
        };
      case "http":
        return {
          spoken: {
            name: opening.version === "2" ? "http2" : "http",
            inside: undefined,
            source: "bytes",
          },
          version: opening.version,
          ...named(opening.host, "http"),
        };
      case undefined:
        return undefined;
    }
  }

  #helloName(
    { protocol, hello }: { protocol: "tls" | "quic"; hello: ClientHello | undefined },
    { remoteAddress: address, process, atMs }: Observation,
  ): Partial<FlowFacts> {
    const name = hello?.serverName;
    if (!hello?.mayBeCover || name === undefined) return named(name, protocol);
    const behind = this.dns.behindCover(name, { address, process, atMs });
    if (behind === "open") return named(name, protocol);
    if (behind !== "unknown") return { name: { ...behind, mayBeCover: false } };
    return { name: { name, source: protocol, alternatives: [], mayBeCover: true } };
  }

  #ofAddress({ remoteAddress: address, process, atMs }: Observation): FlowName | undefined {
    const found = this.dns.lookup({ address, process, atMs });
    return found && { ...found, mayBeCover: false };
  }
}

function named(name: string | undefined, source: Opening["protocol"]): Partial<FlowFacts> {
  return name === undefined ? {} : { name: { name, source, alternatives: [], mayBeCover: false } };
}

/** What is offered is not yet what is spoken: only where there is one choice it is sure. */
function spoken(name: "tls" | "quic", hello: ClientHello | undefined): SpokenProtocol {
  const [only, ...others] = hello?.alpn ?? [];
  return { name, inside: others.length === 0 ? only : undefined, source: "bytes" };
}

/** A packet sent again is only a part: what it lacks is still known. */
function inside(told: SpokenProtocol, before: SpokenProtocol | undefined): string | undefined {
  return told.inside ?? (told.name === before?.name ? before.inside : undefined);
}

/** What a server's first bytes add. Bytes from a client say nothing about the other end's name. */
function received(
  { protocol, bytes }: Observation,
  before: FlowFacts | undefined,
): Partial<FlowFacts> | undefined {
  if (protocol === TCP) {
    const hello = parseServerHello(bytes);
    if (hello === undefined) return undefined;
    return {
      spoken: { name: "tls", inside: hello.alpn, source: "bytes" },
      version: hello.version,
    };
  }
  // A server may answer in version 2 what was sent in version 1 (RFC 9368).
  const start = before?.spoken?.name === "quic" ? quicStart(bytes) : undefined;
  return start?.version === undefined ? undefined : { version: String(start.version) };
}

function isSame(a: FlowFacts, b: FlowFacts): boolean {
  return (
    a.version === b.version &&
    a.spoken?.name === b.spoken?.name &&
    a.spoken?.inside === b.spoken?.inside &&
    a.name?.name === b.name?.name &&
    a.name?.source === b.name?.source &&
    a.name?.mayBeCover === b.name?.mayBeCover &&
    (a.name?.alternatives.join() ?? "") === (b.name?.alternatives.join() ?? "")
  );
}
