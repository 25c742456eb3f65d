/** The protocol that a port is registered for, in the names that first bytes give. */

import type { SpokenProtocol } from "../model/naming.ts";
import type { Services } from "./services.ts";

const UDP = 17;
const EPHEMERAL = 32_768; // Linux hands out ports from here on; a service registered above it says nothing
const WELL_KNOWN = 1024; // RFC 6335 section 6: system ports

/** What the services file calls otherwise than we do; behind the slash what runs inside. */
const OUR_NAMES: Readonly<Record<string, string>> = {
  domain: "dns",
  "domain-s": "tls/dot",
  https: "tls",
  "http-alt": "http",
  ipp: "http/ipp",
  imap2: "imap",
  imaps: "tls/imap",
  pop3s: "tls/pop3",
  submission: "smtp",
  submissions: "tls/smtp",
  urd: "tls/smtp",
  ssmtp: "tls/smtp",
  ldaps: "tls/ldap",
  ftps: "tls/ftp",
  bootps: "dhcp",
  bootpc: "dhcp",
  "dhcpv6-client": "dhcpv6",
  "dhcpv6-server": "dhcpv6",
  isakmp: "ike",
  "microsoft-ds": "smb",
  "ms-wbt-server": "rdp",
  sunrpc: "rpc/portmap",
  nfs: "rpc/nfs",
  "snmp-trap": "snmp",
  "radius-acct": "radius",
  "xmpp-client": "xmpp",
  "xmpp-server": "xmpp",
  ircd: "irc",
  "ircs-u": "tls/irc",
  "secure-mqtt": "tls/mqtt",
  "mqtt-tls": "tls/mqtt",
  amqps: "tls/amqp",
  "sip-tls": "tls/sip",
};

/** Every flow of these can be told by its first bytes; others with bytes that say nothing keep their port's name. */
const RECOGNISABLE = new Set(
  "tls http dns mdns llmnr ssh smtp imap pop3 ftp mysql postgresql redis amqp mqtt smb rdp ldap kerberos xmpp irc sip rtsp dhcp dhcpv6 ntp snmp ssdp quic git rpc ike radius netbios-ns tftp syslog".split(
    " ",
  ),
);

/** undefined where neither port is registered below the ports that clients get. */
export function guessByPort(
  flow: { protocol: number; localPort: number; remotePort: number },
  services: Services,
): SpokenProtocol | undefined {
  const carrier = flow.protocol === 262 ? 6 : flow.protocol === 136 ? UDP : flow.protocol;
  const named = [flow.remotePort, flow.localPort]
    .filter((port) => port > 0 && port < EPHEMERAL)
    .map((port) => ({ port, service: services.nameOf(carrier, port) }))
    .filter(({ service }) => service !== undefined);
  // Both ends may have a registered number by chance; the one below 1024 needs privileges and is meant.
  const best = named.find(({ port }) => port < WELL_KNOWN) ?? named[0];
  if (best?.service === undefined) return undefined;
  const [name = best.service, inside] = ourName(best.service, carrier).split("/");
  return { name, inside, source: "port" };
}

/** Whether bytes that were not recognised speak against this name. */
export function isRecognisable(name: string): boolean {
  return RECOGNISABLE.has(name);
}

function ourName(service: string, carrier: number): string {
  const name = Object.hasOwn(OUR_NAMES, service) ? (OUR_NAMES[service] ?? service) : service;
  if (carrier !== UDP || !name.startsWith("tls")) return name;
  return name === "tls/dot" ? "quic/doq" : name.replace("tls", "quic");
}
