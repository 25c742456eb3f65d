/** `Monitauri` over HTTP, through a request function that the caller has: fetch in a browser, a Unix socket elsewhere. */

import { type ErrorCode, MonitauriError } from "../model/error.ts";
import { PARQUET } from "../model/history.ts";
import type { Monitauri } from "../model/monitauri.ts";
import { alertQuestions } from "./alerts.ts";
import { bytesOf, historyParameters, textOf } from "./history.ts";
import { limitsClient } from "./limits.ts";
import { liveSamples } from "./live.ts";

export interface Ask {
  readonly method?: "GET" | "POST" | "PATCH" | "DELETE";
  /** Sent as JSON. */
  readonly body?: unknown;
  /** Ends the request, also while its answer is still coming. */
  readonly signal?: AbortSignal;
  /** How long the answer may take where it takes longer than others. */
  readonly patienceMs?: number;
}

export interface Answer {
  readonly status: number;
  json(): Promise<unknown>;
  /** The body as it comes, instead of json(). Throws where the connection breaks off. */
  pieces(): AsyncIterable<Uint8Array>;
}

/** Asks for a path of the API. @throws MonitauriError "unreachable" where nothing answers. */
export type RequestFunction = (path: string, ask?: Ask) => Promise<Answer>;

export function createClient(request: RequestFunction): Monitauri {
  async function ask<T>(path: string, options?: Ask): Promise<T> {
    const answer = await request(`/api/v1/${path}`, options);
    if (answer.status !== 200) throw await errorFrom(answer);
    return (await readBody(answer)) as T;
  }

  return {
    status: () => ask("status"),
    live: ({ after } = {}) =>
      liveSamples(async (signal) => {
        const answer = await request(`/api/v1/live${queryString({ after })}`, { signal });
        if (answer.status !== 200) throw await errorFrom(answer);
        return answer.pieces();
      }),
    ps: ({ by, filter } = {}) => ask(`ps${queryString({ by, filter })}`),
    connections: ({ limit, offset, sort, reverse, filter } = {}) =>
      ask(`connections${queryString({ limit, offset, sort, reverse, filter })}`),
    listeners: () => ask("listeners"),
    groups: (by) => ask(`groups${queryString({ by })}`),
    doctor: () => ask("doctor"),
    history: (query) => ask(`history${queryString(historyParameters(query))}`),
    historyState: () => ask("history/state"),
    exportHistory: ({ level, by, format, ...query }) =>
      textOf(async (signal) => {
        const parameters = { ...historyParameters(query), level, by, format };
        const answer = await request(`/api/v1/history/export${queryString(parameters)}`, {
          signal,
        });
        if (answer.status !== 200) throw await errorFrom(answer);
        return answer.pieces();
      }),
    exportParquet: ({ level, by, ...query }) =>
      bytesOf(async (signal) => {
        const parameters = { ...historyParameters(query), level, by, format: PARQUET };
        const answer = await request(`/api/v1/history/export${queryString(parameters)}`, {
          signal,
        });
        if (answer.status !== 200) throw await errorFrom(answer);
        return answer.pieces();
      }),
    importHistory: ({ format, text }) =>
      ask("history/import", { method: "POST", body: { format, text } }),
    ...alertQuestions(ask),
    ...limitsClient(ask),
    invite: () => ask("invitations", { method: "POST" }),
    tokens: () => ask("tokens"),
    addToken: (name) => ask("tokens", { method: "POST", body: { name } }),
    async removeToken(name) {
      await ask(`tokens/${encodeURIComponent(name)}`, { method: "DELETE" });
    },
  };
}

/** A list is the same name several times. */
export type Parameters = Readonly<
  Record<string, string | number | boolean | readonly string[] | undefined>
>;

export function queryString(query: Parameters): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value])
      .filter((one) => one !== undefined)
      .map((one) => `${name}=${encodeURIComponent(String(one))}`),
  );
  return pairs.length === 0 ? "" : `?${pairs.join("&")}`;
}

async function readBody(answer: Answer): Promise<unknown> {
  try {
    return await answer.json();
  } catch (cause) {
    throw new MonitauriError("failed", `The answer (status ${answer.status}) is no JSON`, {
      cause,
    });
  }
}

async function errorFrom(answer: Answer): Promise<MonitauriError> {
  const body = (await readBody(answer)) as {
    error?: { code?: ErrorCode; message?: string };
  } | null;
  const { code = "failed", message } = body?.error ?? {};
  return new MonitauriError(code, message ?? `The daemon answered with status ${answer.status}`);
}
