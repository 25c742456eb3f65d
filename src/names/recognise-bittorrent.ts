/** BitTorrent between peers over TCP and uTP, its distributed table, local discovery and trackers over UDP. */

import {
  eitherWay,
  type FirstBytes,
  type FirstPayload,
  latin1,
  u8,
  u16,
  u32,
} from "./first-bytes.ts";
import type { Recogniser } from "./recogniser.ts";

const HANDSHAKE = "\x13BitTorrent protocol";
const UTP_HEADER_BYTES = 20;
const SYN = 0x41; // type 4, version 1
const TRACKER_MAGIC = [0x0000_0417, 0x2710_1980]; // BEP 15: connection id of a first request

export const BITTORRENT: readonly Recogniser[] = [
  { name: "bittorrent", over: "tcp", test: (flow) => eitherWay(flow, isHandshake) },
  { name: "bittorrent", over: "udp", test: overUdp },
];

/** BEP 3: the length of the name and the name. */
function isHandshake({ bytes }: FirstPayload): boolean {
  return u8(bytes, 0) === 0x13 && latin1(bytes, HANDSHAKE.length) === HANDSHAKE;
}

function overUdp(flow: FirstBytes): boolean | string {
  if (eitherWay(flow, isDht)) return "dht";
  if (eitherWay(flow, isUtpOpening)) return "utp";
  if (eitherWay(flow, ({ text }) => text.startsWith("BT-SEARCH * HTTP/1.1\r\n"))) return true;
  return eitherWay(flow, isTrackerRequest) ? "tracker" : false;
}

/** BEP 5: a bencoded dictionary whose kind is a query, a response or an error. */
function isDht({ bytes, text, payloadBytes }: FirstPayload): boolean {
  if (!/^d(?:1:[aer]|2:ip)/.test(text) || bytes.length !== payloadBytes) return false;
  return u8(bytes, bytes.length - 1) === 0x65 && /1:y1:[qre]/.test(text);
}

/** BEP 29: a SYN of exactly one header and its extensions; it has seen no time of the other side yet. */
function isUtpOpening({ bytes, payloadBytes }: FirstPayload): boolean {
  if (u8(bytes, 0) !== SYN || bytes.length !== payloadBytes) return false;
  if (u32(bytes, 8) !== 0 || u32(bytes, 12) <= 0) return false;
  let at = UTP_HEADER_BYTES;
  let extension = u8(bytes, 1);
  while (extension !== 0 && at + 2 <= bytes.length) {
    if (extension > 3) return false;
    extension = u8(bytes, at);
    at += 2 + u8(bytes, at + 1);
  }
  return at === bytes.length && u16(bytes, 16) >= 0;
}

function isTrackerRequest({ bytes, payloadBytes }: FirstPayload): boolean {
  const [high, low] = TRACKER_MAGIC;
  return (
    payloadBytes === 16 && u32(bytes, 0) === high && u32(bytes, 4) === low && u32(bytes, 8) === 0
  );
}
