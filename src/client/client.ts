/** `Monitauri` over HTTP, through a request function that the caller has: fetch in a browser, a Unix socket elsewhere. */

import { type ErrorCode, MonitauriError } from "../model/error.ts";
import type { Monitauri } from "../model/monitauri.ts";

export interface Answer {
  readonly status: number;
  json(): Promise<unknown>;
}

/** GETs a path of the API. @throws MonitauriError "unreachable" where nothing answers. */
export type RequestFunction = (path: string) => Promise<Answer>;

export function createClient(request: RequestFunction): Monitauri {
  async function get<T>(
    path: string,
    query: Record<string, string | number | undefined> = {},
  ): Promise<T> {
    const answer = await request(`/api/v1/${path}${queryString(query)}`);
    const body = await readBody(answer);
    if (answer.status === 200) return body as T;
    throw errorFrom(answer.status, body);
  }

  return {
    status: () => get("status"),
    ps: (query = {}) => get("ps", { by: query.by }),
    connections: (query = {}) => get("connections", { limit: query.limit }),
    groups: (by) => get("groups", { by }),
    doctor: () => get("doctor"),
  };
}

function queryString(query: Record<string, string | number | undefined>): string {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined);
  if (pairs.length === 0) return "";
  return `?${pairs.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&")}`;
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

function errorFrom(status: number, body: unknown): MonitauriError {
  const { code, message } =
    (body as { error?: { code?: ErrorCode; message?: string } })?.error ?? {};
  return new MonitauriError(
    code ?? "failed",
    message ?? `The daemon answered with status ${status}`,
  );
}
