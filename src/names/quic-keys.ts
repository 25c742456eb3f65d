/** Opens QUIC Initial packets of clients. Their keys come from the packet itself (RFC 9001 section 5.2): they keep nobody
 * out, they only tell a real packet from bytes that look like one. */

import { createCipheriv, createDecipheriv, hash } from "node:crypto";
import type { QuicPacket, QuicVersion } from "./quic-packet.ts";

export interface InitialKeys {
  readonly key: Uint8Array;
  readonly iv: Uint8Array;
  readonly headerKey: Uint8Array;
}

/** RFC 9001 section 5.2 and RFC 9369 section 3.3. */
const VERSIONS: Readonly<Record<QuicVersion, { salt: Uint8Array; prefix: string }>> = {
  1: { salt: Buffer.from("38762cf7f55934b34d179ae6a4c80cadccbb7f0a", "hex"), prefix: "quic" },
  2: { salt: Buffer.from("0dede3def700a6db819381be6e269dcbf9bd2ed9", "hex"), prefix: "quicv2" },
};

const SAMPLE_BYTES = 16;
const TAG_BYTES = 16;
const LONGEST_NUMBER_BYTES = 4;
const HASH_BLOCK_BYTES = 64;

/** The keys of a client's Initials, from the connection that its first one was addressed to. */
export function clientKeys(destination: Uint8Array, version: QuicVersion): InitialKeys {
  const { salt, prefix } = VERSIONS[version];
  const secret = expand(hmac(salt, destination), "client in", 32);
  return {
    key: expand(secret, `${prefix} key`, 16),
    iv: expand(secret, `${prefix} iv`, 12),
    headerKey: expand(secret, `${prefix} hp`, 16),
  };
}

/** The frames in a packet; undefined where the keys are not its keys or it is not what it seems. */
export function openInitial(
  datagram: Uint8Array,
  { start, numberAt, end }: QuicPacket,
  keys: InitialKeys,
): Uint8Array | undefined {
  const sampleAt = numberAt + LONGEST_NUMBER_BYTES;
  if (sampleAt + SAMPLE_BYTES > end) return undefined;
  const mask = headerMask(keys.headerKey, datagram.subarray(sampleAt, sampleAt + SAMPLE_BYTES));
  const first = (datagram[start] ?? 0) ^ ((mask[0] ?? 0) & 0x0f);
  const numberBytes = (first & 3) + 1;
  const payloadAt = numberAt + numberBytes;
  const header = new Uint8Array(datagram.subarray(start, payloadAt)); // slice() of a Buffer would not copy
  header[0] = first;
  const nonce = Uint8Array.from(keys.iv);
  for (let i = 0; i < numberBytes; i++) {
    const byte = (header[numberAt - start + i] ?? 0) ^ (mask[1 + i] ?? 0);
    header[numberAt - start + i] = byte;
    const at = nonce.length - numberBytes + i;
    nonce[at] = (nonce[at] ?? 0) ^ byte;
  }
  return unseal(datagram.subarray(payloadAt, end), { key: keys.key, nonce, header });
}

/** RFC 9001 section 5.4.3. */
function headerMask(headerKey: Uint8Array, sample: Uint8Array): Uint8Array {
  const cipher = createCipheriv("aes-128-ecb", headerKey, null);
  return cipher.update(sample);
}

function unseal(
  sealed: Uint8Array,
  { key, nonce, header }: { key: Uint8Array; nonce: Uint8Array; header: Uint8Array },
): Uint8Array | undefined {
  const textBytes = sealed.length - TAG_BYTES;
  if (textBytes < 1) return undefined;
  const decipher = createDecipheriv("aes-128-gcm", key, nonce);
  decipher.setAAD(header);
  decipher.setAuthTag(sealed.subarray(textBytes));
  const text = decipher.update(sealed.subarray(0, textBytes));
  try {
    decipher.final();
  } catch {
    return undefined; // the tag does not fit
  }
  return text;
}

/** HKDF-Expand-Label of RFC 8446 section 7.1, for lengths up to one block. */
function expand(secret: Uint8Array, label: string, length: number): Uint8Array {
  const name = Buffer.from(`tls13 ${label}`);
  const info = Buffer.concat([Buffer.of(0, length, name.length), name, Buffer.of(0, 1)]);
  return hmac(secret, info).subarray(0, length);
}

/** HMAC of RFC 2104 for keys up to a block, from one-shot hashes: a fifth of the time of createHmac. */
function hmac(key: Uint8Array, data: Uint8Array): Uint8Array {
  const inner = sha256(padded(key, 0x36, data));
  return sha256(padded(key, 0x5c, inner));
}

function padded(key: Uint8Array, pad: number, data: Uint8Array): Uint8Array {
  const block = new Uint8Array(HASH_BLOCK_BYTES + data.length).fill(pad, 0, HASH_BLOCK_BYTES);
  for (const [i, byte] of key.entries()) block[i] = byte ^ pad;
  block.set(data, HASH_BLOCK_BYTES);
  return block;
}

function sha256(data: Uint8Array): Uint8Array {
  return hash("sha256", data, "buffer");
}
