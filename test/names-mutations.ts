// Mutations of packets, the same for the same seed, and QUIC Initials with any content.
import { createCipheriv } from "node:crypto";
import { clientKeys } from "../src/names/quic-keys.ts";

/** A whole number below `limit`. */
export type Random = (limit: number) => number;

const MUTATION_LIMIT = 6;
const LONGEST = 3000;
/** Values at which lengths and types turn. */
const EDGES = [0, 1, 2, 0x0c, 0x10, 0x16, 0x3f, 0x40, 0x7f, 0x80, 0xbf, 0xc0, 0xc1, 0xfe, 0xff];

/** mulberry32: small, and good enough to reach everything. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  };
}

/** A copy of `seed` with one to six changes. */
export function mutate(seed: Buffer, others: readonly Buffer[], random: Random): Buffer {
  let packet: Buffer = Buffer.from(seed);
  for (let left = 1 + random(MUTATION_LIMIT); left > 0; left--)
    packet = change(packet, others, random);
  return packet.subarray(0, LONGEST);
}

/** A client Initial of version 1 or 2 that opens; its one CRYPTO frame has `content`. */
export function clientInitial(content: Buffer, random: Random): Buffer {
  const version = random(2) === 0 ? 1 : 2;
  const destination = Buffer.from([random(256), 2, 3, 4, 5, 6, 7, 8]);
  const offset = random(4) === 0 ? random(64) : 0;
  const length = content.length;
  const frame = Buffer.concat([Buffer.of(6, offset, 0x40 | (length >> 8), length & 0xff), content]);
  const plain = Buffer.concat([frame, Buffer.alloc(16)]);
  const rest = plain.length + 1 + 16;
  const number = version === 1 ? [0, 0, 0, 1] : [0x6b, 0x33, 0x43, 0xcf];
  const first = version === 1 ? 0xc0 : 0xd0;
  const connection = [destination.length, ...destination, 0, 0];
  const header = Buffer.from([first, ...number, ...connection, 0x40 | (rest >> 8), rest & 0xff, 0]);
  const { key, iv, headerKey } = clientKeys(destination, version);
  const cipher = createCipheriv("aes-128-gcm", key, iv);
  cipher.setAAD(header);
  const sealed = Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
  const mask = createCipheriv("aes-128-ecb", headerKey, null).update(sealed.subarray(3, 19));
  header[0] = first ^ ((mask[0] ?? 0) & 0x0f);
  header[header.length - 1] = mask[1] ?? 0;
  return Buffer.concat([header, sealed]);
}

function change(packet: Buffer, others: readonly Buffer[], random: Random): Buffer {
  const at = random(packet.length + 1);
  const to = Math.min(packet.length, at + random(40));
  switch (random(8)) {
    case 0:
      return set(packet, at, random(256));
    case 1:
      return set(packet, at, EDGES[random(EDGES.length)] ?? 0);
    case 2:
      return set(packet, at, (packet[at] ?? 0) ^ (1 << random(8)));
    case 3:
      return packet.subarray(0, at);
    case 4:
      return Buffer.concat([packet.subarray(0, at), packet.subarray(to)]);
    case 5:
      return Buffer.concat([packet.subarray(0, to), packet.subarray(at)]);
    case 6:
      return Buffer.concat([
        packet.subarray(0, at),
        Buffer.alloc(random(300), random(256)),
        packet.subarray(at),
      ]);
    default: {
      const other = others[random(others.length)] ?? packet;
      return Buffer.concat([packet.subarray(0, at), other.subarray(random(other.length + 1))]);
    }
  }
}

function set(packet: Buffer, at: number, value: number): Buffer {
  if (at < packet.length) packet[at] = value;
  return packet;
}
