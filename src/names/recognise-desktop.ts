/** Remote screens, shared files and directories: RDP, SMB, NetBIOS, LDAP, Kerberos, ONC RPC (NFS). */

import { berElement } from "./ber.ts";
import {
  eitherWay,
  type FirstBytes,
  type FirstPayload,
  has,
  u8,
  u16,
  u24,
  u32,
} from "./first-bytes.ts";
import type { Recogniser } from "./recogniser.ts";

const SMB1 = [0xff, 0x53, 0x4d, 0x42];
const SMB2 = [0xfe, 0x53, 0x4d, 0x42];
const START_TLS = "1.3.6.1.4.1.1466.20037";
/** Programs of ONC RPC that have a name: rpc(5). */
const RPC_PROGRAMS: ReadonlyMap<number, string> = new Map([
  [100_000, "portmap"],
  [100_003, "nfs"],
  [100_005, "mountd"],
  [100_021, "nlockmgr"],
  [100_024, "status"],
  [100_227, "nfs-acl"],
]);

export const DESKTOP: readonly Recogniser[] = [
  { name: "rdp", over: "tcp", test: (flow) => eitherWay(flow, isRdp) },
  { name: "smb", over: "tcp", test: (flow) => eitherWay(flow, isSmb) },
  { name: "netbios-ssn", over: "tcp", test: (flow) => eitherWay(flow, isNetbiosSession) },
  { name: "ldap", over: "both", test: (flow) => eitherWay(flow, isLdap) },
  { name: "kerberos", over: "both", test: kerberos },
  { name: "rpc", over: "both", test: rpc },
];

/** MS-RDPBCGR section 2.2.1.1: TPKT, an X.224 connection request, and a cookie or RDP's own negotiation behind it. */
function isRdp({ bytes, payloadBytes }: FirstPayload): boolean {
  if (!has(bytes, 0, [3, 0]) || u16(bytes, 2) !== payloadBytes) return false;
  if (u8(bytes, 4) + 5 !== payloadBytes || (u8(bytes, 10) !== 0 && u8(bytes, 10) > 4)) return false;
  const code = u8(bytes, 5);
  if (code === 0xd0)
    return payloadBytes === 19 && [2, 3].includes(u8(bytes, 11)) && has(bytes, 13, [8, 0]);
  if (code !== 0xe0) return false;
  if (has(bytes, 11, [1]) && has(bytes, 13, [8, 0]) && payloadBytes === 19) return true;
  return (
    has(bytes, 11, [...Buffer.from("Cookie: mstshash=")]) ||
    has(bytes, 11, [...Buffer.from("Cookie: msts=")])
  );
}

/** MS-SMB2 section 2.1: a session message of the whole length that holds SMB 1, or SMB 2 and 3. */
function isSmb({ bytes, payloadBytes }: FirstPayload): boolean {
  if (u8(bytes, 0) !== 0 || u24(bytes, 1) + 4 > payloadBytes + 0x1_0000) return false;
  if (has(bytes, 4, SMB1)) return true;
  return has(bytes, 4, SMB2) && has(bytes, 8, [64, 0]); // the header's size
}

/** RFC 1002 section 4.3.2: a session request with two encoded names, 34 bytes each. */
function isNetbiosSession({ bytes, payloadBytes }: FirstPayload): boolean {
  if (!has(bytes, 0, [0x81, 0, 0, 68]) || payloadBytes !== 72) return false;
  return has(bytes, 4, [32]) && has(bytes, 38, [32]);
}

/** RFC 4511 section 4.1.1: a sequence, a message's number, and a bind, a search or StartTLS, or what answers them. */
function isLdap({ bytes, payloadBytes }: FirstPayload): boolean {
  const outer = berElement(bytes, 0);
  if (outer?.tag !== 0x30 || outer.end > payloadBytes) return false;
  const id = berElement(bytes, outer.start);
  if (id?.tag !== 2 || id.end - id.start < 1 || id.end - id.start > 4) return false;
  const operation = berElement(bytes, id.end);
  if (operation === undefined || operation.end > outer.end) return false;
  return isLdapOperation(bytes, operation.tag, operation.start);
}

