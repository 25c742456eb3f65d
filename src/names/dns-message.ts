/** Reads DNS and multicast DNS messages: RFC 1035, 2782 (SRV), 6762, 9460 (HTTPS and SVCB). */

import { readDnsName } from "./dns-name.ts";
import { readRecord } from "./dns-record.ts";

/** Records read of a message; the rest is left. Answers for a host have a dozen at most. */
export const RECORD_LIMIT = 128;
const QUESTION_LIMIT = 8;
const STREAM_MESSAGE_LIMIT = 16;
const HEADER_BYTES = 12;

export type DnsRecordType = "A" | "AAAA" | "CNAME" | "PTR" | "SRV" | "HTTPS" | "SVCB";

export interface DnsQuestion {
  /** Undefined: it holds bytes that no host name has. */
  readonly name: string | undefined;
  /** Number of the type: 1 A, 28 AAAA. */
  readonly type: number;
}

export interface DnsRecord {
  readonly name: string;
  readonly type: DnsRecordType;
  readonly ttlSeconds: number;
  /** RFC 6762 section 10.2: replaces what was said before. Only in multicast DNS. */
  readonly cacheFlush: boolean;
  /** Sixteen bytes each, IPv4 as ::ffff:a.b.c.d: the address of A and AAAA, the hints of HTTPS and SVCB. */
  readonly addresses: readonly Uint8Array[];
  /** What CNAME, PTR, SRV, HTTPS and SVCB lead to; undefined: nothing, or nothing that is a host name. */
  readonly target: string | undefined;
  /** Names that HTTPS and SVCB give for the open part of an Encrypted Client Hello (RFC 9848). */
  readonly coverNames: readonly string[];
}

export interface DnsMessage {
  readonly id: number;
  readonly isResponse: boolean;
  /** RFC 1035 section 4.1.1: 0 no error, 3 no such name. */
  readonly responseCode: number;
  readonly questions: readonly DnsQuestion[];
  /** Records whose names are no host names ("My printer._ipp._tcp.local") and records of other types are left out. */
  readonly answers: readonly DnsRecord[];
  readonly additional: readonly DnsRecord[];
  /** False: cut short, broken or longer than the limit; what was read before that is here. */
  readonly isComplete: boolean;
}

/** The message in a datagram; undefined where it is none. */
export function parseDnsMessage(bytes: Uint8Array): DnsMessage | undefined {
  if (bytes.length < HEADER_BYTES) return undefined;
  const flags = word(bytes, 2);
  if ((flags & 0x7800) !== 0) return undefined; // other operations: update, notify
  const body = readQuestions(bytes, word(bytes, 4));
  if (body === undefined) return undefined;
  return {
    id: word(bytes, 0),
    isResponse: (flags & 0x8000) !== 0,
    responseCode: flags & 0xf,
    questions: body.questions,
    ...readSections(bytes, body.next),
  };
}

/** The messages at the start of a TCP stream, each behind its length (RFC 1035 section 4.2.2). */
export function parseDnsStream(bytes: Uint8Array): DnsMessage[] {
  const messages: DnsMessage[] = [];
  for (let at = 0; at + 2 <= bytes.length && messages.length < STREAM_MESSAGE_LIMIT; ) {
    const length = word(bytes, at);
    const message = parseDnsMessage(bytes.subarray(at + 2, at + 2 + length));
    if (message === undefined) break;
    messages.push(message);
    at += 2 + length;
  }
  return messages;
}

function readQuestions(
  bytes: Uint8Array,
  count: number,
): { questions: DnsQuestion[]; next: number } | undefined {
  if (count > QUESTION_LIMIT) return undefined;
  const questions: DnsQuestion[] = [];
  let next = HEADER_BYTES;
  for (let i = 0; i < count; i++) {
    const read = readDnsName(bytes, next);
    if (read === undefined || read.next + 4 > bytes.length) return undefined;
    questions.push({ name: read.name, type: word(bytes, read.next) });
    next = read.next + 4;
  }
  return { questions, next };
}

function readSections(
  bytes: Uint8Array,
  start: number,
): Pick<DnsMessage, "answers" | "additional" | "isComplete"> {
  const answers: DnsRecord[] = [];
  const additional: DnsRecord[] = [];
  const sections = [answers, undefined, additional];
  let at = start;
  let read = 0;
  for (const [i, kept] of sections.entries()) {
    for (let left = word(bytes, 6 + i * 2); left > 0; left--) {
      const found = read++ < RECORD_LIMIT ? readRecord(bytes, at) : undefined;
      if (found === undefined) return { answers, additional, isComplete: false };
      if (found.record !== undefined) kept?.push(found.record);
      at = found.next;
    }
  }
  return { answers, additional, isComplete: true };
}

function word(bytes: Uint8Array, at: number): number {
  return (bytes[at] ?? 0) * 0x100 + (bytes[at + 1] ?? 0);
}
