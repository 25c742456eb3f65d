/** Protocols in which people could type: SSH, mail, FTP, IRC, XMPP, VNC, Git, Redis, Memcached, syslog. */

import {
  bothWays,
  eitherWay,
  type FirstBytes,
  type FirstPayload,
  latin1,
  u8,
  u16,
  usesPort,
} from "./first-bytes.ts";
import type { Recogniser } from "./recogniser.ts";

// RFC 4253 section 4.2; 1.99 is a server that also speaks version 1.
const SSH = /^SSH-(?:2\.0|1\.99|1\.\d)-[\x20-\x7e]{1,250}[\r\n]/;
// RFC 5321 section 4.1.1.1.
const SMTP_COMMAND = /^(?:EHLO|HELO|LHLO) [\x21-\x7e]{1,255}[ \t]*\r?\n/i;
// RFC 5321 section 4.3.1 and RFC 959 section 5.4 share the number, so the rest of the line has to say more.
const GREETING = /^220[ -][^\r\n]{0,500}\r?\n/;
const SMTP_GREETING = /^220[ -][^\r\n]{1,255}\bE?SMTPS?\b/i;
const FTP_GREETING = /^220[ -][^\r\n]{0,400}\bs?FTPd?\b/i;
const FTP_COMMAND =
  /^(?:USER [^\s:]{1,200}|AUTH (?:TLS|SSL|GSSAPI)(?:-[CP])?|FEAT|SYST|OPTS [^\r\n]{1,80})\r?\n/i;
// RFC 1939 section 4.
const POP3_GREETING = /^\+OK[^\r\n]{0,500}\r?\n/;
const POP3_COMMAND =
  /^(?:CAPA|STLS|USER [^\r\n]{1,200}|APOP \S{1,200} [\da-f]{32}|AUTH(?: [A-Z\d-]{3,20})?(?: \S{1,200})?|QUIT)\r?\n/i;
