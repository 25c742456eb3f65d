/** Filter expressions: `app:firefox port:443 rate:>1mbit`. The command line, the API and the page have the same.
 *
 * Terms stand beside each other and must all fit; `-` before one turns it round; a comma in a value means "or"; a value
 * with blanks stands in quotes. A word without a field is looked for in every text, as people type it into a search. */

import { parseAddress, parseNetwork } from "./address.ts";
import { countryName } from "./country.ts";
import { MonitauriError } from "./error.ts";
import { parseDuration } from "./format.ts";
import type { PsRow } from "./monitauri.ts";
import type { HostName, NetworkOf, SpokenProtocol } from "./naming.ts";
import { parseRate } from "./rate.ts";
import type { Connection } from "./sample.ts";

export const MAX_FILTER_LENGTH = 1_000;

/** Names of the fields, for help and completion. */
export function filterFields(): readonly { readonly name: string; readonly example: string }[] {
  return [...FIELDS].map(([name, { example }]) => ({ name, example }));
}

/** What a filter looks at. What a thing does not have fits no term. */
export interface Filterable {
  readonly application: string;
  readonly key: string;
  readonly path?: string | null | undefined;
  readonly pids: readonly number[];
  readonly user?: string | null | undefined;
  readonly container?: string | null | undefined;
  readonly unit?: string | null | undefined;
  readonly interfaces: readonly string[];
  readonly protocol?: string;
  readonly state?: string | undefined;
  readonly localAddress?: string;
  readonly localPort?: number;
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  readonly totalBytes: number;
  readonly rttMs?: number | undefined;
  readonly retransmits?: number | undefined;
  /** Addresses of the other ends, where there are several. */
  readonly remoteAddresses?: readonly string[];
  /** Names of the other end. */
  readonly hosts?: readonly string[];
  /** Where it is; asked for only by a filter that looks at it. */
  readonly networks?: () => readonly NetworkOf[];
  /** "tls", "h2". */
  readonly spoken?: readonly string[];
}

export type Filter = (thing: Filterable) => boolean;

/** @throws MonitauriError "invalid" that names the term and what could stand there. */
export function parseFilter(expression: string): Filter {
  if (expression.length > MAX_FILTER_LENGTH) {
    throw new MonitauriError("invalid", `A filter has ${MAX_FILTER_LENGTH} characters at most`);
  }
  const terms = [...expression.matchAll(TERM)].map(([term]) => parseTerm(term));
  return (thing) => terms.every((fits) => fits(thing));
}

/** Where an address is, for those whose rows do not say it themselves. */
type LookUp = (address: string) => NetworkOf | undefined;

export function connectionFacts(connection: Connection, networkOf?: LookUp): Filterable {
  const { applicationKey, pid, total, host, spoken, network, ...same } = connection;
  return {
    ...same,
    hosts: namesIn([host]),
    spoken: spokenIn([spoken]),
    networks: () => [network ?? networkOf?.(same.remoteAddress ?? "")].filter(isKnown),
    key: applicationKey,
    pids: pid === undefined ? [] : [pid],
    interfaces: connection.interface === undefined ? [] : [connection.interface],
    totalBytes: total.rxBytes + total.txBytes,
  };
}

export function psFacts(row: PsRow, networkOf?: LookUp): Filterable {
  const { container, rxBytes, txBytes, ends } = row;
  return {
    ...row,
    remoteAddresses: ends.map(({ address }) => address),
    hosts: namesIn(ends.map(({ host }) => host)),
    spoken: spokenIn(ends.map(({ spoken }) => spoken)),
    networks: () => ends.map((end) => end.network ?? networkOf?.(end.address)).filter(isKnown),
    container: container === null ? null : `${container.name ?? ""} ${container.id}`,
    interfaces: row.interfaces.map(({ name }) => name),
    totalBytes: rxBytes + txBytes,
  };
}

function namesIn(hosts: readonly (HostName | undefined)[]): string[] {
  return hosts.filter(isKnown).flatMap(({ name, alternatives }) => [name, ...alternatives]);
}

function spokenIn(all: readonly (SpokenProtocol | undefined)[]): string[] {
  return all.filter(isKnown).flatMap(({ name, inside }) => [name, inside ?? ""]);
}

function isKnown<T>(value: T | undefined): value is T {
  return value !== undefined;
}

