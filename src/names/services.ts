/** What the system calls a port, from its services file, and which daemon usually waits behind a local one. */

import { closeSync, openSync, readSync } from "node:fs";

const SERVICES_FILE = "/etc/services";
const MAX_FILE_BYTES = 1 << 20; // Debian's has 13 kB, the whole registry 700 kB; the rest is not read
const MAX_SERVICES = 20_000; // the first ones are kept
const LINE = /^([a-zA-Z\d][a-zA-Z\d._+-]{0,31})[ \t]+(\d{1,5})\/(tcp|udp|sctp|dccp)(?:[ \t#]|$)/;
const NUMBERS: Readonly<Record<string, number>> = { tcp: 6, udp: 17, dccp: 33, sctp: 132 };

export interface Services {
  /** "https" for 443 over TCP (6); undefined where the file has none. */
  readonly nameOf: (protocol: number, port: number) => string | undefined;
  readonly size: number;
}

/** The system's services; the most common ones where there is no such file, or nothing in it. */
export function readServices(path = SERVICES_FILE): Services {
  const services = parseServices(readStart(path));
  return services.size > 0 ? services : parseServices(COMMON);
}

/** services(5): name, port and protocol of each line, the first one for a port; everything else is passed over. */
export function parseServices(text: string): Services {
  const names = new Map<number, string>();
  for (const line of text.split("\n")) {
    const [, name, port, protocol] = LINE.exec(line) ?? [];
    const number = NUMBERS[protocol ?? ""];
    if (name === undefined || number === undefined || Number(port) > 65_535) continue;
    const key = number * 65_536 + Number(port);
    if (!names.has(key)) names.set(key, name.toLowerCase());
    if (names.size >= MAX_SERVICES) break;
  }
  return {
    nameOf: (protocol, port) => names.get(protocol * 65_536 + port),
    size: names.size,
  };
}

function readStart(path: string): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return ""; // a container without netbase
  }
  try {
    const buffer = Buffer.alloc(MAX_FILE_BYTES);
    return buffer.toString("latin1", 0, readSync(file, buffer, 0, MAX_FILE_BYTES, 0));
  } catch {
    return "";
  } finally {
    closeSync(file);
  }
}

const COMMON = [
  "ftp 21/tcp",
  "ssh 22/tcp",
  "telnet 23/tcp",
  "smtp 25/tcp",
  "domain 53/tcp",
  "domain 53/udp",
  "bootps 67/udp",
  "bootpc 68/udp",
  "tftp 69/udp",
  "http 80/tcp",
  "kerberos 88/tcp",
  "kerberos 88/udp",
  "pop3 110/tcp",
  "sunrpc 111/tcp",
  "sunrpc 111/udp",
  "ntp 123/udp",
  "netbios-ns 137/udp",
  "netbios-dgm 138/udp",
  "netbios-ssn 139/tcp",
  "imap2 143/tcp",
  "snmp 161/udp",
  "snmp-trap 162/udp",
  "ldap 389/tcp",
  "https 443/tcp",
  "https 443/udp",
  "microsoft-ds 445/tcp",
  "submissions 465/tcp",
  "isakmp 500/udp",
  "syslog 514/udp",
  "dhcpv6-client 546/udp",
  "dhcpv6-server 547/udp",
  "rtsp 554/tcp",
  "submission 587/tcp",
  "ipp 631/tcp",
  "ldaps 636/tcp",
  "domain-s 853/tcp",
  "domain-s 853/udp",
  "rsync 873/tcp",
  "imaps 993/tcp",
  "pop3s 995/tcp",
  "ms-sql-s 1433/tcp",
  "radius 1812/udp",
  "radius-acct 1813/udp",
  "mqtt 1883/tcp",
  "ssdp 1900/udp",
  "nfs 2049/tcp",
  "mysql 3306/tcp",
  "ms-wbt-server 3389/tcp",
  "ipsec-nat-t 4500/udp",
  "sip 5060/tcp",
  "sip 5060/udp",
  "xmpp-client 5222/tcp",
  "xmpp-server 5269/tcp",
  "mdns 5353/udp",
  "postgresql 5432/tcp",
  "amqp 5672/tcp",
  "redis 6379/tcp",
  "http-alt 8080/tcp",
  "git 9418/tcp",
].join("\n");
