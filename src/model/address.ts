/** Addresses as the kernel gives them, sixteen bytes, and as people read them. */

export type AddressScope =
  | "unspecified"
  | "loopback"
  | "link-local"
  | "multicast"
  | "private"
  | "public";

/** Sixteen bytes from `offset` as text: IPv4-mapped as "192.0.2.1", everything else by RFC 5952. */
export function addressText(bytes: Uint8Array, offset = 0): string {
  return isMappedIpv4(bytes, offset) ? ipv4Text(bytes, offset + 12) : ipv6Text(bytes, offset);
}

/** Sixteen bytes of an address as people write it, IPv4 or RFC 4291 section 2.2; undefined where it is none. */
export function parseAddress(text: string): Uint8Array | undefined {
  const dotted = /^(.*:)?(\d{1,3}(?:\.\d{1,3}){3})$/.exec(text);
  if (dotted === null) return text.includes(":") ? parseGroups(text) : undefined;
  const parts = (dotted[2] ?? "").split(".").map(Number);
  if (parts.some((part) => part > 255)) return undefined;
  const [a = 0, b = 0, c = 0, d = 0] = parts;
  const last = `${((a << 8) | b).toString(16)}:${((c << 8) | d).toString(16)}`;
  return parseGroups(`${dotted[1] ?? "::ffff:"}${last}`);
}

/** A network, "10.0.0.0/8", as a test of sixteen bytes; undefined where the text is none. */
export function parseNetwork(text: string): ((address: Uint8Array) => boolean) | undefined {
  const [, base = "", prefix = ""] = /^([^/]+)\/(\d{1,3})$/.exec(text) ?? [];
  const network = parseAddress(base);
  if (network === undefined) return undefined;
  const isIpv4 = !base.includes(":");
  if (Number(prefix) > (isIpv4 ? 32 : 128)) return undefined;
  const bits = Number(prefix) + (isIpv4 ? 96 : 0);
  return (address) => startsAlike(network, address, bits);
}

/** How far an address reaches. Private: RFC 1918, 6598 (carrier-grade NAT) and 4193. Broadcast counts as multicast. */
export function addressScope(bytes: Uint8Array, offset = 0): AddressScope {
  return isMappedIpv4(bytes, offset) ? ipv4Scope(bytes, offset + 12) : ipv6Scope(bytes, offset);
}

/** True for ::ffff:a.b.c.d. */
export function isMappedIpv4(bytes: Uint8Array, offset = 0): boolean {
  for (let i = 0; i < 10; i++) if (bytes[offset + i] !== 0) return false;
  return bytes[offset + 10] === 0xff && bytes[offset + 11] === 0xff;
}

function parseGroups(text: string): Uint8Array | undefined {
  const [before = "", after, ...more] = text.split("::");
  if (more.length > 0) return undefined;
  const head = before === "" ? [] : before.split(":");
  const tail = after === undefined || after === "" ? [] : after.split(":");
  const missing = 8 - head.length - tail.length;
  if (after === undefined ? missing !== 0 : missing < 1) return undefined;
  const groups = [...head, ...new Array<string>(missing).fill("0"), ...tail];
  if (groups.some((each) => !/^[\da-f]{1,4}$/i.test(each))) return undefined;
  const values = groups.map((each) => Number.parseInt(each, 16));
  return Uint8Array.from(values.flatMap((value) => [value >> 8, value & 0xff]));
}

function startsAlike(a: Uint8Array, b: Uint8Array, bits: number): boolean {
  for (let i = 0; i < 16; i++) {
    const left = bits - i * 8;
    if (left <= 0) return true;
    const mask = left >= 8 ? 0xff : (0xff << (8 - left)) & 0xff;
    if ((byteAt(a, i) & mask) !== (byteAt(b, i) & mask)) return false;
  }
  return true;
}

function ipv4Text(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

function ipv6Text(bytes: Uint8Array, offset: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => group(bytes, offset, i));
  const { start, length } = longestZeroRun(groups);
  const text = (part: number[]) => part.map((value) => value.toString(16)).join(":");
  if (length < 2) return text(groups);
  return `${text(groups.slice(0, start))}::${text(groups.slice(start + length))}`;
}

function group(bytes: Uint8Array, offset: number, i: number): number {
  return (byteAt(bytes, offset + i * 2) << 8) | byteAt(bytes, offset + i * 2 + 1);
}

/** RFC 5952 section 4.2.3: the longest run of zero groups is shortened, of equal ones the first. */
function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 };
  let length = 0;
  for (const [i, value] of groups.entries()) {
    length = value === 0 ? length + 1 : 0;
    if (length > best.length) best = { start: i - length + 1, length };
  }
  return best;
}

function ipv4Scope(bytes: Uint8Array, at: number): AddressScope {
  const a = byteAt(bytes, at);
  const b = byteAt(bytes, at + 1);
  if (a === 127) return "loopback";
  if (a === 0) return "unspecified";
  if (a === 169 && b === 254) return "link-local";
  if (a >= 224 && a <= 239) return "multicast";
  if (a === 255 && b === 255 && byteAt(bytes, at + 2) === 255 && byteAt(bytes, at + 3) === 255)
    return "multicast";
  if (a === 10 || (a === 192 && b === 168) || (a === 172 && b >= 16 && b <= 31)) return "private";
  if (a === 100 && b >= 64 && b <= 127) return "private";
  return "public";
}

function ipv6Scope(bytes: Uint8Array, offset: number): AddressScope {
  const a = byteAt(bytes, offset);
  const b = byteAt(bytes, offset + 1);
  if (a === 0xff) return "multicast";
  if (a === 0xfe && (b & 0xc0) === 0x80) return "link-local";
  if ((a & 0xfe) === 0xfc) return "private";
  for (let i = 0; i < 15; i++) if (bytes[offset + i] !== 0) return "public";
  const last = byteAt(bytes, offset + 15);
  return last === 0 ? "unspecified" : last === 1 ? "loopback" : "public";
}

function byteAt(bytes: Uint8Array, at: number): number {
  return bytes[at] ?? 0;
}
