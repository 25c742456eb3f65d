/** Reads block lists: plain addresses, CIDR networks, host names, hosts files and the host rules of content blockers.
 * Whatever a line means that is none of these is left out and counted. */

import { parseAddress } from "../model/address.ts";
import type { ListMatch } from "./turn.ts";

/** Common lists have up to some hundred thousand; what is beyond is left out and said. */
export const MAX_LIST_ENTRIES = 500_000;
export const MAX_LIST_BYTES = 32_000_000;
const MAX_LINE_LENGTH = 512;
/** Names that hosts files have for other reasons. */
const LOCAL = /^(localhost|localhost\.localdomain|local|broadcasthost|ip6-\w+|0\.0\.0\.0)$/;

export interface BlockList {
  readonly entries: number;
  /** Lines that are neither comments nor entries. */
  readonly skipped: number;
  /** There were more entries than are used. */
  readonly isCut: boolean;
  readonly match: ListMatch;
}

export interface BlockListReader {
  /** A piece of the text; lines may go over several. */
  add(text: string): void;
  end(): BlockList;
}

export function parseBlockList(text: string): BlockList {
  const reader = createBlockListReader();
  reader.add(text);
  return reader.end();
}

/** Takes a list in pieces, so that a long one holds nobody up. */
export function createBlockListReader(): BlockListReader {
  const addresses = new Set<string>();
  /** By length of their prefix in bits. */
  const networks = new Map<number, Set<string>>();
  const hosts = new Set<string>();
  /** These and all names below them. */
  const domains = new Set<string>();
  let entries = 0;
  let skipped = 0;
  let isCut = false;

  const add = (set: Set<string>, value: string) => {
    if (set.has(value)) return;
    set.add(value);
    entries += 1;
  };

  function addNetwork(base: string, prefix: string): boolean {
    const bytes = parseAddress(base);
    const bits = Number(prefix) + (base.includes(":") ? 0 : 96);
    if (bytes === undefined || bits > 128) return false;
    const set = networks.get(bits) ?? new Set<string>();
    networks.set(bits, set);
    add(set, prefixKey(bytes, bits));
    return true;
  }

  function addLine(line: string): boolean {
    const [first = "", second, ...more] = line.split(/\s+/);
    const [, base, prefix] = /^([\d.:a-f]+)\/(\d{1,3})$/i.exec(first) ?? [];
    if (base !== undefined && prefix !== undefined) return addNetwork(base, prefix);
    const address = parseAddress(first);
    if (address !== undefined) {
      // "0.0.0.0 ads.example.com": a hosts file lists the names.
      const names = [second ?? "", ...more].filter((name) => name !== "");
      if (names.length === 0) add(addresses, prefixKey(address, 128));
      for (const name of names) if (isHost(name) && !LOCAL.test(name)) add(hosts, lower(name));
      return true;
    }
    const domain = /^(?:\|\||\*\.|\.)?([^\s/^|*]+)\^?(?:\$.*)?$/.exec(first)?.[1];
    if (domain === undefined || !isHost(domain)) return false;
    add(domains, lower(domain));
    return true;
  }

  function match(address: string, host: string): string | undefined {
    const bytes = address === "" ? undefined : parseAddress(address);
    if (bytes !== undefined) {
      if (addresses.has(prefixKey(bytes, 128))) return address;
      for (const [bits, set] of networks) {
        if (!set.has(prefixKey(bytes, bits))) continue;
        return `${address}, in a network of /${address.includes(":") ? bits : bits - 96}`;
      }
    }
    const name = lower(host);
    if (hosts.has(name)) return name;
    for (let at = 0; at >= 0 && at < name.length; at = nextLabel(name, at)) {
      const above = name.slice(at);
      if (domains.has(above)) return above;
    }
    return undefined;
  }

  function takeLine(raw: string): void {
    if (entries >= MAX_LIST_ENTRIES) {
      isCut = true;
      return;
    }
    const line = raw.replace(/(^|\s)[#;].*$|^!.*$|^\[.*$/s, "").trim();
    if (line === "") return;
    if (line.length > MAX_LINE_LENGTH || !addLine(line)) skipped += 1;
  }

  let rest = "";
  return {
    add(text) {
      const lines = (rest + text).split("\n");
      // Of a line without an end no more is kept than tells that it is too long.
      rest = (lines.pop() ?? "").slice(0, MAX_LINE_LENGTH + 1);
      for (const line of lines) takeLine(line.slice(0, MAX_LINE_LENGTH + 1));
    },
    end() {
      takeLine(rest);
      return { entries, skipped, isCut, match };
    },
  };
}

function nextLabel(name: string, at: number): number {
  const dot = name.indexOf(".", at);
  return dot === -1 ? -1 : dot + 1;
}

function lower(name: string): string {
  return name.toLowerCase().replace(/\.$/, "");
}

/** A name with a dot; a list that has "com" would be a mistake. */
function isHost(name: string): boolean {
  return /^[\w-]{1,63}(\.[\w-]{1,63})+\.?$/.test(name) && !/^[\d.]+$/.test(name);
}

/** The first bits of sixteen bytes. */
function prefixKey(bytes: Uint8Array, bits: number): string {
  let key = "";
  for (let i = 0; i * 8 < bits; i += 1) {
    const left = bits - i * 8;
    const byte = bytes[i] ?? 0;
    key += String.fromCharCode(left >= 8 ? byte : byte & ((0xff << (8 - left)) & 0xff));
  }
  return key;
}
