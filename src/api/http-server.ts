/** The HTTP server under both ways in, with its limits: nobody takes more than a share of it. */

import { createServer, type Server } from "node:http";
import { getRequestListener } from "@hono/node-server";
import { MonitauriError } from "../model/error.ts";
import { errorAnswer } from "./errors.ts";
import { secureHeaders } from "./guard.ts";

const LIMITS = {
  maxHeaderSize: 8 * 1024,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 2_000,
} as const;
/** Connections at a time; further ones are closed at once. Over TCP, fair-share.ts sees to it that they are not one user's. */
export const MAX_CLIENTS = 128;
/** A connection on which nothing moves is ended: a reader of the live stream that takes nothing, too, since even without
 * samples there is a comment for it twice in this time. */
export const IDLE_MS = 30_000;
/** What answers under way, and streams that are told to end, get when the server closes. */
const GRACE_MS = 200;

/** `env` has what lies below the request, such as its connection. */
export type Fetch = (request: Request, env: object) => Response | Promise<Response>;

export interface HttpServerOptions {
  readonly idleMs?: number;
  /** How long the head of a request may take. */
  readonly headersMs?: number;
}

export function createHttpServer(fetch: Fetch, options: HttpServerOptions = {}): Server {
  const { idleMs = IDLE_MS, headersMs = LIMITS.headersTimeout } = options;
  const listener = getRequestListener(fetch, { overrideGlobalObjects: false, errorHandler });
  const limits = {
    ...LIMITS,
    headersTimeout: headersMs,
    connectionsCheckingInterval: Math.min(headersMs, LIMITS.connectionsCheckingInterval),
  };
  const server = createServer(limits, (incoming, outgoing) => void listener(incoming, outgoing));
  server.maxConnections = MAX_CLIENTS;
  server.timeout = idleMs;
  return server;
}

export async function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve()); // libuv removes a Unix socket
  const timer = setTimeout(() => server.closeAllConnections(), GRACE_MS);
  await promise;
  clearTimeout(timer);
}

/** For requests that never become one: a Host or an address that is none. */
function errorHandler(): Response {
  const error = new MonitauriError("invalid", "This is no request that makes sense");
  return Response.json(errorAnswer(error).body, { status: 400, headers: secureHeaders() });
}
