/** One HTTP request to an address that a user gave: bounded in time and size, no redirect is followed, and internal
 * addresses are only asked where that is allowed. */

import { lookup } from "node:dns";
import { type ClientRequest, request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { isIP, type LookupFunction } from "node:net";
import { addressScope, parseAddress } from "../../model/address.ts";

const TIMEOUT_MS = 15_000;
/** Answers say "ok", or what is wrong; what comes after it is not read. */
const MAX_ANSWER_BYTES = 64 * 1024;

export interface HttpRequest {
  readonly url: URL;
  readonly method: "POST" | "GET";
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Addresses of this machine and of private networks may be asked too. */
  readonly allowInternal: boolean;
  readonly ca?: string | readonly string[] | undefined;
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
  /** Awaited when the connection is there, before anything is sent. */
  readonly begin?: () => Promise<void>;
  /** What names an address; the system's where not given. */
  readonly resolve?: typeof lookup;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The beginning of the body. */
  readonly text: string;
}

/** The request never reached an answer. */
export class HttpFault extends Error {
  override readonly name = "HttpFault";
  /** ENOTFOUND, ECONNREFUSED, EINTERNAL, ETIMEDOUT, CERT_HAS_EXPIRED, ... */
  readonly code: string;
  /** Something had been sent: it may have been taken. */
  readonly begun: boolean;

  constructor(message: string, { code, begun }: { code: string; begun: boolean }) {
    super(message);
    this.code = code;
    this.begun = begun;
  }
}

/** Any status is an answer, a redirect too. @throws HttpFault */
export async function requestHttp(options: HttpRequest): Promise<HttpAnswer> {
  return readAnswer(await openHttp(options));
}

/** The answer before its body is read, which has to be read or destroyed; the time holds for it too. @throws HttpFault */
export async function openHttp(options: HttpRequest): Promise<IncomingMessage> {
  const { url, method, headers, body, ca, begin, timeoutMs = TIMEOUT_MS } = options;
  const bytes = Buffer.from(body);
  const limit = AbortSignal.timeout(timeoutMs);
  const signal = options.signal === undefined ? limit : AbortSignal.any([options.signal, limit]);
  let begun = false;
  try {
    refuseInternalLiteral(options);
    const open = url.protocol === "https:" ? httpsRequest : httpRequest;
    const request = open(url, {
      method,
      headers: { "user-agent": "Monitauri", ...headers, "content-length": bytes.length },
      lookup: checkedLookup(options),
      // No connection of somebody else's, and no proxy out of the environment.
      agent: false,
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca: [ca].flat() }),
      signal,
    });
    const answered = answerOf(request);
    // A rejection before anybody waits for it is not unheard.
    answered.catch(() => {});
    await connected(request);
    await begin?.();
    begun = true;
    request.end(bytes);
    return await answered;
  } catch (error) {
    throw faultOf(error, { begun, isLate: limit.aborted });
  }
}

/** Whether an address is one of this machine, a private network or anything else that is not the open internet. */
export function isInternal(address: string): boolean {
  const bytes = parseAddress(address.split("%")[0] ?? "");
  if (bytes === undefined) return true;
  if (addressScope(bytes) !== "public") return true;
  const embedded = embeddedIpv4(bytes);
  return embedded !== undefined && addressScope(embedded) !== "public";
}

/** An IPv4 address inside of an IPv6 one, which a translator or tunnel would reach: NAT64 (RFC 6052), 6to4 (RFC 3056). */
function embeddedIpv4(bytes: Uint8Array): Uint8Array | undefined {
  const startsWith = (...prefix: number[]) => prefix.every((byte, at) => bytes[at] === byte);
  const at = startsWith(0, 0x64, 0xff, 0x9b) ? 12 : startsWith(0x20, 0x02) ? 2 : undefined;
  if (at === undefined) return undefined;
  const mapped = new Uint8Array(16);
  mapped.set([0xff, 0xff], 10);
  mapped.set(bytes.subarray(at, at + 4), 12);
  return mapped;
}

function refuseInternalLiteral({ url, allowInternal }: HttpRequest): void {
  const host = url.hostname.replace(/^\[|\]$/g, "");
  if (!allowInternal && isIP(host) !== 0 && isInternal(host)) throw internalError(host);
}

/** The addresses that are checked are the ones that are connected to: a name that answers otherwise the second time
 * (DNS rebinding) is never asked twice. */
function checkedLookup({ allowInternal, resolve = lookup }: HttpRequest): LookupFunction {
  return (host, options, callback) => {
    resolve(host, { ...options, all: true }, (error, addresses) => {
      if (error !== null) return callback(error, []);
      const internal = allowInternal
        ? undefined
        : addresses.find(({ address }) => isInternal(address));
      if (internal !== undefined) return callback(internalError(host, internal.address), []);
      const [first] = addresses;
      if (options.all === true || first === undefined) return callback(null, addresses);
      callback(null, first.address, first.family);
    });
  };
}

function internalError(host: string, address = host): NodeJS.ErrnoException {
  const text = address === host ? `${host} is an internal address` : `${host} is ${address}`;
  return Object.assign(new Error(text), { code: "EINTERNAL" });
}

function answerOf(request: ClientRequest): Promise<IncomingMessage> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request.once("response", resolve);
  request.on("error", reject);
  return promise;
}

/** With TLS: when the certificate has been verified. */
function connected(request: ClientRequest): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  request.once("error", reject);
  request.once("socket", (socket) => {
    socket.once("encrypted" in socket ? "secureConnect" : "connect", () => resolve());
  });
  return promise;
}

async function readAnswer(message: IncomingMessage): Promise<HttpAnswer> {
  const pieces: Buffer[] = [];
  let length = 0;
  try {
    for await (const piece of message as AsyncIterable<Buffer>) {
      pieces.push(piece);
      length += piece.length;
      if (length >= MAX_ANSWER_BYTES) break;
    }
  } catch {
    // The status says what became of it; the rest is for people.
  }
  message.destroy();
  const text = Buffer.concat(pieces).subarray(0, MAX_ANSWER_BYTES).toString("utf8");
  return { status: message.statusCode ?? 0, headers: message.headers, text };
}

function faultOf(
  error: unknown,
  { begun, isLate }: { begun: boolean; isLate: boolean },
): HttpFault {
  if (isLate) return new HttpFault("no answer in time", { code: "ETIMEDOUT", begun });
  const { message, code = "" } = firstOf(error);
  return new HttpFault(message, { code, begun });
}

// Of several addresses each has its reason.
function firstOf(error: unknown): NodeJS.ErrnoException {
  const inner = error instanceof AggregateError ? error.errors[0] : undefined;
  return (inner ?? error) as NodeJS.ErrnoException;
}