/** Blanks end a term unless they are quoted. */
const TERM = /(?:[^\s"]|"[^"]*"?)+/g;

function parseTerm(term: string): Filter {
  const negated = /^[-!]./.test(term);
  const rest = negated ? term.slice(1) : term;
  const colon = rest.indexOf(":");
  const name = colon < 0 ? "" : rest.slice(0, colon).toLowerCase();
  const field = colon > 0 && !rest.startsWith('"') ? FIELDS.get(name) : undefined;
  const fits = field === undefined ? wordFilter(rest, name) : parseField(field, { name, rest });
  return negated ? (thing) => !fits(thing) : fits;
}

// An IPv6 address has colons too, and "key:" is how keys of applications begin: those are words.
function wordFilter(rest: string, name: string): Filter {
  if (/^[a-z]+$/.test(name) && !KEY_KINDS.has(name) && parseAddress(rest) === undefined) {
    throw new MonitauriError(
      "invalid",
      `Cannot filter by "${name}": it is no field. Fields: ${[...FIELDS.keys()].join(", ")}`,
    );
  }
  const word = unquoted(rest).toLowerCase();
  return (thing) => textsOf(thing).some((text) => text.toLowerCase().includes(word));
}

const KEY_KINDS = new Set(["path", "script", "container", "unit", "name", "remainder"]);

function parseField(field: Field, { name, rest }: { name: string; rest: string }): Filter {
  const values = unquoted(rest.slice(name.length + 1)).split(",");
  if (values.some((value) => value.trim() === "")) throw noValue(name, field.example);
  const any = values.map((value) => {
    const fits = field.parse(value.trim());
    if (fits === undefined) throw noValue(name, field.example);
    return fits;
  });
  return (thing) => any.some((fits) => fits(thing));
}

function noValue(name: string, example: string): MonitauriError {
  return new MonitauriError("invalid", `Cannot filter by "${name}": write it as ${example}`);
}

interface Field {
  readonly example: string;
  parse(value: string): Filter | undefined;
}

const APPLICATION = textField("app:firefox", ({ application, key }) => [application, key]);
const REMOTE = addressField("remote:10.0.0.0/8 or remote:example.org", (thing) => [
  thing.remoteAddress,
  ...(thing.remoteAddresses ?? []),
  ...(thing.hosts ?? []),
]);
const ORGANISATION = textField("org:hetzner", ({ networks }) =>
  (networks?.() ?? []).map(({ organisation }) => organisation),
);
const INTERFACE = textField("if:eth0", ({ interfaces }) => interfaces);
const DOWN = numberField("down:>1mbit", {
  read: parseRate,
  of: ({ rxBytesPerSecond }) => [rxBytesPerSecond],
});
const UP = numberField("up:>1mbit", {
  read: parseRate,
  of: ({ txBytesPerSecond }) => [txBytesPerSecond],
});

const FIELDS: ReadonlyMap<string, Field> = new Map(
  Object.entries({
    app: APPLICATION,
    application: APPLICATION,
    path: textField("path:/usr/bin", ({ path }) => [path]),
    pid: numberField("pid:1234", { read: plainNumber, of: ({ pids }) => pids }),
    user: textField("user:ada", ({ user }) => [user]),
    container: textField("container:web", ({ container }) => [container]),
    unit: textField("unit:ssh.service", ({ unit }) => [unit]),
    if: INTERFACE,
    interface: INTERFACE,
    proto: textField("proto:udp or proto:ssh", ({ protocol, spoken = [] }) => [
      protocol,
      ...spoken,
    ]),
    state: textField("state:established", ({ state }) => [state]),
    port: numberField("port:443 or port:8000-8999", {
      read: plainNumber,
      of: ({ localPort, remotePort }) => [localPort, remotePort],
    }),
    lport: numberField("lport:22", { read: plainNumber, of: ({ localPort }) => [localPort] }),
    rport: numberField("rport:443", { read: plainNumber, of: ({ remotePort }) => [remotePort] }),
    remote: REMOTE,
    host: REMOTE,
    country: { example: "country:DE or country:germany or country:private", parse: countryFilter },
    asn: numberField("asn:64500", {
      read: (text) => plainNumber(text.replace(/^as/i, "")),
      of: ({ networks }) => (networks?.() ?? []).map(({ asn }) => asn),
    }),
    org: ORGANISATION,
    organisation: ORGANISATION,
    local: addressField("local:192.168.1.2", ({ localAddress }) => [localAddress]),
    rate: numberField("rate:>1mbit", {
      read: parseRate,
      of: ({ rxBytesPerSecond, txBytesPerSecond }) => [rxBytesPerSecond + txBytesPerSecond],
    }),
    down: DOWN,
    rx: DOWN,
    up: UP,
    tx: UP,
    total: numberField("total:>10MB", { read: parseRate, of: ({ totalBytes }) => [totalBytes] }),
    rtt: numberField("rtt:>50ms", { read: parseDuration, of: ({ rttMs }) => [rttMs] }),
    retransmits: numberField("retransmits:>0", {
      read: plainNumber,
      of: ({ retransmits }) => [retransmits],
    }),
  }),
);

function textField(
  example: string,
  of: (thing: Filterable) => readonly (string | null | undefined)[],
): Field {
  return {
    example,
    parse(value) {
      const wanted = value.toLowerCase();
      // "if:=lo" is that text and no other: "wlo1" has "lo" in it.
      if (wanted.startsWith("=")) return (thing) => of(thing).includes(value.slice(1));
      return (thing) => of(thing).some((text) => text?.toLowerCase().includes(wanted) ?? false);
    },
  };
}

/** A code, a name or a part of it, or the kind of network that is in no country; "unknown" where nobody knows. */
function countryFilter(value: string): Filter {
  const wanted = value.toLowerCase();
  const fits = ({ kind, country }: NetworkOf) => {
    if (country === undefined) return wanted === (kind === "public" ? "unknown" : kind);
    if (wanted.length === 2) return country.toLowerCase() === wanted;
    return countryName(country).toLowerCase().includes(wanted);
  };
  return ({ networks }) => (networks?.() ?? []).some(fits);
}

function addressField(
  example: string,
  of: (thing: Filterable) => readonly (string | undefined)[],
): Field {
  return {
    example,
    parse(value) {
      const wanted = value.toLowerCase();
      if (!value.includes("/")) return (thing) => of(thing).some((text) => text?.includes(wanted));
      const isInside = parseNetwork(value);
      if (isInside === undefined) return undefined;
      return (thing) =>
        of(thing).some((text) => {
          const address = parseAddress(text ?? "");
          return address !== undefined && isInside(address);
        });
    },
  };
}

interface Numbers {
  read(text: string): number | undefined;
  of(thing: Filterable): readonly (number | undefined)[];
}

function numberField(example: string, { read, of }: Numbers): Field {
  return {
    example,
    parse(value) {
      const fits = comparison(value, read);
      if (fits === undefined) return undefined;
      return (thing) => of(thing).some((number) => number !== undefined && fits(number));
    },
  };
}

function comparison(
  value: string,
  read: (text: string) => number | undefined,
): ((number: number) => boolean) | undefined {
  const [, operator = "", operand = ""] = /^(>=|<=|>|<|=)?(.*)$/.exec(value) ?? [];
  const [, low = "", high = ""] = /^([^-]+)-([^-]+)$/.exec(operand) ?? [];
  if (operator === "" && low !== "") {
    const from = read(low);
    const to = read(high);
    if (from === undefined || to === undefined) return undefined;
    return (number) => number >= from && number <= to;
  }
  const limit = read(operand);
  if (limit === undefined) return undefined;
  switch (operator) {
    case ">":
      return (number) => number > limit;
    case ">=":
      return (number) => number >= limit;
    case "<":
      return (number) => number < limit;
    case "<=":
      return (number) => number <= limit;
    default:
      return (number) => number === limit;
  }
}

function plainNumber(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}

function textsOf(thing: Filterable): string[] {
  const { application, path, user, container, unit, protocol, state } = thing;
  const { localAddress, remoteAddress, localPort, remotePort } = thing;
  const texts = [application, path, user, container, unit, protocol, state];
  const ends = [
    localAddress === undefined ? undefined : `${localAddress}:${localPort}`,
    remoteAddress === undefined ? undefined : `${remoteAddress}:${remotePort}`,
  ];
  const { pids, remoteAddresses = [], hosts = [], spoken = [], networks } = thing;
  const organisations = (networks?.() ?? []).map(({ organisation }) => organisation);
  const named = [...remoteAddresses, ...hosts, ...spoken, ...organisations];
  const all = [...texts, ...ends, ...pids.map(String), ...named];
  return all.filter((text) => typeof text === "string");
}

function unquoted(text: string): string {
  return text.replaceAll('"', "");
}
