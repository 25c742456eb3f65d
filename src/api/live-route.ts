/** The live stream as server-sent events (WHATWG HTML, section 9.2). A reader's socket decides the pace: the next event
 * is made when the last one is on its way. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Context } from "hono";
import type { LiveQuery } from "../model/live.ts";
import type { Monitauri } from "../model/monitauri.ts";
import { errorSchema, liveSampleSchema } from "./schemas.ts";

/** Without samples a comment says that the connection is alive. */
const ALIVE_MS = 15_000;
/** How long a browser waits before it reads on. */
const RETRY_MS = 1_000;

/** A sample as it is sent. */
export interface LiveText {
  readonly id: number;
  readonly text: string;
}

export type LiveTexts = (query: LiveQuery) => AsyncIterable<LiveText>;

export interface LiveRouteOptions {
  readonly texts: LiveTexts;
  /** Whether whoever began to read may go on: asked for each sample, since a token can be taken away. */
  readonly mayGoOn: (context: Context) => boolean;
  /** Told of what breaks while an answer is under way. */
  readonly onBug: (error: unknown) => void;
}

export function addLiveRoute(app: OpenAPIHono, options: LiveRouteOptions): void {
  const { texts, mayGoOn, onBug } = options;
  app.openapi(liveRoute, (context) => {
    const { after } = context.req.valid("query");
    const seen = after ?? lastEventId(context.req.header("last-event-id"));
    const headers = { "Content-Type": "text/event-stream; charset=utf-8" };
    // A HEAD has no body that would ever be read to its end.
    if (context.req.raw.method === "HEAD") return new Response(null, { headers });
    const events = texts(seen === undefined ? {} : { after: seen })[Symbol.asyncIterator]();
    return new Response(eventStream(events, { mayGoOn: () => mayGoOn(context), onBug }), {
      headers,
    });
  });
}

/** For a Monitauri that does not keep its samples as text. */
export function liveTextsOf(monitauri: Monitauri): LiveTexts {
  return async function* (query) {
    for await (const sample of monitauri.live(query)) {
      yield { id: sample.id, text: JSON.stringify(sample) };
    }
  };
}

const id = z.coerce.number().int().min(0).max(Number.MAX_SAFE_INTEGER);

const liveRoute = createRoute({
  method: "get",
  path: "/api/v1/live",
  description:
    "Server-sent events: `id` is the sample's, `data` is a LiveSample. Begins with the latest, or behind the id given " +
    "with `after` or Last-Event-ID as far as the daemon remembers.",
  request: {
    query: z.object({ after: id.optional() }),
    headers: z.object({ "last-event-id": z.string().optional() }),
  },
  responses: {
    200: {
      description: "The stream",
      content: { "text/event-stream": { schema: liveSampleSchema } },
    },
    default: { description: "Why not", content: { "application/json": { schema: errorSchema } } },
  },
});

/** Whatever a browser sends there that is no id of ours is as good as none. */
function lastEventId(header: string | undefined): number | undefined {
  const parsed = id.safeParse(header === undefined || header === "" ? undefined : header);
  return parsed.success ? parsed.data : undefined;
}

function eventStream(
  events: AsyncIterator<LiveText>,
  { mayGoOn, onBug }: { mayGoOn: () => boolean; onBug: (error: unknown) => void },
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let next: Promise<IteratorResult<LiveText>> | undefined;
  let greeting: string | undefined = `retry: ${RETRY_MS}\n\n`;

  /** undefined: the end. */
  async function nextEvent(): Promise<string | undefined> {
    try {
      next ??= events.next();
      const found = await withinOr(next, ALIVE_MS);
      if (found === undefined) return ": nothing new\n\n";
      next = undefined;
      if (found.done !== true && mayGoOn()) {
        return `id: ${found.value.id}\ndata: ${found.value.text}\n\n`;
      }
      await events.return?.();
    } catch (error) {
      // An answer that has begun has no place for an error.
      onBug(error);
    }
    return undefined;
  }

  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        if (greeting !== undefined) {
          controller.enqueue(encoder.encode(greeting));
          greeting = undefined;
          return;
        }
        const event = await nextEvent();
        if (event === undefined) controller.close();
        else controller.enqueue(encoder.encode(event));
      },
      async cancel() {
        await events.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

async function withinOr<T>(promise: Promise<T>, timeoutMs: number): Promise<T | undefined> {
  const late = Promise.withResolvers<undefined>();
  const timer = setTimeout(() => late.resolve(undefined), timeoutMs);
  try {
    return await Promise.race([promise, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
