/** How a host name is known, in plain words (pure). */

import type { HostName, NameSource } from "../../model/naming.ts";

/** More names than one reads. */
const SAID = 8;

/** One fact a line, for a tooltip. */
export function hostTitle(host: HostName): string {
  return [host.name, sourceText(host), ...alternativesText(host), ...coverText(host)].join("\n");
}

export function sourceText({ source }: HostName): string {
  return SOURCES[source];
}

/** It may be another one: a guess is shown as one. */
export function isProbable(host: HostName): boolean {
  return host.mayBeCover === true;
}

function alternativesText({ alternatives }: HostName): string[] {
  if (alternatives.length === 0) return [];
  const more = alternatives.length > SAID ? `, and ${alternatives.length - SAID} more` : "";
  return [`also: ${alternatives.slice(0, SAID).join(", ")}${more}`];
}

function coverText(host: HostName): string[] {
  if (!isProbable(host)) return [];
  return ["probably: it may stand for another site of the same operator (Encrypted Client Hello)"];
}

const SOURCES: Readonly<Record<NameSource, string>> = {
  tls: "read from the TLS hello",
  quic: "read from the QUIC hello",
  http: "read from the HTTP request",
  dns: "from a DNS answer that this computer got for the address",
  mdns: "announced on the local network (mDNS)",
  hosts: "from this computer's hosts file",
  reverse: "from a reverse look-up of the address",
};
