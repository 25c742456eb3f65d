/** What every request passes: headers for every answer, and over TCP who may ask and from where. */

import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context, Next } from "hono";
import { MonitauriError } from "../model/error.ts";
import type { SessionPath } from "../model/limit.ts";
import { type Access, isProgramToken } from "./access.ts";
import { bearerOf, PROOF_PATH, SESSIONS_PATH } from "./access-routes.ts";
import { errorAnswer } from "./errors.ts";

/** A way in over TCP. */
export interface Door {
  readonly port: number;
  /** Whether somebody at this end may exchange a code: an address with a code in it may be seen by others, as an
   * argument of the program that opens it. Where not given: everybody. */
  readonly maySignIn?: (peer: { readonly address: string; readonly port: number }) => boolean;
  /** The connection from another machine that somebody at this end comes over, where it is one. */
  readonly sessionOf?: (peer: {
    readonly address: string;
    readonly port: number;
  }) => Promise<SessionPath | undefined>;
}

export interface GuardOptions {
  readonly door: Door | undefined;
  readonly access: Access | undefined;
}

export function addGuards(app: OpenAPIHono, { door, access }: GuardOptions): void {
  app.use(setHeaders);
  if (door === undefined) return;
  const hosts = hostsOf(door);
  app.use((context, next) => checkOrigin(hosts, context, next));
  const admit = (context: Context, next: Next) => checkBearer(access, context, next);
  app.use("/api/*", admit);
  app.use("/metrics", admit);
}

/** The names of this listener, as a browser writes them. Any other came over a name that somebody pointed here
 * (DNS rebinding). */
function hostsOf({ port }: Door): ReadonlySet<string> {
  const names = ["127.0.0.1", "localhost", "[::1]"];
  return new Set(names.flatMap((name) => [`${name}:${port}`, ...(port === 80 ? [name] : [])]));
}

/** Nothing of the page comes from elsewhere, and nobody frames or reads it from elsewhere. */
const HEADERS: Readonly<Record<string, string>> = {
  "Content-Security-Policy":
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
    "worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  "X-Content-Type-Options": "nosniff",
  "X-Frame-Options": "DENY",
  "Referrer-Policy": "no-referrer",
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Resource-Policy": "same-origin",
  "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
};

/** The same for answers that are made before a route is found. */
export function secureHeaders(): Record<string, string> {
  return { ...HEADERS, "Cache-Control": "no-store" };
}

async function setHeaders(context: Context, next: Next): Promise<void> {
  await next();
  for (const [name, value] of Object.entries(HEADERS)) context.header(name, value);
  if (!context.res.headers.has("Cache-Control")) context.header("Cache-Control", "no-store");
}

async function checkOrigin(
  hosts: ReadonlySet<string>,
  context: Context,
  next: Next,
): Promise<Response | undefined> {
  const host = context.req.header("host");
  if (host === undefined || !hosts.has(host)) {
    // 421 Misdirected Request (RFC 9110, section 15.5.20)
    return refuse(
      context,
      421,
      "This is not the host that was asked for. Open the address that monitauri open prints",
    );
  }
  const origin = context.req.header("origin");
  const isForeign =
    origin !== undefined && !(origin.startsWith("http://") && hosts.has(origin.slice(7)));
  if (isForeign || context.req.header("sec-fetch-site") === "cross-site") {
    return refuse(context, 403, "Other sites may not ask");
  }
  await next();
  return undefined;
}

function refuse(context: Context, status: 403 | 421, message: string): Response {
  return context.json(errorAnswer(new MonitauriError("forbidden", message)).body, status);
}

/** Nobody has a token yet, or wants to tell it. */
const OPEN_PATHS: ReadonlySet<string> = new Set([SESSIONS_PATH, PROOF_PATH]);
const READING: ReadonlySet<string> = new Set(["GET", "HEAD"]);

async function checkBearer(
  access: Access | undefined,
  context: Context,
  next: Next,
): Promise<Response | undefined> {
  const { path, method } = context.req;
  const isSignIn = OPEN_PATHS.has(path) && method === "POST";
  const secret = bearerOf(context);
  if (isSignIn || (secret !== undefined && access?.admits(secret) === true)) {
    // Whoever reads with a token made for a dashboard was not asked whether it may slow the machine down or silence an alert.
    if (!isSignIn && isProgramToken(secret ?? "") && !READING.has(method)) {
      return refuse(
        context,
        403,
        "The token of a program only reads. To change something use the page or the command line",
      );
    }
    await next();
    return undefined;
  }
  const message = "Cannot answer: nobody is signed in with this request. Sign in: monitauri open";
  const error = new MonitauriError("unauthorized", message);
  return context.json(errorAnswer(error).body, 401, { "WWW-Authenticate": "Bearer" });
}
