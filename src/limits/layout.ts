/** Where things lie in the maps of bpf/limits.bpf.c: the other half of bpf/limits.h. */

import type { ClassKey } from "./keys.ts";

export const SHARED = {
  bytes: 64,
  heartbeatNs: 0,
  generation: 8,
  flags: 12,
  lapsedPackets: 16,
  unclassedPackets: 24,
  processOverflow: 32,
  unownedBytes: 40,
} as const;

export const LOOK_AT = { owners: 1, networks: 2, ports: 4, cgroups: 8, users: 16 } as const;
export const NETWORK_IS_LAN = 1;
export const NETWORK_IS_LOCAL = 2;
export const CLASS_DROP = 0x7fff;
export const ORIGIN_EXEMPT = 0xffff_ffff;
export const RULE_SLOTS = 4_096;
export const LIMITED_PROCESSES = 16_384;
export const WANTED_CLASSES = 4_096;
export const CLASS_KEY_BYTES = 12;
export const REFUSALS_BYTES = 16;
export const PROCESS_BYTES = 16;

/** Sizes of the maps' values, as the object must have them. */
export const VALUE_BYTES: readonly (readonly [map: string, bytes: number])[] = [
  [".bss", SHARED.bytes],
  ["processes", PROCESS_BYTES],
  ["executables", 8],
  ["cgroups", 4],
  ["users", 4],
  ["devices", 8],
  ["networks", 4],
  ["ports", 4],
  ["classes", 8],
  ["refused", REFUSALS_BYTES],
];

export function classKey({ subject, device, remote, port, lan }: ClassKey): Buffer {
  const bytes = Buffer.alloc(CLASS_KEY_BYTES);
  bytes.writeUInt32LE(subject, 0);
  bytes.writeUInt16LE(device, 4);
  bytes.writeUInt16LE(remote, 6);
  bytes.writeUInt16LE(port, 8);
  bytes.writeUInt16LE(Number(lan), 10);
  return bytes;
}

export function readClassKey(bytes: Buffer): ClassKey {
  return {
    subject: bytes.readUInt32LE(0),
    device: bytes.readUInt16LE(4),
    remote: bytes.readUInt16LE(6),
    port: bytes.readUInt16LE(8),
    lan: bytes.readUInt16LE(10) !== 0,
  };
}

export function classValue(value: { rx: number; tx: number; rule: number }): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(value.rx, 0);
  bytes.writeUInt16LE(value.tx, 2);
  bytes.writeUInt16LE(value.rule, 4);
  return bytes;
}

export interface ProcessEntry {
  readonly startTicks: number;
  readonly subject: number;
  readonly origin: number;
}

export function processValue({ startTicks, subject, origin }: ProcessEntry): Buffer {
  const bytes = Buffer.alloc(PROCESS_BYTES);
  bytes.writeBigUInt64LE(BigInt(startTicks), 0);
  bytes.writeUInt32LE(subject, 8);
  bytes.writeUInt32LE(origin, 12);
  return bytes;
}

export function readProcessValue(bytes: Buffer): ProcessEntry {
  return {
    startTicks: Number(bytes.readBigUInt64LE(0)),
    subject: bytes.readUInt32LE(8),
    origin: bytes.readUInt32LE(12),
  };
}

export function executableKey(file: { inode: bigint; bytes: bigint }): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeBigUInt64LE(file.inode, 0);
  bytes.writeBigUInt64LE(file.bytes, 8);
  return bytes;
}

export function twoNumbers(first: number, second: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(first, 0);
  bytes.writeUInt32LE(second, 4);
  return bytes;
}

export function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}

export function u64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(value);
  return bytes;
}

export function deviceValue(value: {
  device: number;
  linkHeaderBytes: number;
  isBorder: boolean;
  subject: number;
}): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(value.device, 0);
  bytes.writeUInt8(value.linkHeaderBytes, 2);
  bytes.writeUInt8(Number(value.isBorder), 3);
  bytes.writeUInt32LE(value.subject, 4);
  return bytes;
}

/** `address`: sixteen bytes; `bits` of 128. */
export function networkKey(address: Uint8Array, bits: number): Buffer {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt32LE(bits, 0);
  bytes.set(address, 4);
  return bytes;
}

export function networkValue(remote: number, flags: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(remote, 0);
  bytes.writeUInt16LE(flags, 2);
  return bytes;
}

export function portKey(port: number, protocol: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt16LE(port, 0);
  bytes.writeUInt16LE(protocol, 2);
  return bytes;
}
