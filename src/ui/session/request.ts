/** Asks the daemon that served this page, with the token of the session. */

import type { Answer, RequestFunction } from "../../client/client.ts";
import { MonitauriError } from "../../model/error.ts";
import type { Trust } from "./trust.ts";

/** An answer to a question takes no longer; the live stream does, and has a signal of its own. */
const LONGEST_ANSWER_MS = 15_000;

export interface RequestOptions {
  /** May wait until somebody has signed in. */
  token(): string | undefined | Promise<string>;
  /** Asked before a token is sent. */
  readonly trust: Trust;
  /** The daemon does not know this token. */
  onUnauthorized(refused: string | undefined): void;
}

export function requestWith({ token, trust, onUnauthorized }: RequestOptions): RequestFunction {
  return async (path, { method = "GET", body, signal } = {}) => {
    const headers: Record<string, string> = {};
    const known = await token();
    if (known !== undefined) {
      await trust.check(known).catch((error: unknown) => {
        if (error instanceof MonitauriError && error.code === "unauthorized") onUnauthorized(known);
        throw error;
      });
      headers.Authorization = `Bearer ${known}`;
    }
    if (body !== undefined) headers["Content-Type"] = "application/json";
    const response = await fetch(path, {
      method,
      headers,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: signal ?? AbortSignal.timeout(LONGEST_ANSWER_MS),
      cache: "no-store",
    }).catch((cause) => {
      trust.doubt();
      throw new MonitauriError("unreachable", "The daemon does not answer", { cause });
    });
    if (response.status === 401) {
      onUnauthorized(known);
      throw new MonitauriError("unauthorized", UNKNOWN_SESSION);
    }
    return answerOf(response, trust);
  };
}

export const UNKNOWN_SESSION = "This session is not known to the daemon";

function answerOf(response: Response, trust: Trust): Answer {
  return {
    status: response.status,
    json: () => response.json(),
    pieces: () => pieces(response, trust),
  };
}

async function* pieces(response: Response, trust: Trust): AsyncGenerator<Uint8Array> {
  const reader = response.body?.getReader();
  if (reader === undefined) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    // The daemon's end shows here first.
    trust.doubt();
    await reader.cancel().catch(() => undefined);
  }
}
