/** Which protocol a flow speaks: by its first bytes where they are unmistakable, else a guess from its port. */

import type { SpokenProtocol } from "../model/naming.ts";
import { type FirstBytes, firstPayload } from "./first-bytes.ts";
import { guessByPort, isRecognisable } from "./port-guess.ts";
import { BITTORRENT } from "./recognise-bittorrent.ts";
import { DATA } from "./recognise-data.ts";
import { DESKTOP } from "./recognise-desktop.ts";
import { LAN } from "./recognise-lan.ts";
import { MEDIA } from "./recognise-media.ts";
import { NAME_SERVICES } from "./recognise-names.ts";
import { TEXT } from "./recognise-text.ts";
import { TUNNELS } from "./recognise-tunnels.ts";
import { WEB } from "./recognise-web.ts";
import type { Recogniser } from "./recogniser.ts";
import type { Services } from "./services.ts";

const UDP = 17;
const CARRIERS = [6, 17, 132, 136, 262]; // TCP, UDP, SCTP, UDP-Lite, Multipath TCP
const DOT_PORT = 853; // RFC 7858 section 3.1 keeps it for DNS over TLS, RFC 9250 section 4.1 for DNS over QUIC

export interface FlowStart {
  /** IANA protocol number. */
  readonly protocol: number;
  readonly localPort: number;
  readonly remotePort: number;
  /** First payload of each direction, Observation.bytes; undefined: not seen. */
  readonly sent?: Uint8Array | undefined;
  readonly received?: Uint8Array | undefined;
  /** Observation.payloadBytes of each; by default the bytes were not cut. */
  readonly sentPayloadBytes?: number | undefined;
  readonly receivedPayloadBytes?: number | undefined;
  /** First protocol of the hello's ALPN (RFC 7301), where the caller has read it. */
  readonly alpn?: string | undefined;
}

/**
 * What is spoken; undefined: not known. Ask again when the other direction's first bytes have come, unless source is
 * "bytes" already. Where bytes were seen and contradict the port, the port is no guess.
 */
export function spokenProtocol(start: FlowStart, services: Services): SpokenProtocol | undefined {
  if (!CARRIERS.includes(start.protocol)) return undefined;
  const flow = firstBytes(start);
  const recognised = recognise(flow, start.alpn);
  if (recognised !== undefined) return recognised;
  const guess = guessByPort(start, services);
  const hasBytes = flow.sent !== undefined || flow.received !== undefined;
  return guess !== undefined && hasBytes && isRecognisable(guess.name) ? undefined : guess;
}

/** All names that `spokenProtocol` gives by bytes, for filters and legends. */
export function recognisedNames(): string[] {
  return [...new Set([...OVER_TCP, ...OVER_UDP].map(({ name }) => name))].sort();
}

// Those with the strictest tests and the most traffic go first; the first that says yes decides.
const ALL: readonly Recogniser[] = [
  ...WEB,
  ...NAME_SERVICES,
  ...TEXT,
  ...DATA,
  ...DESKTOP,
  ...BITTORRENT,
  ...TUNNELS,
  ...LAN,
  ...MEDIA,
];
const OVER_TCP = ALL.filter(({ over }) => over !== "udp");
const OVER_UDP = ALL.filter(({ over }) => over !== "tcp");

function firstBytes(start: FlowStart): FirstBytes {
  return {
    isUdp: start.protocol === UDP || start.protocol === 136,
    localPort: start.localPort,
    remotePort: start.remotePort,
    sent: firstPayload(start.sent, start.sentPayloadBytes),
    received: firstPayload(start.received, start.receivedPayloadBytes),
  };
}

function recognise(flow: FirstBytes, alpn: string | undefined): SpokenProtocol | undefined {
  if (flow.sent === undefined && flow.received === undefined) return undefined;
  for (const { name, test } of flow.isUdp ? OVER_UDP : OVER_TCP) {
    const found = test(flow);
    if (found === false) continue;
    const inside = found === true ? insideTls(name, flow, alpn) : found;
    return { name, inside, source: "bytes" };
  }
  return undefined;
}

function insideTls(name: string, flow: FirstBytes, alpn: string | undefined): string | undefined {
  if (name !== "tls" && name !== "quic" && name !== "dtls") return undefined;
  if (alpn !== undefined) return alpn;
  if (flow.remotePort !== DOT_PORT && flow.localPort !== DOT_PORT) return undefined;
  return name === "quic" ? "doq" : "dot";
}
