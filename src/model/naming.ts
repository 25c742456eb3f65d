/** Who is on the other end and what is spoken, with where each fact comes from. */

/** Where a host name was read. */
export type NameSource =
  | "tls" // server name in a TLS Client Hello (RFC 6066)
  | "quic" // the same in a QUIC Initial (RFC 9001)
  | "http" // Host of a plain HTTP request
  | "dns" // an answer that this machine got for the address, RFC 1035
  | "mdns" // multicast DNS, RFC 6762
  | "hosts" // the system's hosts file
  | "reverse"; // asked for by us; off unless configured

export interface HostName {
  /** Lower case, without the last dot; international names in their ASCII form. */
  readonly name: string;
  readonly source: NameSource;
  /** Other names that the same source gave for the address and that could be meant as well; empty: it is certain. */
  readonly alternatives: readonly string[];
  /** It may be the open part of an Encrypted Client Hello (RFC 9849): then another site of the same operator is meant,
   * and which one cannot be known. */
  readonly mayBeCover?: boolean;
}

/** What kind of network an address is in. */
export type NetworkKind =
  | "loopback"
  | "link-local"
  | "private"
  | "shared" // carrier-grade NAT, RFC 6598
  | "multicast"
  | "documentation"
  | "reserved"
  | "public";

export interface NetworkOf {
  readonly kind: NetworkKind;
  /** ISO 3166-1 alpha-2, upper case; undefined: not known. */
  readonly country: string | undefined;
  /** Number of the autonomous system. */
  readonly asn: number | undefined;
  /** Its organisation. */
  readonly organisation: string | undefined;
}

/** What a flow's first bytes, or else its port, say is spoken. */
export interface SpokenProtocol {
  /** "tls", "http", "http2", "quic", "dns", "ssh", ...; lower case and stable. */
  readonly name: string;
  /** What runs inside, where the protocol says so: the ALPN of TLS and QUIC ("h2", "h3", "imap"). */
  readonly inside: string | undefined;
  /** bytes: recognised by its content; port: guessed from the port's registered service. */
  readonly source: "bytes" | "port";
}

/** What is known of a flow beside its addresses. */
export interface FlowFacts {
  readonly host: HostName | undefined;
  readonly spoken: SpokenProtocol | undefined;
}

/** Facts that became known of a flow: FlowTable.index and serial say of which. */
export interface LearnedFacts {
  readonly index: number;
  readonly serial: number;
  readonly facts: FlowFacts;
}

/** Data of others that is shown: what its licence wants to be said. */
export interface DataCredit {
  /** "country" or "asn": what is taken from it. */
  readonly gives: string;
  /** Name and version of what it came in. */
  readonly package: string;
  /** When the data was collected, wall clock. */
  readonly collectedAtMs: number;
  /** What has to be written, and where it links to. */
  readonly credit: string;
  readonly link: string;
  /** SPDX identifier. */
  readonly licence: string;
}
