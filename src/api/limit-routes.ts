/** The routes of limits and quotas. Whoever may open the Unix socket may change them, and so may a page that is signed in; a
 * token of a program only reads. */

import { getConnInfo } from "@hono/node-server/conninfo";
import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { ChangeOptions, SessionPath } from "../model/limit.ts";
import type { Monitauri } from "../model/monitauri.ts";
import type { Door } from "./guard.ts";
import {
  clearedSchema,
  limitChangeBody,
  limitChangedSchema,
  limitListSchema,
  limitPreviewBody,
  limitPreviewSchema,
  limitWishBody,
  quotaAnswerSchema,
  quotaChangeBody,
  quotaPreviewBody,
  quotaPreviewSchema,
  quotaWishBody,
} from "./limit-schemas.ts";
import { bodyRoute, plain, responses, route } from "./route.ts";

export interface LimitRoutes {
  readonly monitauri: Monitauri;
  /** undefined: the Unix socket. */
  readonly door: Door | undefined;
}

export function addLimitRoutes(app: OpenAPIHono, { monitauri, door }: LimitRoutes): void {
  app.openapi(list, async (context) => context.json(plain(await monitauri.limits()), 200));
  app.openapi(add, async (context) => {
    const { via, ...wish } = context.req.valid("json");
    const options = await optionsOf(context, { door, via });
    return context.json(plain(await monitauri.addLimit(wish, options)), 200);
  });
  app.openapi(preview, async (context) => {
    const { via, id, ...change } = context.req.valid("json");
    const options = await optionsOf(context, { door, via });
    return context.json(plain(await monitauri.previewLimit(change, id, options)), 200);
  });
  app.openapi(set, async (context) => {
    const { via, ...change } = context.req.valid("json");
    const options = await optionsOf(context, { door, via });
    const { id } = context.req.valid("param");
    return context.json(plain(await monitauri.setLimit(id, change, options)), 200);
  });
  app.openapi(confirm, async (context) => {
    await monitauri.confirmLimit(context.req.valid("param").id);
    return context.json({}, 200);
  });
  app.openapi(remove, async (context) => {
    await monitauri.removeLimit(context.req.valid("param").id);
    return context.json({}, 200);
  });
  app.openapi(clear, async (context) => {
    return context.json({ count: await monitauri.clearLimits() }, 200);
  });
  addQuotaRoutes(app, { monitauri, door });
}

function addQuotaRoutes(app: OpenAPIHono, { monitauri, door }: LimitRoutes): void {
  app.openapi(addQuota, async (context) => {
    return context.json(plain(await monitauri.addQuota(quotaWish(context.req.valid("json")))), 200);
  });
  app.openapi(setQuota, async (context) => {
    const { id } = context.req.valid("param");
    return context.json(
      plain(await monitauri.setQuota(id, quotaWish(context.req.valid("json")))),
      200,
    );
  });
  app.openapi(previewQuota, async (context) => {
    const { id, ...change } = context.req.valid("json");
    return context.json(plain(await monitauri.previewQuota(quotaWish(change), id)), 200);
  });
  app.openapi(removeQuota, async (context) => {
    await monitauri.removeQuota(context.req.valid("param").id);
    return context.json({}, 200);
  });
}

/** The session that a change comes over: the command line's says so itself, a browser's end is seen here. */
async function optionsOf(
  context: Context,
  { door, via }: { door: Door | undefined; via: SessionPath | undefined },
): Promise<ChangeOptions> {
  if (door === undefined) return { via };
  if (door.sessionOf === undefined) return {};
  const { address, port } = getConnInfo(context).remote;
  if (address === undefined || port === undefined) return {};
  return { via: await door.sessionOf({ address, port }) };
}

// A target is checked by the model as well, whose type says more than the schema.
function quotaWish<T>(wish: T): T & { target: never } {
  return wish as T & { target: never };
}

const one = { params: z.object({ id: z.string().max(16) }) };
const list = route("get", "/limits", {
  answer: limitListSchema,
  description: "Limits and quotas, what they apply to and what they hold now.",
});
const add = bodyRoute("/limits", {
  answer: limitChangedSchema,
  body: limitWishBody,
  description:
    "Adds a limit. Rates are bytes a second of what is on the wire. Where `confirmByMs` is not null the rule is taken " +
    "back then unless it is confirmed: it touches the session that the request came over.",
});
const preview = bodyRoute("/limits/preview", {
  answer: limitPreviewSchema,
  body: limitPreviewBody,
  description: "What a limit or its change would do, without doing it.",
});
const set = patchRoute("/limits/{id}", {
  answer: limitChangedSchema,
  body: limitChangeBody,
  description: "Changes what is given, and nothing else.",
});
const confirm = route("post", "/limits/{id}/confirm", {
  answer: z.object({}),
  ...one,
  description: "Keeps a change that would be taken back.",
});
const remove = route("delete", "/limits/{id}", { answer: z.object({}), ...one });
const clear = route("delete", "/limits", {
  answer: clearedSchema,
  description: "Removes all limits, and says how many there were. Quotas stay.",
});
const addQuota = bodyRoute("/quotas", {
  answer: quotaAnswerSchema,
  body: quotaWishBody,
  description: "Adds a quota. What it has used is in the list of limits.",
});
const setQuota = patchRoute("/quotas/{id}", {
  answer: quotaAnswerSchema,
  body: quotaChangeBody,
  description:
    "Changes what is given; `overrideToday` lets its steps wait until the local day ends.",
});
const previewQuota = bodyRoute("/quotas/preview", {
  answer: quotaPreviewSchema,
  body: quotaPreviewBody,
  description:
    "What a quota or its change would come to: what is used of it already, and what its step would do now.",
});
const removeQuota = route("delete", "/quotas/{id}", { answer: z.object({}), ...one });

function patchRoute<const Path extends string, Answer extends z.ZodType, Body extends z.ZodObject>(
  path: Path,
  { answer, body, description }: { answer: Answer; body: Body; description: string },
) {
  return createRoute({
    method: "patch",
    path: `/api/v1${path}`,
    description,
    request: {
      ...one,
      body: { required: true, content: { "application/json": { schema: body } } },
    },
    responses: responses(answer),
  });
}
