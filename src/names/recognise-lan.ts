/** What keeps a network running: DHCP, NTP, SNMP, TFTP, RADIUS. */

import { berElement } from "./ber.ts";
import {
  bothWays,
  eitherWay,
  type FirstBytes,
  type FirstPayload,
  has,
  latin1,
  sameBytes,
  u8,
  u16,
  u24,
  u32,
  usesPort,
} from "./first-bytes.ts";
import type { Recogniser } from "./recogniser.ts";

const DHCP_COOKIE = [0x63, 0x82, 0x53, 0x63];
const DHCPV6_PORTS = [546, 547];
const RADIUS_CODES = [1, 2, 3, 4, 5, 11];
/** One of these is in every request: User-Name, NAS-IP-Address, NAS-Identifier, NAS-IPv6-Address. */
const RADIUS_ASKING = [1, 4, 32, 95];
const TFTP = /^[\x20-\x7e]{1,255}\0(?:netascii|octet|mail)\0/i;

export const LAN: readonly Recogniser[] = [
  { name: "dhcp", over: "udp", test: (flow) => eitherWay(flow, isDhcp) },
  { name: "dhcpv6", over: "udp", test: dhcpv6 },
  { name: "ntp", over: "udp", test: ntp },
  { name: "snmp", over: "udp", test: (flow) => eitherWay(flow, isSnmp) },
  { name: "tftp", over: "udp", test: (flow) => eitherWay(flow, isTftp) || isTftpTransfer(flow) },
  { name: "radius", over: "udp", test: radius },
];

/** RFC 2131 section 2: a request or reply with a hardware address, and the magic cookie in front of the options. */
function isDhcp({ bytes }: FirstPayload): boolean {
  const operation = u8(bytes, 0);
  if ((operation !== 1 && operation !== 2) || u8(bytes, 2) > 16) return false;
  return has(bytes, 236, DHCP_COOKIE);
}

/** RFC 8415 section 8: on its ports, a message whose options reach exactly to the end. */
function dhcpv6(flow: FirstBytes): boolean {
  if (!usesPort(flow, ...DHCPV6_PORTS)) return false;
  return eitherWay(flow, ({ bytes, payloadBytes }) => {
    const type = u8(bytes, 0);
    if (type < 1 || type > 13 || bytes.length !== payloadBytes || u24(bytes, 1) < 0) return false;
    let at = type >= 12 ? 34 : 4;
    if (at + 4 > bytes.length) return false;
    while (at + 4 <= bytes.length) at += 4 + u16(bytes, at + 2);
    return at === bytes.length;
  });
}

/** RFC 5905 section 7.3: an answer that repeats the time of the question, or on port 123 one of both. */
function ntp(flow: FirstBytes): boolean {
  const { sent, received } = flow;
  if (bothWays(flow, isNtp(3), isNtp(4)) && sent !== undefined && received !== undefined) {
    const [asked, answer] = (u8(sent.bytes, 0) & 7) === 3 ? [sent, received] : [received, sent];
    if (sameBytes([asked.bytes, 40], [answer.bytes, 24], 8)) return true;
  }
  if (!usesPort(flow, 123)) return false;
  return eitherWay(
    flow,
    (one) => [1, 2, 3, 4, 5].some((mode) => isNtp(mode)(one)) || isControl(one),
  );
}

function isNtp(mode: number): (one: FirstPayload) => boolean {
  return ({ bytes, payloadBytes }) => {
    const version = (u8(bytes, 0) >> 3) & 7;
    if ((u8(bytes, 0) & 7) !== mode || version < 1 || version > 4) return false;
    if (payloadBytes < 48 || payloadBytes % 4 !== 0) return false;
    return u8(bytes, 1) <= 16; // stratum
  };
}

// Queries of ntpq (RFC 9327) and, in mode 7, of ntpdc.
function isControl({ bytes, payloadBytes }: FirstPayload): boolean {
  const mode = u8(bytes, 0) & 7;
  if (mode === 6) return payloadBytes >= 12 && 12 + u16(bytes, 10) <= payloadBytes;
  return mode === 7 && payloadBytes >= 8 && u8(bytes, 2) <= 3;
}

/** RFC 1157, RFC 3416 and RFC 3412 section 6: a sequence of the whole length, a version, and a PDU or a global header. */
function isSnmp({ bytes, payloadBytes }: FirstPayload): boolean {
  const outer = berElement(bytes, 0);
  if (outer?.tag !== 0x30 || outer.end !== payloadBytes) return false;
  if (!has(bytes, outer.start, [2, 1])) return false;
  const version = u8(bytes, outer.start + 2);
  const next = berElement(bytes, outer.start + 3);
  if (next === undefined) return false;
  if (version === 3) return next.tag === 0x30 && u8(bytes, next.start) === 2;
  if ((version !== 0 && version !== 1) || next.tag !== 4) return false;
  const pdu = berElement(bytes, next.end);
  if (pdu === undefined || pdu.tag < 0xa0 || pdu.tag > 0xa8) return false;
  return pdu.end === payloadBytes && [2, 6].includes(u8(bytes, pdu.start));
}

/** RFC 1350 section 5: a read or write request with a file's name and a mode. */
function isTftp({ bytes }: FirstPayload): boolean {
  const opcode = u16(bytes, 0);
  if (opcode !== 1 && opcode !== 2) return false;
  return TFTP.test(latin1(bytes.subarray(2), 300));
}

// The transfer is a flow of its own: a block and its acknowledgement of exactly four bytes, or the other way round.
function isTftpTransfer(flow: FirstBytes): boolean {
  const isData = ({ bytes, payloadBytes }: FirstPayload) =>
    has(bytes, 0, [0, 3, 0, 1]) && payloadBytes <= 1468;
  return bothWays(flow, isData, ({ bytes, payloadBytes }) => {
    return payloadBytes === 4 && has(bytes, 0, [0, 4, 0]) && u8(bytes, 3) <= 1;
  });
}

/** RFC 2865 section 3: a request of the whole length whose attributes reach to the end and say who asks. */
function radius(flow: FirstBytes): boolean {
  if (eitherWay(flow, (one) => isRadius(one) && [1, 4].includes(u8(one.bytes, 0)))) return true;
  return usesPort(flow, 1812, 1813, 1645, 1646) && eitherWay(flow, isRadius);
}

function isRadius({ bytes, payloadBytes }: FirstPayload): boolean {
  const code = u8(bytes, 0);
  if (!RADIUS_CODES.includes(code) || u16(bytes, 2) !== payloadBytes) return false;
  if (bytes.length !== payloadBytes || payloadBytes < 20 || u32(bytes, 4) < 0) return false;
  let asks = false;
  let at = 20;
  while (at + 2 <= bytes.length && u8(bytes, at + 1) >= 2) {
    asks ||= RADIUS_ASKING.includes(u8(bytes, at));
    at += u8(bytes, at + 1);
  }
  return at === bytes.length && (asks || code === 2 || code === 3 || code === 5 || code === 11);
}
