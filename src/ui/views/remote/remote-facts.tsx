/** What is known of a remote, as a list of terms: names with where they are from, network, country, organisation. */

import type { ReactNode } from "react";
import type { HostName, NetworkOf } from "../../../model/naming.ts";
import type { Connection } from "../../../model/sample.ts";
import { isProbable, sourceText } from "../../look/host-words.ts";
import { organisationText, placeText } from "../../look/place.ts";
import { spokenText } from "../../look/spoken.ts";
import { Credits } from "../../parts/credits.tsx";
import { Link } from "../../router/router.tsx";
import { countryPath, hostPath, networkPath, remotePath } from "../../router/routes.ts";

/** More of a kind than one reads. */
const SAID = 12;

export function RemoteFacts({ connections }: { readonly connections: readonly Connection[] }) {
  const hosts = new Map<string, HostName>();
  for (const { host } of connections) {
    if (host !== undefined && !hosts.has(host.name)) hosts.set(host.name, host);
  }
  const others = unique(connections.flatMap(({ host }) => host?.alternatives ?? []));
  const networks = connections.map(({ network }) => network);
  const facts: (readonly [term: string, values: readonly ReactNode[]])[] = [
    ["Name", [...hosts.values()].map((host) => <Name key={host.name} host={host} />)],
    ["Also seen for it", others.filter((name) => !hosts.has(name)).map(hostLink)],
    ["Address", unique(connections.map((row) => row.remoteAddress)).map(addressLink)],
    ["Where", onceEach(networks, placeText, countryLink)],
    ["Organisation", onceEach(networks, organisationText, networkLink)],
    ["Protocol", unique(connections.map(({ spoken }) => spoken && spokenText(spoken)))],
    ["Port", unique(connections.map(({ remotePort }) => remotePort?.toString()))],
  ];
  const known = facts.filter(([, values]) => values.length > 0);
  if (known.length === 0) return <p className="quiet">Nothing without a connection.</p>;
  return (
    <>
      <dl className="facts long">
        {known.map(([term, values]) => (
          <div key={term}>
            <dt>{term}</dt>
            {values.slice(0, SAID).map((value, at) => (
              <dd key={typeof value === "string" ? value : at}>{value}</dd>
            ))}
            {values.length > SAID ? (
              <dd className="quiet">and {values.length - SAID} more</dd>
            ) : null}
          </div>
        ))}
      </dl>
      {networks.some((network) => network?.kind === "public") ? <Credits /> : null}
    </>
  );
}

function Name({ host }: { readonly host: HostName }) {
  return (
    <>
      {hostLink(host.name)}{" "}
      <small>
        {isProbable(host) ? "probably; may be another site of its operator; " : ""}
        {sourceText(host)}
      </small>
    </>
  );
}

function hostLink(name: string): ReactNode {
  return (
    <Link key={name} href={hostPath(name)}>
      <bdi>{name}</bdi>
    </Link>
  );
}

function addressLink(address: string): ReactNode {
  return (
    <Link key={address} href={remotePath(address)}>
      {address}
    </Link>
  );
}

/** A link where there is a view for it. */
function onceEach(
  networks: readonly (NetworkOf | undefined)[],
  textOf: (network: NetworkOf | undefined) => string | undefined,
  pathOf: (network: NetworkOf) => string | undefined,
): ReactNode[] {
  const found = new Map<string, ReactNode>();
  for (const network of networks) {
    const text = textOf(network);
    if (network === undefined || text === undefined || found.has(text)) continue;
    const href = pathOf(network);
    found.set(
      text,
      href === undefined ? (
        text
      ) : (
        <Link key={text} href={href}>
          <bdi>{text}</bdi>
        </Link>
      ),
    );
  }
  return [...found.values()];
}

function countryLink({ kind, country }: NetworkOf): string | undefined {
  return kind === "public" && country !== undefined ? countryPath(country) : undefined;
}

function networkLink({ asn }: NetworkOf): string | undefined {
  return asn === undefined ? undefined : networkPath(asn);
}

function unique(values: readonly (string | undefined)[]): string[] {
  return [...new Set(values.filter((value) => value !== undefined))];
}
