/** Which addresses a DNS message gives to which name, for people who want the name that was asked for. */

import { addressScope } from "../model/address.ts";
import type { DnsMessage, DnsRecord } from "./dns-message.ts";

const HOP_LIMIT = 16;
/** Labels in front of a service's records: "_8443._https.example.org" (RFC 9460 section 2.3), "_imap._tcp". */
const SERVICE_LABELS = /^(?:_[^.]+\.)+/;

export interface Answer {
  readonly name: string;
  /** Sixteen bytes. */
  readonly address: Uint8Array;
  readonly ttlSeconds: number;
}

export interface Cover {
  readonly name: string;
  /** What an Encrypted Client Hello to `name` may show instead; empty: it has none. */
  readonly coverNames: readonly string[];
}

/** The answers of a response, each under the name in its question: aliases are followed, and records that the question
 * does not lead to are left out, since anybody may add them (RFC 2181 section 5.4.1). */
export function answersOf(message: DnsMessage): { answers: Answer[]; covers: Cover[] } {
  const asked = message.questions[0]?.name;
  const nothing = { answers: [], covers: [] };
  if (!message.isResponse || message.responseCode !== 0 || !asked) return nothing;
  const names = reached(asked, message.answers);
  const name = asked.replace(SERVICE_LABELS, "");
  const direct = message.answers.filter(
    (record) => names.has(record.name) && record.type !== "PTR",
  );
  const services = direct.filter(({ type }) => type === "HTTPS" || type === "SVCB");
  const targets = new Set(direct.filter(({ type }) => type === "SRV").map(({ target }) => target));
  const beside = message.additional.filter((record) => targets.has(record.name));
  return {
    answers: [
      ...direct.flatMap((record) => addressesOf(record, name)),
      ...beside.flatMap((record) => addressesOf(record, record.name)),
    ],
    covers: services.length === 0 ? [] : [{ name, coverNames: services.flatMap(coversOf) }],
  };
}

/** The answers of a multicast message: names under .local for addresses of the local network, nothing else, since
 * everybody there may send them unasked (RFC 6762 sections 3 and 21). A lifetime of 0 takes a name back. */
export function localAnswersOf(message: DnsMessage): Answer[] {
  if (!message.isResponse || message.responseCode !== 0) return [];
  return [...message.answers, ...message.additional]
    .filter(({ name, type }) => name.endsWith(".local") && (type === "A" || type === "AAAA"))
    .flatMap((record) => addressesOf(record, record.name))
    .filter(({ address }) => isLocal(address));
}

/** True for addresses that only machines of the local network have. */
export function isLocal(address: Uint8Array): boolean {
  const scope = addressScope(address);
  return scope === "link-local" || scope === "private";
}

/** `asked` and the names that its aliases lead to. */
function reached(asked: string, records: readonly DnsRecord[]): Set<string> {
  const names = new Set([asked]);
  const aliases = records.filter(({ type }) => type !== "PTR" && type !== "SRV");
  for (let hop = 0, size = 0; hop < HOP_LIMIT && size < names.size; hop++) {
    size = names.size;
    for (const { name, target } of aliases) {
      if (target !== undefined && names.has(name)) names.add(target);
    }
  }
  return names;
}

function coversOf({ coverNames }: DnsRecord): readonly string[] {
  return coverNames;
}

// Filters answer with 0.0.0.0 or 127.0.0.1 for what they block: no name of what is there.
function addressesOf(record: DnsRecord, name: string): Answer[] {
  if (name === "") return [];
  return record.addresses
    .filter((address) => ["public", "private", "link-local"].includes(addressScope(address)))
    .map((address) => ({ name, address, ttlSeconds: record.ttlSeconds }));
}
