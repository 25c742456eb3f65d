/** The answers about the past as zod schemas; the compiler holds them to the model's types. */

import { z } from "@hono/zod-openapi";
import {
  HISTORY_LEVELS,
  HISTORY_REMOTES,
  type HistoryAnswer,
  type HistoryState,
  type ImportReport,
} from "../model/history.ts";
import type { Same } from "./schemas.ts";

const count = z.number();
const period = { fromMs: count, toMs: count };
const level = z.enum(HISTORY_LEVELS);

const historyBytes = z
  .object({
    rxBytes: count,
    txBytes: count,
    rxLoopbackBytes: count,
    txLoopbackBytes: count,
    connectionsOpened: count.nullable(),
  })
  .openapi("HistoryBytes");

const historyRow = historyBytes
  .extend({
    key: z.string(),
    name: z.string(),
    before: historyBytes.nullable(),
    rxSeries: z.array(count),
    txSeries: z.array(count),
  })
  .openapi("HistoryRow");

const historySeries = z
  .object({
    level,
    stepMs: count,
    startsMs: z.array(count),
    observedMs: z.array(count),
    rxBytes: z.array(count),
    txBytes: z.array(count),
  })
  .openapi("HistorySeries");

const historyGap = z
  .object({
    ...period,
    reason: z.enum(["suspended", "clock-changed", "sampler-restarted", "late", "off", "not-kept"]),
    detail: z.string(),
  })
  .openapi("HistoryGap");

const historySession = z
  .object({ ...period, version: z.string(), clean: z.boolean().nullable() })
  .openapi("HistorySession");

const coverageBytes = z
  .object({
    interface: z.string(),
    rxCountedBytes: count,
    txCountedBytes: count,
    rxAttributedBytes: count,
    txAttributedBytes: count,
  })
  .openapi("CoverageBytes");

export const historyAnswerSchema = z
  .object({
    ...period,
    total: historyBytes,
    observedMs: count,
    rows: z.array(historyRow),
    others: historyRow.extend({ count }).nullable(),
    series: historySeries.nullable(),
    before: z.object({ ...period, total: historyBytes, observedMs: count }).nullable(),
    percentile95: z
      .object({
        rxBytesPerSecond: count,
        txBytesPerSecond: count,
        sampleMs: count,
        samples: count,
      })
      .nullable(),
    coverage: z.array(coverageBytes),
    gaps: z.array(historyGap),
    sessions: z.array(historySession),
  })
  .openapi("HistoryAnswer");

export const historyStateSchema = z
  .object({
    path: z.string(),
    fileBytes: count,
    settings: z.object({
      secondHours: count,
      minuteDays: count,
      hourDays: count,
      dayDays: count.nullable(),
      remotes: z.enum(HISTORY_REMOTES),
      remoteDays: count.nullable(),
      maxBytes: count,
    }),
    zone: z.string(),
    firstAtMs: count.optional(),
    lastAtMs: count.optional(),
    keptFromMs: z.object({ second: count, minute: count, hour: count, day: count }),
    warnings: z.array(z.string()),
    fault: z.string().optional(),
    waitingTicks: count,
    lostTicks: count,
  })
  .openapi("HistoryState");

export const importReportSchema = z
  .object({ days: count, skippedDays: count, interfaces: z.array(z.string()) })
  .openapi("ImportReport");

// Never called, as in schemas.ts.
export const HISTORY_SCHEMAS_MATCH: [
  Same<typeof historyAnswerSchema, HistoryAnswer>,
  Same<typeof historyStateSchema, HistoryState>,
  Same<typeof importReportSchema, ImportReport>,
] = [true, true, true];
