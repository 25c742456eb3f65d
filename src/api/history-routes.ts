/** The routes of the past: questions, the export as a stream, and the import. */

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { MonitauriError } from "../model/error.ts";
import {
  EXPORT_FORMATS,
  EXPORT_KINDS,
  type ExportFormat,
  type ExportQuery,
  HISTORY_GROUPINGS,
  HISTORY_LEVELS,
  HISTORY_TRAFFIC,
  type HistoryFilter,
  type HistoryGrouping,
  type HistoryQuery,
  MAX_FILTER_KEYS,
  MAX_TOP,
  PARQUET,
} from "../model/history.ts";
import { IMPORT_FORMATS, MAX_IMPORT_LENGTH, type Monitauri } from "../model/monitauri.ts";
import type { Door } from "./guard.ts";
import { historyAnswerSchema, historyStateSchema, importReportSchema } from "./history-schemas.ts";
import { bodyRoute, plain, route } from "./route.ts";
import { errorSchema } from "./schemas.ts";

export const IMPORT_PATH = "/api/v1/history/import";
/** As JSON a text takes more: its quotes, and characters of several bytes. */
export const MAX_IMPORT_BYTES = 2 * MAX_IMPORT_LENGTH;

export interface HistoryRoutes {
  readonly monitauri: Monitauri;
  /** undefined: the Unix socket; whoever may open it may add to the history. */
  readonly door: Door | undefined;
  /** Told of what breaks while an answer is under way. */
  readonly onBug: (error: unknown) => void;
}

export function addHistoryRoutes(app: OpenAPIHono, options: HistoryRoutes): void {
  const { monitauri, door, onBug } = options;
  app.openapi(historyRoute, async (context) =>
    context.json(plain(await monitauri.history(queryOf(context.req.valid("query")))), 200),
  );
  app.openapi(stateRoute, async (context) =>
    context.json(plain(await monitauri.historyState()), 200),
  );
  app.openapi(exportRoute, async (context) => {
    const { format, ...query } = exportOf(context.req.valid("query"));
    const headers = headersOf(format);
    const rows =
      format === PARQUET
        ? monitauri.exportParquet(query)
        : monitauri.exportHistory({ ...query, format });
    const pieces: AsyncIterator<Piece> = rows[Symbol.asyncIterator]();
    // The first piece before the head: what is wrong with the question has a status then.
    const first = await pieces.next();
    if (context.req.raw.method === "HEAD") {
      await pieces.return?.();
      return new Response(null, { headers });
    }
    return new Response(byteStream(first, pieces, onBug), { headers });
  });
  app.openapi(importRoute, async (context) => {
    if (door !== undefined) {
      throw new MonitauriError("forbidden", "Only the command line imports: monitauri import");
    }
    return context.json(plain(await monitauri.importHistory(context.req.valid("json"))), 200);
  });
}

const PARQUET_TYPE = "application/vnd.apache.parquet";
const MS = /^-?\d{1,15}$/;
const time = z
  .string()
  .refine((text) => MS.test(text) || z.iso.datetime({ offset: true }).safeParse(text).success, {
    error: "give milliseconds since 1970, or ISO 8601 with a zone as 2026-11-08T12:00:00Z",
  })
  .transform((text) => (MS.test(text) ? Number(text) : Date.parse(text)))
  .openapi({ example: "2026-11-08T12:00:00+01:00" });
const keys = z
  .preprocess(
    (given) => (typeof given === "string" ? [given] : given),
    z.array(z.string().max(4_096)).max(MAX_FILTER_KEYS),
  )
  .optional();
const yesOrNo = z.enum(["true", "false"]).optional();
const period = { from: time, to: time };
// A filter that is misspelt must not count everything.
const historyQuery = z.strictObject({
  ...period,
  groupBy: z.enum(HISTORY_GROUPINGS).optional(),
  traffic: z.enum(HISTORY_TRAFFIC).optional(),
  top: z.coerce.number().int().min(0).max(MAX_TOP).optional(),
  step: z
    .union([z.literal("auto"), z.coerce.number().int().min(1)])
    .optional()
    .openapi({ type: "string", example: "auto", description: '"auto" or milliseconds' }),
  before: z.enum(["previous"]).optional(),
  beforeFrom: time.optional(),
  beforeTo: time.optional(),
  percentile: yesOrNo,
  ...filterShape(),
});
const exportQuery = z.strictObject({
  ...period,
  level: z.enum(HISTORY_LEVELS).default("minute"),
  by: z.enum(EXPORT_KINDS).optional(),
  traffic: z.enum(HISTORY_TRAFFIC).optional(),
  format: z.enum([...EXPORT_FORMATS, PARQUET]).default("csv"),
  ...filterShape(),
});

