/** How a route is described: for the OpenAPI document, and for the checks of what comes in. */

import { createRoute, z } from "@hono/zod-openapi";
import { errorSchema } from "./schemas.ts";

const none = z.object({});

export interface RouteParts<
  Answer extends z.ZodType,
  Query extends z.ZodObject,
  Params extends z.ZodObject,
> {
  readonly answer: Answer;
  readonly query?: Query;
  readonly params?: Params;
  readonly description?: string;
}

export function route<
  const Method extends "get" | "post" | "delete",
  const Path extends string,
  Answer extends z.ZodType,
  Query extends z.ZodObject = typeof none,
  Params extends z.ZodObject = typeof none,
>(method: Method, path: Path, parts: RouteParts<Answer, Query, Params>) {
  const { answer, query, params, description } = parts;
  return createRoute({
    method,
    path: `/api/v1${path}`,
    ...(description === undefined ? {} : { description }),
    request: { query: (query ?? none) as Query, params: (params ?? none) as Params },
    responses: responses(answer),
  });
}

/** The same with a JSON body. */
export function bodyRoute<
  const Path extends string,
  Answer extends z.ZodType,
  Body extends z.ZodObject,
  Params extends z.ZodObject = typeof none,
>(path: Path, parts: BodyRouteParts<Answer, Body, Params>) {
  const { answer, body, params, description } = parts;
  return createRoute({
    method: "post",
    path: `/api/v1${path}`,
    description,
    request: {
      params: (params ?? none) as Params,
      body: { required: true, content: { "application/json": { schema: body } } },
    },
    responses: responses(answer),
  });
}

export interface BodyRouteParts<
  Answer extends z.ZodType,
  Body extends z.ZodObject,
  Params extends z.ZodObject,
> {
  readonly answer: Answer;
  readonly body: Body;
  readonly params?: Params;
  readonly description: string;
}

/** What every route answers with. */
export function responses<Answer extends z.ZodType>(answer: Answer) {
  return {
    200: { description: "The answer", content: { "application/json": { schema: answer } } },
    default: { description: "Why not", content: { "application/json": { schema: errorSchema } } },
  };
}

type Plain<T> = T extends readonly (infer Item)[]
  ? Plain<Item>[]
  : T extends object
    ? { -readonly [Key in keyof T]: Plain<T[Key]> }
    : T;

/** The answers are the model's types, to which schemas.ts is held when it compiles; this only drops "readonly".
 * Checking each answer again would cost time on every request. */
export function plain<T>(value: T): Plain<T> {
  return value as Plain<T>;
}
