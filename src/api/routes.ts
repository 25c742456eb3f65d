/** Monitauri over HTTP: one route per question, and the one place where errors become statuses. */

import { createRoute, OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context, Next } from "hono";
import { bodyLimit } from "hono/body-limit";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { type ErrorCode, MonitauriError } from "../model/error.ts";
import type { Monitauri } from "../model/monitauri.ts";
import { GROUPINGS } from "../model/sample.ts";
import {
  connectionListSchema,
  diagnosisSchema,
  errorSchema,
  groupRowSchema,
  psRowSchema,
  statusSchema,
} from "./schemas.ts";

export const MAX_CONNECTIONS = 10_000;
/** No question so far has a body. */
const MAX_BODY_BYTES = 16 * 1024;

const STATUSES: Record<ErrorCode, ContentfulStatusCode> = {
  unsupported: 501,
  forbidden: 403,
  busy: 409,
  invalid: 400,
  "not-found": 404,
  unreachable: 503,
  failed: 500,
};

export interface AppOptions {
  readonly version: string;
  /** Told of errors that are no answer to the caller: mistakes in the program. */
  readonly onBug: (error: unknown) => void;
}

export function createApp(monitauri: Monitauri, options: AppOptions): OpenAPIHono {
  const app = new OpenAPIHono({
    defaultHook(result) {
      if (!result.success) throw new MonitauriError("invalid", sayIssues(result.error));
    },
  });
  app.onError((error, context) => {
    if (!(error instanceof MonitauriError)) options.onBug(error);
    const { status, body } = errorAnswer(error);
    return context.json(body, status);
  });
  app.notFound(() => {
    throw new MonitauriError("not-found", "There is nothing at this address");
  });
  app.use(setHeaders);
  app.use(bodyLimit({ maxSize: MAX_BODY_BYTES, onError: refuseBody }));
  // The answers are the model's types, to which schemas.ts is held when it compiles; `plain` only drops "readonly".
  // Checking each answer again would cost time on every request.
  app.openapi(get("/status", { answer: statusSchema }), async (context) =>
    context.json(plain(await monitauri.status()), 200),
  );
  app.openapi(get("/ps", { answer: z.array(psRowSchema), query: psQuery }), async (context) =>
    context.json(plain(await monitauri.ps(context.req.valid("query"))), 200),
  );
  app.openapi(
    get("/connections", { answer: connectionListSchema, query: connectionsQuery }),
    async (context) =>
      context.json(plain(await monitauri.connections(context.req.valid("query"))), 200),
  );
  app.openapi(
    get("/groups", { answer: z.array(groupRowSchema), query: groupsQuery }),
    async (context) =>
      context.json(plain(await monitauri.groups(context.req.valid("query").by)), 200),
  );
  app.openapi(get("/doctor", { answer: diagnosisSchema }), async (context) =>
    context.json(plain(await monitauri.doctor()), 200),
  );
  app.doc31("/api/v1/openapi.json", {
    openapi: "3.1.0",
    info: { title: "Monitauri", version: options.version },
  });
  return app;
}

async function setHeaders(context: Context, next: Next): Promise<void> {
  await next();
  context.header("Cache-Control", "no-store");
  context.header("X-Content-Type-Options", "nosniff");
}

function refuseBody(): never {
  throw new MonitauriError("invalid", `The body is larger than ${MAX_BODY_BYTES} bytes`);
}

const noQuery = z.object({});
const psQuery = z.object({ by: z.enum(["application", "process"]).default("application") });
const connectionsQuery = z.object({
  limit: z.coerce.number().int().min(1).max(MAX_CONNECTIONS).default(MAX_CONNECTIONS),
});
const groupsQuery = z.object({ by: z.enum(GROUPINGS) });

function get<Answer extends z.ZodType, Query extends z.ZodObject = typeof noQuery>(
  path: string,
  { answer, query }: { answer: Answer; query?: Query },
) {
  return createRoute({
    method: "get",
    path: `/api/v1${path}`,
    request: { query: (query ?? noQuery) as Query },
    responses: {
      200: { description: "The answer", content: { "application/json": { schema: answer } } },
      default: { description: "Why not", content: { "application/json": { schema: errorSchema } } },
    },
  });
}

type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Plain<T[Key]> }
    : T;

function plain<T>(value: T): Plain<T> {
  return value as Plain<T>;
}

function errorAnswer(error: unknown) {
  const known = error instanceof MonitauriError;
  const code = known ? error.code : "failed";
  const message = known ? error.message : "Something went wrong. The daemon's log says what";
  return { status: STATUSES[code], body: { error: { code, message } } };
}

function sayIssues({ issues }: { issues: readonly z.core.$ZodIssue[] }): string {
  return issues.map(({ path, message }) => `${path.join(".")}: ${message}`).join("; ");
}