function filterShape() {
  const shape = Object.fromEntries(HISTORY_GROUPINGS.map((by) => [by, keys]));
  return shape as Record<HistoryGrouping, typeof keys>;
}

const historyRoute = route("get", "/history", {
  answer: historyAnswerSchema,
  query: historyQuery,
  description:
    "What used the network in a period. A filter is the name of a grouping with a key of its rows; it may be given " +
    "several times, and several groupings must all hold. Compared is with `before=previous`, the period as long right " +
    "before, or with `beforeFrom` and `beforeTo`.",
});
const stateRoute = route("get", "/history/state", {
  answer: historyStateSchema,
  description: "How far the history reaches, how large it is and what is wrong with it.",
});
const exportRoute = createRoute({
  method: "get",
  path: "/api/v1/history/export",
  description:
    "Rows as they are stored, of any number. A connection that breaks off before its end has lost rows. Seconds have " +
    "applications and interfaces only; minutes and hours are also there by process.",
  request: { query: exportQuery },
  responses: {
    200: {
      description: "The rows",
      content: {
        "text/csv": { schema: z.string() },
        "application/x-ndjson": { schema: z.string() },
        [PARQUET_TYPE]: { schema: z.string().openapi({ format: "binary" }) },
      },
    },
    default: { description: "Why not", content: { "application/json": { schema: errorSchema } } },
  },
});
const importRoute = bodyRoute("/history/import", {
  answer: importReportSchema,
  body: z.object({
    format: z.enum(IMPORT_FORMATS),
    text: z.string().max(MAX_IMPORT_LENGTH),
  }),
  description: "Adds days that another program counted before this one did. Unix socket only.",
});

function queryOf(asked: z.infer<typeof historyQuery>): HistoryQuery {
  const { from, to, groupBy, traffic, top, step, before, beforeFrom, beforeTo, percentile } = asked;
  if ((beforeFrom === undefined) !== (beforeTo === undefined)) {
    throw new MonitauriError("invalid", "Cannot compare: give both beforeFrom and beforeTo");
  }
  const other =
    beforeFrom === undefined || beforeTo === undefined
      ? before
      : { fromMs: beforeFrom, toMs: beforeTo };
  return {
    fromMs: from,
    toMs: to,
    ...(groupBy === undefined ? {} : { groupBy }),
    ...filterOf(asked),
    ...(traffic === undefined ? {} : { traffic }),
    ...(top === undefined ? {} : { top }),
    ...(step === undefined ? {} : { stepMs: step }),
    ...(other === undefined ? {} : { before: other }),
    ...(percentile === "true" ? { percentile: true } : {}),
  };
}

function exportOf(
  asked: z.infer<typeof exportQuery>,
): Omit<ExportQuery, "format"> & { readonly format: ExportFormat | typeof PARQUET } {
  const { from, to, level, format, by, traffic } = asked;
  return {
    fromMs: from,
    toMs: to,
    level,
    format,
    ...(by === undefined ? {} : { by }),
    ...(traffic === undefined ? {} : { traffic }),
    ...filterOf(asked),
  };
}

function filterOf(asked: { readonly [By in HistoryGrouping]?: string[] | undefined }): {
  filter?: HistoryFilter;
} {
  const given = HISTORY_GROUPINGS.flatMap((by) => {
    const wanted = asked[by];
    return wanted === undefined ? [] : [[by, wanted] as const];
  });
  return given.length === 0 ? {} : { filter: Object.fromEntries(given) };
}

const TYPES = {
  csv: "text/csv; charset=utf-8",
  jsonl: "application/x-ndjson; charset=utf-8",
  [PARQUET]: PARQUET_TYPE,
};

function headersOf(format: keyof typeof TYPES): Record<string, string> {
  return {
    "Content-Type": TYPES[format],
    "Content-Disposition": `attachment; filename="monitauri-history.${format}"`,
  };
}

type Piece = string | Uint8Array;

/** The next piece is made when the reader's socket takes it. */
function byteStream(
  first: IteratorResult<Piece>,
  pieces: AsyncIterator<Piece>,
  onBug: (error: unknown) => void,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  let found: IteratorResult<Piece> | undefined = first;
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          // A piece without rows says nothing, and pull() is only called again after one that does.
          while (found === undefined || (found.done !== true && found.value.length === 0)) {
            found = await pieces.next();
          }
          if (found.done === true) return controller.close();
          const { value } = found;
          controller.enqueue(typeof value === "string" ? encoder.encode(value) : value);
          found = undefined;
        } catch (error) {
          // Breaks the connection off: an end would say that this is all.
          onBug(error);
          controller.error(error);
        }
      },
      async cancel() {
        await pieces.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}
