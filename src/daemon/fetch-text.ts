/** Fetches a text from an https address that a user gave: each redirect is checked as the address itself. */

import { openHttp } from "../alerts/deliver/http-request.ts";

const TIMEOUT_MS = 60_000;
const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number | undefined> = new Set([301, 302, 303, 307, 308]);

export interface FetchTextOptions {
  /** Whether addresses of this machine and of private networks may be asked; for tests. */
  readonly allowInternal?: (url: URL) => boolean;
  readonly ca?: string;
}

/** The daemon may be root and see more than whoever names the address: internal addresses are refused, on the way too.
 * @throws Error that says why, in words. */
export async function fetchText(
  address: string,
  { allowInternal = () => false, ca }: FetchTextOptions = {},
): Promise<AsyncIterable<Uint8Array>> {
  const signal = AbortSignal.timeout(TIMEOUT_MS);
  let url = new URL(address);
  for (let hops = 0; hops <= MAX_REDIRECTS; hops += 1) {
    if (url.protocol !== "https:") throw new Error("the server led to a plain address");
    const answer = await openHttp({
      url,
      method: "GET",
      headers: { accept: "text/plain, */*", "accept-encoding": "identity" },
      body: "",
      allowInternal: allowInternal(url),
      ca,
      signal,
      timeoutMs: TIMEOUT_MS,
    });
    const { statusCode, headers } = answer;
    if (statusCode === 200) return answer;
    answer.destroy();
    if (!REDIRECTS.has(statusCode) || headers.location === undefined) {
      throw new Error(`the server answered ${statusCode}`);
    }
    url = new URL(headers.location, url);
  }
  throw new Error(`the server led elsewhere more than ${MAX_REDIRECTS} times`);
}
