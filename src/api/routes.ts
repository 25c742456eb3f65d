/** Monitauri over HTTP: one route per question. */

import { OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context, Next } from "hono";
import { MonitauriError } from "../model/error.ts";
import { MAX_FILTER_LENGTH } from "../model/filter.ts";
import { CONNECTION_ORDERS, type Monitauri } from "../model/monitauri.ts";
import { GROUPINGS } from "../model/sample.ts";
import type { Access } from "./access.ts";
import { addAccessRoutes, bearerOf } from "./access-routes.ts";
import { addAlertRoutes } from "./alert-routes.ts";
import { errorAnswer, isBug } from "./errors.ts";
import { addGuards, type Door } from "./guard.ts";
import { addHistoryRoutes, IMPORT_PATH, MAX_IMPORT_BYTES } from "./history-routes.ts";
import { addLimitRoutes } from "./limit-routes.ts";
import { addLiveRoute, type LiveTexts, liveTextsOf } from "./live-route.ts";
import { addPage, type Page } from "./page.ts";
import { plain, route } from "./route.ts";
import {
  connectionListSchema,
  diagnosisSchema,
  groupRowSchema,
  listenerSchema,
  psRowSchema,
  statusSchema,
} from "./schemas.ts";

export const MAX_CONNECTIONS = 10_000;
/** The largest body but one is a code or a name. */
const MAX_BODY_BYTES = 16 * 1024;
/** What OpenMetrics 1.0 asks for. */
const OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8";

export interface AppOptions {
  readonly version: string;
  /** Told of errors that are no answer to the caller: mistakes in the program. */
  readonly onBug: (error: unknown) => void;
  /** Live samples as text, from who has them so already. */
  readonly liveTexts?: LiveTexts;
  readonly access?: Access;
  /** TCP: everybody on the machine reaches it, so whoever asks must say who it is. Where not given, the way in is a Unix
   * socket, and its file says who may. */
  readonly door?: Door;
  readonly page?: Page;
  /** OpenMetrics text. */
  readonly metrics?: () => string;
}

export function createApp(monitauri: Monitauri, options: AppOptions): OpenAPIHono {
  const { access, door, page, metrics } = options;
  const app = new OpenAPIHono({
    defaultHook(result) {
      if (!result.success) throw new MonitauriError("invalid", sayIssues(result.error));
    },
  });
  app.onError((error, context) => {
    if (isBug(error)) options.onBug(error);
    const { status, body } = errorAnswer(error);
    return context.json(body, status);
  });
  addGuards(app, { door, access });
  app.use((context, next) => {
    const isImport = door === undefined && context.req.path === IMPORT_PATH;
    return limitBody(context, next, isImport ? MAX_IMPORT_BYTES : MAX_BODY_BYTES);
  });
  addQuestions(app, monitauri);
  addLiveRoute(app, {
    texts: options.liveTexts ?? liveTextsOf(monitauri),
    mayGoOn: (context) => door === undefined || access?.admits(bearerOf(context) ?? "") === true,
    onBug: options.onBug,
  });
  addHistoryRoutes(app, { monitauri, door, onBug: options.onBug });
  addAlertRoutes(app, { monitauri, door });
  addLimitRoutes(app, { monitauri, door });
  addAccessRoutes(app, { monitauri, access, door });
  app.openAPIRegistry.registerComponent("securitySchemes", "token", {
    type: "http",
    scheme: "bearer",
    description: "Only over TCP",
  });
  app.doc31("/api/v1/openapi.json", openApiHead(options.version));
  if (metrics !== undefined) {
    app.get("/metrics", (context) =>
      context.body(metrics(), 200, { "Content-Type": OPEN_METRICS }),
    );
  }
  if (page !== undefined) addPage(app, page);
  app.notFound((context) => nothingThere(app, context));
  return app;
}

function openApiHead(version: string) {
  return {
    openapi: "3.1.0",
    info: { title: "Monitauri", version },
    security: [{ token: [] }],
  };
}

