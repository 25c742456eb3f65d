/** Reads what programs send first on a flow, over several observations where the first one is only a part. */

import type { Observation } from "../model/observation.ts";
import type { ClientHello } from "./client-hello.ts";
import { type HttpRequest, parseHttpRequest } from "./http-request.ts";
import { QuicInitials } from "./quic-initial.ts";
import { RecentMap } from "./recent-map.ts";
import { parseClientHello } from "./tls-hello.ts";

/** Flows whose beginning is not whole yet; the one waiting longest goes. Each holds the limit below or a QUIC stream of
 * at most two times 16 kB: together under 34 MB. */
export const UNFINISHED_LIMIT = 1024;
/** Bytes of a TCP stream that are kept until the hello in it is whole. */
export const STREAM_LIMIT = 8192;

export type Opening =
  | { readonly protocol: "tls"; readonly hello: ClientHello }
  | {
      readonly protocol: "quic";
      readonly hello: ClientHello | undefined;
      readonly version: string | undefined;
    }
  | {
      readonly protocol: "http";
      readonly host: string | undefined;
      readonly version: HttpRequest["version"];
    };

interface Unfinished {
  readonly serial: number;
  readonly state: QuicInitials | Uint8Array;
}

const TCP = 6;
const UDP = 17;
const LONG_HEADER = 0x80;

export class Openings {
  readonly #unfinished = new RecentMap<Observation["index"], Unfinished>(UNFINISHED_LIMIT);

  /** What the flow's beginning is, as far as it is here; undefined: none of these protocols. */
  add(observation: Observation): Opening | undefined {
    const { index, serial, protocol } = observation;
    const unfinished = this.#unfinished.delete(index);
    const state = unfinished?.serial === serial ? unfinished.state : undefined;
    if (protocol === TCP) return this.#stream(observation, state);
    return protocol === UDP ? this.#datagram(observation, state) : undefined;
  }

  forget(index: number, serial: number): void {
    if (this.#unfinished.peek(index)?.serial === serial) this.#unfinished.delete(index);
  }

  #stream(observation: Observation, state: Unfinished["state"] | undefined): Opening | undefined {
    const { bytes, payloadBytes } = observation;
    const stream = state instanceof Uint8Array ? joined(state, bytes) : bytes;
    const opening = readStream(stream);
    // What follows a cut cannot be joined to what was before it.
    const canGoOn = payloadBytes <= bytes.length && stream.length < STREAM_LIMIT;
    if (opening !== undefined && !opening.isDone && canGoOn)
      this.#keep(observation, new Uint8Array(stream));
    return opening?.found;
  }

  #datagram(observation: Observation, state: Unfinished["state"] | undefined): Opening | undefined {
    const { bytes } = observation;
    if (((bytes[0] ?? 0) & LONG_HEADER) === 0) return undefined;
    const initials = state instanceof QuicInitials ? state : new QuicInitials();
    initials.add(bytes);
    if (!initials.isDone && initials.version !== undefined) this.#keep(observation, initials);
    if (initials.version === undefined) return undefined;
    return { protocol: "quic", hello: initials.hello, version: String(initials.version) };
  }

  #keep({ index, serial }: Observation, state: Unfinished["state"]): void {
    this.#unfinished.set(index, { serial, state });
  }
}

function readStream(stream: Uint8Array): { found: Opening; isDone: boolean } | undefined {
  const hello = parseClientHello(stream);
  if (hello !== undefined) return { found: { protocol: "tls", hello }, isDone: hello.isComplete };
  const request = parseHttpRequest(stream);
  if (request === undefined) return undefined;
  const { version, isProxied, isComplete } = request;
  const host = isProxied ? undefined : request.host;
  return { found: { protocol: "http", host, version }, isDone: isComplete };
}

function joined(before: Uint8Array, after: Uint8Array): Uint8Array {
  const all = new Uint8Array(Math.min(before.length + after.length, STREAM_LIMIT));
  all.set(before);
  all.set(after.subarray(0, all.length - before.length), before.length);
  return all;
}