// RFC 9051 section 7.1 and 6.
const IMAP_GREETING = /^\* (?:OK|PREAUTH) (?=[^\r\n]*\bIMAP)[^\r\n]{1,1000}\r?\n/i;
const IMAP_ANY_GREETING = /^\* (?:OK|PREAUTH|BYE)[^\r\n]{0,1000}\r?\n/i;
const IMAP_COMMAND =
  /^[A-Za-z\d.]{1,16} (?:CAPABILITY|STARTTLS|LOGIN \S[^\r\n]{1,500}|AUTHENTICATE [A-Z\d-]{3,20}[^\r\n]{0,500}|ID (?:NIL|\([^\r\n]{0,500})|NOOP|LOGOUT)\r?\n/i;
// RFC 2812 section 3.1, IRCv3 capability negotiation.
const IRC_COMMAND =
  /^(?:CAP (?:LS(?: 30\d)?|REQ :[^\r\n]{1,400})|(?:PASS [^\r\n]{1,200}\r?\n)?NICK :?[A-Za-z[\]\\`_^{|}][^\s]{0,60}|USER \S{1,60} \S{1,60} \S{1,255} :[^\r\n]{0,255})\r?\n/;
const IRC_GREETING = /^(?::[\w.:-]{1,255} )?NOTICE (?:AUTH|\*) :[^\r\n]{1,400}\r?\n/;
// RFC 6120 section 4.
const XMPP = /^(?:\s*<\?xml[^>]{1,80}\?>\s*)?<stream:stream\s[^>]{0,1500}/;
const XMPP_NAMESPACE = /["'](?:jabber:(?:client|server)|http:\/\/etherx\.jabber\.org\/streams)["']/;
// RFC 6143 section 7.1.1.
const VNC = /^RFB 00[34]\.\d{3}\n$/;
// gitprotocol-pack(5): the length of the line in four hexadecimal digits, counting themselves.
const GIT = /^([\da-f]{4})git-(?:upload-pack|receive-pack|upload-archive) [^\0]{1,1000}\0/;
// RESP: an array of counted strings, the first one a command.
const REDIS = /^\*([1-9]\d{0,3})\r\n\$([1-9]\d?)\r\n([A-Za-z.]{2,40})\r\n/;
// protocol.txt of memcached.
const MEMCACHED_COMMAND =
  /^(?:gets? [\x21-\x7e]{1,250}(?: [\x21-\x7e]{1,250}){0,9}|(?:set|add|replace|append|prepend) [\x21-\x7e]{1,250} \d{1,10} -?\d{1,10} \d{1,8}(?: noreply)?|stats(?: [a-z]{1,20})?|version|m[gsda] [\x21-\x7e]{1,250}[^\r\n]{0,100})\r\n/;
const MEMCACHED_ANSWER =
  /^(?:VALUE [\x21-\x7e]{1,250} \d{1,10} \d{1,8}(?: \d+)?|STAT \w{1,60} [^\r\n]{1,200}|VERSION \d[^\r\n]{0,60}|STORED|NOT_STORED|END|HD[^\r\n]{0,100}|EN)\r\n/;
// RFC 5424 section 6 and RFC 3164 section 4: priority, then a version and a time stamp, or a month and a day.
const SYSLOG =
  /^(?:\d{1,5} )?<(\d{1,3})>(?:1 (?:-|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]\d \d\d:\d\d:\d\d )/;
const SYSLOG_ON_ITS_PORT = /^(?:\d{1,5} )?<(\d{1,3})>[\x20-\x7e]{4}/;

export const TEXT: readonly Recogniser[] = [
  { name: "ssh", over: "tcp", test: (flow) => eitherWay(flow, ({ text }) => SSH.test(text)) },
  { name: "smtp", over: "tcp", test: smtp },
  { name: "ftp", over: "tcp", test: ftp },
  { name: "redis", over: "tcp", test: redis },
  { name: "pop3", over: "tcp", test: pop3 },
  { name: "imap", over: "tcp", test: imap },
  { name: "irc", over: "tcp", test: irc },
  { name: "xmpp", over: "tcp", test: (flow) => eitherWay(flow, isXmpp) },
  { name: "vnc", over: "tcp", test: (flow) => eitherWay(flow, ({ text }) => VNC.test(text)) },
  { name: "git", over: "tcp", test: (flow) => eitherWay(flow, isGit) },
  { name: "memcached", over: "both", test: memcached },
  { name: "syslog", over: "both", test: syslog },
];

function smtp(flow: FirstBytes): boolean {
  if (eitherWay(flow, ({ text }) => SMTP_COMMAND.test(text))) return true;
  return eitherWay(flow, ({ text }) => {
    if (!GREETING.test(text) || FTP_GREETING.test(text)) return false;
    return SMTP_GREETING.test(text) || usesPort(flow, 25, 587);
  });
}

function ftp(flow: FirstBytes): boolean {
  const isGreeting = ({ text }: FirstPayload) => GREETING.test(text);
  if (bothWays(flow, ({ text }) => FTP_COMMAND.test(text), isGreeting)) return true;
  return eitherWay(flow, (one) => {
    if (!isGreeting(one)) return false;
    return FTP_GREETING.test(one.text) || usesPort(flow, 21);
  });
}

function pop3(flow: FirstBytes): boolean {
  const isGreeting = ({ text }: FirstPayload) => POP3_GREETING.test(text);
  if (bothWays(flow, ({ text }) => POP3_COMMAND.test(text), isGreeting)) return true;
  return eitherWay(flow, (one) => {
    if (!isGreeting(one)) return false;
    return /\bPOP3?\b/i.test(one.text.slice(0, 500)) || usesPort(flow, 110);
  });
}

function imap(flow: FirstBytes): boolean {
  if (eitherWay(flow, ({ text }) => IMAP_GREETING.test(text))) return true;
  const isCommand = ({ text }: FirstPayload) => IMAP_COMMAND.test(text);
  if (bothWays(flow, isCommand, ({ text }) => IMAP_ANY_GREETING.test(text))) return true;
  return usesPort(flow, 143) && eitherWay(flow, ({ text }) => IMAP_ANY_GREETING.test(text));
}

function irc(flow: FirstBytes): boolean {
  return eitherWay(flow, ({ text }) => IRC_COMMAND.test(text) || IRC_GREETING.test(text));
}

function isXmpp({ text }: FirstPayload): boolean {
  return text.includes("<stream:stream") && XMPP.test(text) && XMPP_NAMESPACE.test(text);
}

function isGit({ text, payloadBytes }: FirstPayload): boolean {
  const [, digits] = GIT.exec(text) ?? [];
  return digits !== undefined && Number.parseInt(digits, 16) <= payloadBytes;
}

function redis(flow: FirstBytes): boolean {
  const isInline = ({ text }: FirstPayload) => text === "PING\r\n";
  if (bothWays(flow, isInline, ({ text }) => text.startsWith("+PONG\r\n"))) return true;
  return eitherWay(flow, ({ text }) => {
    const [, , length, command = ""] = REDIS.exec(text) ?? [];
    return Number(length) === command.length;
  });
}

function memcached(flow: FirstBytes): boolean {
  const command = flow.isUdp ? isFramedMemcached : isMemcachedCommand;
  const answer = ({ bytes, text }: FirstPayload) =>
    MEMCACHED_ANSWER.test(flow.isUdp ? behindFrame(bytes) : text);
  if (bothWays(flow, command, answer)) return true;
  if (flow.isUdp && eitherWay(flow, isFramedMemcached)) return true;
  return !flow.isUdp && bothWays(flow, isBinaryMemcached(0x80), isBinaryMemcached(0x81));
}

function isMemcachedCommand({ text }: FirstPayload): boolean {
  return MEMCACHED_COMMAND.test(text);
}

// Over UDP eight bytes go first: request, number of the packet (0), how many (1), zero.
function isFramedMemcached({ bytes }: FirstPayload): boolean {
  if (u16(bytes, 2) !== 0 || u16(bytes, 4) !== 1 || u16(bytes, 6) !== 0) return false;
  const text = behindFrame(bytes);
  return MEMCACHED_COMMAND.test(text) || MEMCACHED_ANSWER.test(text);
}

function behindFrame(bytes: Uint8Array): string {
  return latin1(bytes.subarray(8), 600);
}

// protocol_binary.txt: magic, command, lengths of key, extras and body, which has to hold both.
function isBinaryMemcached(magic: number): (one: FirstPayload) => boolean {
  return ({ bytes, payloadBytes }) => {
    if (u8(bytes, 0) !== magic || u8(bytes, 1) > 0x48 || u8(bytes, 5) !== 0) return false;
    const body = u16(bytes, 8) * 0x1_0000 + u16(bytes, 10);
    return u16(bytes, 2) + u8(bytes, 4) <= body && 24 + body <= payloadBytes;
  };
}

// Routers write what they like behind the priority; on its port that is enough.
function syslog(flow: FirstBytes): boolean {
  const form = usesPort(flow, 514) ? SYSLOG_ON_ITS_PORT : SYSLOG;
  return eitherWay(flow, (one) => isSyslog(one, form));
}

function isSyslog({ text }: FirstPayload, form: RegExp): boolean {
  const [, priority] = form.exec(text) ?? [];
  return priority !== undefined && Number(priority) <= 191;
}
