/** Reads the start of a plain HTTP request: RFC 9112; of HTTP/2 only that it is spoken (RFC 9113 section 3.4). */

import { latin1Text } from "./byte-reader.ts";
import { hostName } from "./host-name.ts";

export interface HttpRequest {
  readonly version: "1.0" | "1.1" | "2";
  /** Upper case; undefined in HTTP/2, where it is compressed. */
  readonly method: string | undefined;
  /** Of the site that was asked for, without the port. Undefined: an address, no proper name, several different ones,
   * behind the cut, or HTTP/2. */
  readonly host: string | undefined;
  /** The request goes to a proxy: `host` is then not the other end of this connection. */
  readonly isProxied: boolean;
  /** False: the headers go on behind what is here. */
  readonly isComplete: boolean;
}

/** Bytes looked at; longer targets and headers hide the host. */
const HEAD_LIMIT = 8192;
const PREFACE = "PRI * HTTP/2.0\r\n";
const REQUEST_LINE = /^([A-Z][A-Z-]{1,19}) ([\x21-\x7e]{1,8000}) HTTP\/1\.([01])$/;

/** The request at the start of what a client sent; undefined where there is none, or not its whole first line. */
export function parseHttpRequest(bytes: Uint8Array): HttpRequest | undefined {
  // A is the first letter of a method, Z the last: most streams are something else.
  const first = bytes[0] ?? 0;
  if (first < 0x41 || first > 0x5a) return undefined;
  const length = Math.min(bytes.length, HEAD_LIMIT);
  const text = latin1Text(bytes, length);
  if (text.startsWith(PREFACE)) {
    return { version: "2", method: undefined, host: undefined, isProxied: false, isComplete: true };
  }
  const lineEnd = text.indexOf("\n");
  const request = lineEnd < 0 ? null : REQUEST_LINE.exec(line(text, 0, lineEnd));
  if (request === null) return undefined;
  const [, method, target = "", minor] = request;
  const { host, isComplete } = readHost(text, lineEnd + 1);
  return {
    version: minor === "0" ? "1.0" : "1.1",
    method,
    host,
    isProxied: method === "CONNECT" || /^[a-z][a-z\d+.-]*:\/\//i.test(target),
    isComplete: isComplete || length === HEAD_LIMIT,
  };
}

/** Only whole lines count: half a name would be another name. */
function readHost(text: string, start: number): Pick<HttpRequest, "host" | "isComplete"> {
  const hosts = new Set<string | undefined>();
  for (let at = start; ; ) {
    const end = text.indexOf("\n", at);
    if (end < 0) return { host: only(hosts), isComplete: false };
    const header = line(text, at, end);
    if (header === "") return { host: only(hosts), isComplete: true };
    if (/^host:/i.test(header)) hosts.add(hostName(withoutPort(header.slice(5).trim())));
    at = end + 1;
  }
}

function line(text: string, start: number, end: number): string {
  return text.slice(start, text[end - 1] === "\r" ? end - 1 : end);
}

function withoutPort(host: string): string {
  return host.replace(/:\d{0,5}$/, "");
}

function only(hosts: ReadonlySet<string | undefined>): string | undefined {
  return hosts.size === 1 ? [...hosts][0] : undefined;
}
