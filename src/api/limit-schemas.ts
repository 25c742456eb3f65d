/** Limits and quotas as zod schemas; the compiler holds the answers to the model's types. */

import { z } from "@hono/zod-openapi";
import {
  LIMIT_STATES,
  type LimitChanged,
  type LimitList,
  type LimitPreview,
  type LimitRule,
  NARROWEST_FIRST,
} from "../model/limit.ts";
import {
  limitChangeSchema,
  limitRuleSchema,
  limitWishSchema,
  sessionPathSchema,
} from "../model/limit-schema.ts";
import type { Quota, QuotaPreview } from "../model/quota.ts";
import { quotaChangeSchema, quotaSchema, quotaWishSchema } from "../model/quota-check.ts";
import { type Same, unavailableSchema } from "./schemas.ts";

const count = z.number();
const kind = z.enum(NARROWEST_FIRST);
const rule = limitRuleSchema.openapi("LimitRule");
const quota = quotaSchema.openapi("Quota");

const achieved = z
  .object({
    id: z.string(),
    rxBytesPerSecond: count.nullable(),
    txBytesPerSecond: count.nullable(),
    rxDrops: count,
    txDrops: count,
    rxBacklogBytes: count,
    txBacklogBytes: count,
    state: z.enum(["active", "waiting", "defeated"]),
    reason: z.string().nullable(),
  })
  .openapi("LimitAchieved");

const limitState = z
  .object({
    rule,
    state: z.enum(LIMIT_STATES),
    reason: z.string().nullable(),
    appliesTo: z.array(z.string()),
    appliesToCount: count,
    within: z.array(z.string()),
    achieved: achieved.optional(),
    confirmByMs: count.nullable(),
    changesAtMs: count.nullable(),
  })
  .openapi("LimitState");

const quotaState = z
  .object({
    quota,
    usedBytes: count,
    share: count,
    periodFromMs: count,
    periodToMs: count,
    source: z.enum(["history", "since-start"]),
    countedFromMs: count,
    step: count.nullable(),
    state: z.enum(["under", "notified", "throttled", "blocked", "disabled", "overridden"]),
    reason: z.string().nullable(),
  })
  .openapi("QuotaState");

export const limitListSchema = z
  .object({
    atMs: count,
    capabilities: z.object({
      missing: unavailableSchema.nullable(),
      notes: z.array(z.string()),
      kinds: z.array(kind),
    }),
    limits: z.array(limitState),
    quotas: z.array(quotaState),
    warnings: z.array(z.string()),
  })
  .openapi("LimitList");

export const limitChangedSchema = z
  .object({ rule, confirmByMs: count.nullable(), warnings: z.array(z.string()) })
  .openapi("LimitChanged");

export const limitPreviewSchema = z
  .object({
    rule,
    lines: z.array(z.string()),
    warnings: z.array(z.string()),
    touchesSession: z.boolean(),
  })
  .openapi("LimitPreview");

export const quotaAnswerSchema = quota;
export const quotaPreviewSchema = z
  .object({ state: quotaState, lines: z.array(z.string()) })
  .openapi("QuotaPreview");
export const clearedSchema = z.object({ count }).openapi("LimitsCleared");

/** What comes in: a wish with the session it comes over, which is only taken over the Unix socket. */
const via = sessionPathSchema
  .optional()
  .openapi({ description: "The SSH connection of the caller; only over the Unix socket" });
export const limitWishBody = limitWishSchema.extend({ via }).openapi("LimitWish");
export const limitChangeBody = limitChangeSchema.extend({ via }).openapi("LimitChange");
export const limitPreviewBody = limitChangeSchema
  .extend({
    id: z
      .string()
      .optional()
      .openapi({ description: "Of the limit that would change; where not given, a new one" }),
    via,
  })
  .openapi("LimitTrial");
export const quotaWishBody = quotaWishSchema.openapi("QuotaWish");
export const quotaChangeBody = quotaChangeSchema.openapi("QuotaChange");
export const quotaPreviewBody = quotaChangeSchema
  .extend({
    id: z
      .string()
      .optional()
      .openapi({ description: "Of the quota that would change; where not given, a new one" }),
  })
  .openapi("QuotaTrial");

// Never called, as in schemas.ts.
export const LIMIT_SCHEMAS_MATCH: [
  Same<typeof limitListSchema, LimitList>,
  Same<typeof limitChangedSchema, LimitChanged>,
  Same<typeof limitPreviewSchema, LimitPreview>,
  Same<typeof limitRuleSchema, LimitRule>,
  Same<typeof quotaSchema, Quota>,
  Same<typeof quotaPreviewSchema, QuotaPreview>,
] = [true, true, true, true, true, true];