function addQuestions(app: OpenAPIHono, monitauri: Monitauri): void {
  app.openapi(route("get", "/status", { answer: statusSchema }), async (context) =>
    context.json(plain(await monitauri.status()), 200),
  );
  app.openapi(
    route("get", "/ps", { answer: z.array(psRowSchema), query: psQuery }),
    async (context) =>
      context.json(plain(await monitauri.ps(given(context.req.valid("query")))), 200),
  );
  app.openapi(
    route("get", "/connections", { answer: connectionListSchema, query: connectionsQuery }),
    async (context) =>
      context.json(plain(await monitauri.connections(given(context.req.valid("query")))), 200),
  );
  app.openapi(route("get", "/listeners", { answer: z.array(listenerSchema) }), async (context) =>
    context.json(plain(await monitauri.listeners()), 200),
  );
  app.openapi(
    route("get", "/groups", { answer: z.array(groupRowSchema), query: groupsQuery }),
    async (context) =>
      context.json(plain(await monitauri.groups(context.req.valid("query").by)), 200),
  );
  app.openapi(route("get", "/doctor", { answer: diagnosisSchema }), async (context) =>
    context.json(plain(await monitauri.doctor()), 200),
  );
}

const filter = z
  .string()
  .max(MAX_FILTER_LENGTH)
  .optional()
  .openapi({ example: "app:firefox port:443 rate:>1mbit" });
const psQuery = z.object({
  by: z.enum(["application", "process"]).default("application"),
  filter,
});
const connectionsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_CONNECTIONS).default(MAX_CONNECTIONS),
  offset: z.coerce.number().int().min(0).max(1_000_000).default(0),
  sort: z.enum(CONNECTION_ORDERS).default("rate"),
  reverse: z
    .enum(["true", "false"])
    .default("false")
    .transform((text) => text === "true"),
  filter,
});
const groupsQuery = z.object({ by: z.enum(GROUPINGS) });

type Given<T> = { [Key in keyof T]: Exclude<T[Key], undefined> };

/** Without what was not given. */
function given<T extends object>(query: T): Given<T> {
  const pairs = Object.entries(query).filter(([, value]) => value !== undefined);
  return Object.fromEntries(pairs) as Given<T>;
}

/** A body says how long it is (RFC 9110, section 15.5.12), so that one that is too long is never read. */
async function limitBody(
  context: Context,
  next: Next,
  maxBytes: number,
): Promise<Response | undefined> {
  if (context.req.header("transfer-encoding") !== undefined) {
    const error = new MonitauriError("invalid", "A body needs a Content-Length");
    return context.json(errorAnswer(error).body, 411, { Connection: "close" });
  }
  if (Number(context.req.header("content-length") ?? 0) > maxBytes) {
    const error = new MonitauriError("invalid", `The body is larger than ${maxBytes} bytes`);
    return context.json(errorAnswer(error).body, 413, { Connection: "close" });
  }
  await next();
  return undefined;
}

/** Nothing, or something that this method does nothing with (RFC 9110, section 15.5.6). */
function nothingThere(app: OpenAPIHono, context: Context): Response {
  const methods = app.routes
    .filter(({ method, path }) => method !== "ALL" && isAt(path, context.req.path))
    .map(({ method }) => (method === "GET" ? "GET, HEAD" : method));
  if (methods.length === 0) {
    const error = new MonitauriError("not-found", "There is nothing at this address");
    return context.json(errorAnswer(error).body, 404);
  }
  const allowed = [...new Set(methods)].join(", ");
  const error = new MonitauriError("invalid", `This address takes only ${allowed}`);
  return context.json(errorAnswer(error).body, 405, { Allow: allowed });
}

/** Whether a path is at "/api/v1/tokens/:name". */
function isAt(pattern: string, path: string): boolean {
  const parts = pattern.split("/");
  const found = path.split("/");
  return (
    parts.length === found.length &&
    parts.every((part, i) => part === found[i] || (part.startsWith(":") && found[i] !== ""))
  );
}

function sayIssues({ issues }: { issues: readonly z.core.$ZodIssue[] }): string {
  return issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
}
