/** The answers about alerts as zod schemas; the compiler holds them to the model's types. */

import { z } from "@hono/zod-openapi";
import {
  ALERT_SCOPES,
  ALERT_SEVERITIES,
  ALERT_STATES,
  type AlertEvent,
  type AlertKind,
  type AlertLog,
  type AlertPreview,
  type AlertRule,
  SCOPES_OF_KIND,
} from "../model/alert.ts";
import type { AlertChannel, AlertTest } from "../model/alert-channel.ts";
import { alertSecretName, alertTargetSchema } from "../model/alert-channel-schema.ts";
import { alertConditionSchema } from "../model/alert-schema.ts";
import type { AlertStatus } from "../model/alert-status.ts";
import type { Same } from "./schemas.ts";

const count = z.number();
const perhaps = count.nullable();
const severity = z.enum(ALERT_SEVERITIES);
const kinds = Object.keys(SCOPES_OF_KIND) as [AlertKind, ...AlertKind[]];

export const alertRuleSchema = z
  .object({
    id: z.string(),
    createdAtMs: count,
    name: z.string(),
    enabled: z.boolean(),
    severity,
    scope: z.object({ kind: z.enum(ALERT_SCOPES), match: z.string() }),
    condition: alertConditionSchema,
    hysteresisShare: count,
    coolDownMs: count,
    quietHours: z.object({ fromMinute: count, toMinute: count }).nullable(),
    digestMs: count,
    tellEnd: z.boolean(),
    channels: z.array(z.string()),
    snoozedUntilMs: perhaps,
  })
  .openapi("AlertRule");

export const alertEventSchema = z
  .object({
    id: z.string(),
    ruleId: z.string(),
    ruleName: z.string(),
    kind: z.enum(kinds),
    severity,
    atMs: count,
    subject: z.object({ kind: z.enum(ALERT_SCOPES), key: z.string(), name: z.string() }),
    title: z.string(),
    text: z.string(),
    measure: z.object({
      bytesPerSecond: perhaps,
      thresholdBytesPerSecond: perhaps,
      bytes: perhaps,
      thresholdBytes: perhaps,
      share: perhaps,
      thresholdShare: perhaps,
    }),
    series: z.object({
      atMs: z.array(count),
      rxBytesPerSecond: z.array(count),
      txBytesPerSecond: z.array(count),
    }),
    causes: z.array(
      z.object({
        key: z.string(),
        name: z.string(),
        rxBytesPerSecond: count,
        txBytesPerSecond: count,
      }),
    ),
    state: z.enum(ALERT_STATES),
    resolvedAtMs: perhaps,
    acknowledgedAtMs: perhaps,
  })
  .openapi("AlertEvent");

export const alertLogSchema = z
  .object({ events: z.array(alertEventSchema), count, unread: count, ongoing: count })
  .openapi("AlertLog");

export const alertPreviewSchema = z
  .object({
    fromMs: count,
    toMs: count,
    fired: perhaps,
    events: z.array(z.object({ atMs: count, title: z.string() })),
    basis: z.string(),
  })
  .openapi("AlertPreview");

export const alertChannelSchema = z
  .object({
    name: z.string(),
    enabled: z.boolean(),
    target: alertTargetSchema,
    secrets: z.array(alertSecretName),
    lastOutcome: z.string().nullable(),
    lastOutcomeAtMs: perhaps,
    waiting: count,
  })
  .openapi("AlertChannel");

export const alertTestSchema = z
  .object({
    ok: z.boolean(),
    outcome: z.string(),
    remedy: z.string().nullable(),
    transcript: z.array(z.string()),
    tookMs: count,
  })
  .openapi("AlertTest");

export const alertStatusSchema = z
  .object({
    rules: count,
    activeRules: count,
    faultyRules: count,
    troubles: z.array(z.object({ ruleId: z.string().nullable(), text: z.string() })),
    learning: z.array(z.object({ kind: z.enum(kinds), what: z.string(), untilMs: count })),
    unread: count,
    ongoing: count,
    waiting: count,
    lastFailure: z
      .object({
        channel: z.string(),
        atMs: count,
        said: z.string(),
        remedy: z.string(),
        isOver: z.boolean(),
      })
      .nullable(),
  })
  .openapi("AlertStatus");

// Never called, as in schemas.ts.
export const ALERT_SCHEMAS_MATCH: [
  Same<typeof alertRuleSchema, AlertRule>,
  Same<typeof alertEventSchema, AlertEvent>,
  Same<typeof alertLogSchema, AlertLog>,
  Same<typeof alertPreviewSchema, AlertPreview>,
  Same<typeof alertChannelSchema, AlertChannel>,
  Same<typeof alertTestSchema, AlertTest>,
  Same<typeof alertStatusSchema, AlertStatus>,
] = [true, true, true, true, true, true, true];