function isLdapOperation(bytes: Uint8Array, tag: number, at: number): boolean {
  if (tag === 0x60) return has(bytes, at, [2, 1]) && [2, 3].includes(u8(bytes, at + 2)); // bind, its version
  if (tag === 0x61) return isResult(bytes, at);
  if (tag === 0x77) return has(bytes, at, [0x80, START_TLS.length, ...Buffer.from(START_TLS)]);
  if (tag !== 0x63) return false;
  const base = berElement(bytes, at); // search: the base's name, scope, aliases
  if (base?.tag !== 4) return false;
  return (
    has(bytes, base.end, [10, 1]) &&
    u8(bytes, base.end + 2) <= 3 &&
    has(bytes, base.end + 3, [10, 1])
  );
}

// The code, the name that matched and a diagnosis.
function isResult(bytes: Uint8Array, at: number): boolean {
  if (!has(bytes, at, [10, 1]) || u8(bytes, at + 2) > 123) return false;
  const name = berElement(bytes, at + 3);
  return name?.tag === 4 && berElement(bytes, name.end)?.tag === 4;
}

// RFC 4120 section 7.2.2: over TCP four bytes of length go in front.
function kerberos(flow: FirstBytes): boolean {
  return eitherWay(flow, ({ bytes, payloadBytes }) => {
    if (flow.isUdp) return isKerberos(bytes, payloadBytes);
    return u32(bytes, 0) === payloadBytes - 4 && isKerberos(bytes.subarray(4), payloadBytes - 4);
  });
}

/** RFC 4120 section 5: an application tag, a sequence, version 5 and the tag's number once more as message type. */
function isKerberos(bytes: Uint8Array, payloadBytes: number): boolean {
  const outer = berElement(bytes, 0);
  if (outer === undefined || outer.end > payloadBytes) return false;
  const type = outer.tag & 0x1f;
  if ((outer.tag & 0xe0) !== 0x60 || ![10, 11, 12, 13, 14, 15, 30].includes(type)) return false;
  const sequence = berElement(bytes, outer.start);
  if (sequence?.tag !== 0x30) return false;
  const first = type === 10 || type === 12 ? 1 : 0; // requests count from 1
  const at = sequence.start;
  if (!has(bytes, at, [0xa0 + first, 3, 2, 1, 5])) return false;
  return has(bytes, at + 5, [0xa1 + first, 3, 2, 1, type]);
}

// RFC 5531 section 11: over TCP a mark with the length of the record goes in front.
function rpc(flow: FirstBytes): boolean | string {
  const program = (one: FirstPayload | undefined): number => {
    if (one === undefined) return -1;
    if (flow.isUdp) return rpcProgram(one.bytes);
    const mark = u32(one.bytes, 0);
    return mark - 0x8000_0000 === one.payloadBytes - 4 ? rpcProgram(one.bytes.subarray(4)) : -1;
  };
  const found = Math.max(program(flow.sent), program(flow.received));
  return found < 0 ? false : (RPC_PROGRAMS.get(found) ?? true);
}

/** RFC 5531 section 9: a call by RPC version 2 of a program from the assigned range, with credentials; -1: none. */
function rpcProgram(bytes: Uint8Array): number {
  if (u32(bytes, 4) !== 0 || u32(bytes, 8) !== 2) return -1;
  const program = u32(bytes, 12);
  if (program < 100_000 || program > 0x3fff_ffff || u32(bytes, 16) > 255) return -1;
  const flavor = u32(bytes, 24);
  return [0, 1, 2, 3, 6].includes(flavor) && u32(bytes, 28) <= 400 ? program : -1;
}
