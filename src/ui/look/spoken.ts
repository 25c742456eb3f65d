/** What is spoken on a connection, as people write it (pure). */

import type { SpokenProtocol } from "../../model/naming.ts";

/** "TLS · h2"; a guess by the port has a "?". */
export function spokenText({ name, inside, source }: SpokenProtocol): string {
  const said = [protocolName(name), ...(inside === undefined ? [] : [inside])].join(" · ");
  return source === "port" ? `${said}?` : said;
}

export function spokenTitle({ source }: SpokenProtocol): string {
  return source === "bytes"
    ? "recognised by its first bytes"
    : "a guess by its port: its first bytes were not seen, or say nothing";
}

/** "SSH", "PostgreSQL"; one that nobody knows stays as it is. */
export function protocolName(name: string): string {
  // Of traffic that nobody recognised the protocol below is known.
  if (name.startsWith("other ")) return `other ${name.slice("other ".length).toUpperCase()}`;
  return NAMES[name] ?? (name.length <= 5 ? name.toUpperCase() : name);
}

const NAMES: Readonly<Record<string, string>> = {
  bittorrent: "BitTorrent",
  dhcpv6: "DHCPv6",
  git: "Git",
  http2: "HTTP/2",
  icmpv6: "ICMPv6",
  kerberos: "Kerberos",
  mdns: "mDNS",
  memcached: "Memcached",
  mongodb: "MongoDB",
  mysql: "MySQL",
  "netbios-ns": "NetBIOS names",
  "netbios-ssn": "NetBIOS",
  openvpn: "OpenVPN",
  postgresql: "PostgreSQL",
  radius: "RADIUS",
  redis: "Redis",
  syslog: "syslog",
  wireguard: "WireGuard",
};
