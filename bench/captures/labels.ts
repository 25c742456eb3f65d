// What nDPI calls the flows of a capture, by content alone (ndpiReader -d), in our names.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CapturedFlow } from "./flows.ts";

/** nDPI's name of the outer protocol, and ours. What is missing here has no counterpart in our list. */
const OUR_NAMES: Readonly<Record<string, string>> = {
  HTTP: "http",
  HTTP_Proxy: "http",
  HTTP_Connect: "http",
  WebSocket: "http",
  OCSP: "http",
  TLS: "tls",
  DoH_DoT: "tls",
  IMAPS: "tls",
  SMTPS: "tls",
  POPS: "tls",
  FTPS: "tls",
  QUIC: "quic",
  GQUIC: "quic",
  DNS: "dns",
  MDNS: "mdns",
  LLMNR: "llmnr",
  SSDP: "ssdp",
  SSH: "ssh",
  SMTP: "smtp",
  IMAP: "imap",
  POP3: "pop3",
  FTP_CONTROL: "ftp",
  BitTorrent: "bittorrent",
  MQTT: "mqtt",
  PostgreSQL: "postgresql",
  MySQL: "mysql",
  Redis: "redis",
  MongoDB: "mongodb",
  Memcached: "memcached",
  AMQP: "amqp",
  RTP: "rtp",
  RTCP: "rtcp",
  STUN: "stun",
  DTLS: "dtls",
  WireGuard: "wireguard",
  OpenVPN: "openvpn",
  IPSec: "ike",
  NTP: "ntp",
  DHCP: "dhcp",
  DHCPV6: "dhcpv6",
  SIP: "sip",
  RTSP: "rtsp",
  RDP: "rdp",
  VNC: "vnc",
  SMBv1: "smb",
  SMBv23: "smb",
  LDAP: "ldap",
  Kerberos: "kerberos",
  SNMP: "snmp",
  Syslog: "syslog",
  NFS: "rpc",
  Git: "git",
  IRC: "irc",
  Jabber: "xmpp",
  TFTP: "tftp",
  Radius: "radius",
};

export interface Label {
  /** nDPI's own words: "TLS.Netflix". */
  readonly ndpi: string;
  /** undefined: it has no name of ours. */
  readonly ours: string | undefined;
}

/** By `labelKey` of a flow; the first flow where ports are used again. */
export function labelsOf(capture: string): Map<string, Label> {
  const folder = mkdtempSync(join(tmpdir(), "labels-"));
  try {
    const file = join(folder, "flows.csv");
    spawnSync("ndpiReader", ["-q", "-d", "-i", capture, "-C", file], { timeout: 60_000 });
    return parse(readFileSync(file, "utf8"));
  } catch {
    return new Map();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function labelKey(flow: CapturedFlow): string {
  return key(flow.protocol, flow.local.port, flow.remote.port);
}

// Ports, not addresses: nDPI writes those of IPv6 in another form, and ports hardly meet by chance in one capture.
function key(protocol: number, a: number, b: number): string {
  return `${protocol} ${Math.min(a, b)} ${Math.max(a, b)}`;
}

function parse(csv: string): Map<string, Label> {
  const [head = "", ...lines] = csv.split("\n");
  const columns = head.replace("#", "").split(",");
  const at = (name: string) => columns.indexOf(name);
  const labels = new Map<string, Label>();
  for (const line of lines) {
    const cells = line.split(",");
    const ndpi = cells[at("ndpi_proto")];
    if (ndpi === undefined) continue;
    const of = (name: string) => Number(cells[at(name)]);
    const id = key(of("protocol"), of("src_port"), of("dst_port"));
    const [outer = ""] = ndpi.split(".");
    if (!labels.has(id)) labels.set(id, { ndpi, ours: OUR_NAMES[outer] });
  }
  return labels;
}
