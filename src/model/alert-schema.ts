/** Checks alert rules as they come in: impossible values are refused with a reason. */

import { z } from "zod";
import {
  ALERT_DIRECTIONS,
  ALERT_PERIODS,
  ALERT_SCOPES,
  ALERT_SEVERITIES,
  type AlertRuleChange,
  type AlertRuleDraft,
  type AlertRuleSettings,
  CONTACTS,
  DEFAULT_RULE,
  LIMIT_TROUBLES,
  MAX_PERCENTAGES,
  MAX_RULE_CHANNELS,
  NEWCOMERS,
  SCOPES_OF_KIND,
  UNUSUALS,
} from "./alert.ts";
import { channelName } from "./alert-channel-schema.ts";
import { ruleWords } from "./alert-words.ts";
import { MonitauriError } from "./error.ts";

const DAY_MS = 86_400_000;
/** Faster than any interface there is: a threshold beyond it can only be a mistake. */
const MAX_BYTES_PER_SECOND = 1e13;
const MAX_BYTES = 1e18;

const forMs = z.int().min(0).max(DAY_MS);
const cap = {
  direction: z.enum(ALERT_DIRECTIONS).default("both"),
  period: z.enum(ALERT_PERIODS),
  cycleDay: z.int().min(1).max(31).default(1),
  capBytes: z.number().min(1).max(MAX_BYTES),
};
const some = <const T extends readonly [string, ...string[]]>(values: T) =>
  z
    .array(z.enum(values))
    .min(1)
    .refine((given) => new Set(given).size === given.length, "names one twice")
    .default([...values]);

export const alertConditionSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("rate"),
    comparison: z.enum(["above", "below"]).default("above"),
    direction: z.enum(ALERT_DIRECTIONS).default("both"),
    bytesPerSecond: z.number().positive().max(MAX_BYTES_PER_SECOND),
    forMs: forMs.default(30_000),
  }),
  z.strictObject({
    kind: z.literal("volume"),
    ...cap,
    percentages: z
      .array(z.number().min(1).max(1_000))
      .min(1)
      .max(MAX_PERCENTAGES)
      .refine(
        (given) => given.every((value, at) => at === 0 || value > (given[at - 1] ?? 0)),
        "must go upwards",
      )
      .default([80, 100]),
  }),
  z.strictObject({ kind: z.literal("forecast"), ...cap }),
  z.strictObject({ kind: z.literal("newcomer"), of: some(NEWCOMERS) }),
  z.strictObject({ kind: z.literal("first-contact"), of: some(CONTACTS) }),
  z.strictObject({
    kind: z.literal("unusual"),
    of: some(UNUSUALS),
    deviations: z.number().min(2).max(50).default(6),
  }),
  z.strictObject({
    kind: z.literal("block-list"),
    list: z
      .string()
      .max(2_048)
      .regex(/^(\/|https:\/\/)\P{Cc}+$/u, "must be an absolute path or an https address"),
  }),
  z.strictObject({ kind: z.literal("limit"), of: some(LIMIT_TROUBLES) }),
  z.strictObject({
    kind: z.literal("coverage"),
    belowShare: z.number().gt(0).max(1),
    forMs: forMs.min(10_000).default(300_000),
  }),
  z.strictObject({ kind: z.literal("interface-gone"), forMs: forMs.default(10_000) }),
  z.strictObject({ kind: z.literal("degraded"), forMs: forMs.default(60_000) }),
]);

const minute = z.int().min(0).max(1_439);
const settings = {
  name: z
    .string()
    .trim()
    .min(1)
    .max(120)
    .regex(/^\P{Cc}+$/u, "must be one line without control characters"),
  enabled: z.boolean(),
  severity: z.enum(ALERT_SEVERITIES),
  scope: z.strictObject({ kind: z.enum(ALERT_SCOPES), match: z.string().min(1).max(4_352) }),
  hysteresisShare: z.number().min(0).max(0.9),
  coolDownMs: z
    .int()
    .min(0)
    .max(31 * DAY_MS),
  quietHours: z
    .strictObject({ fromMinute: minute, toMinute: minute })
    .refine(({ fromMinute, toMinute }) => fromMinute !== toMinute, "must not begin when they end")
    .nullable(),
  digestMs: z.int().min(0).max(DAY_MS),
  tellEnd: z.boolean(),
  channels: z.array(channelName).max(MAX_RULE_CHANNELS),
  snoozedUntilMs: z.int().min(0).max(8.64e15).nullable(),
};

export const alertRuleChangeSchema = z
  .strictObject({ ...settings, condition: alertConditionSchema })
  .partial();
export const alertRuleDraftSchema = alertRuleChangeSchema.required({ condition: true });

/** With its defaults. @throws MonitauriError "invalid" that names every impossible value. */
export function parseRuleDraft(value: unknown): AlertRuleSettings {
  const draft = checked(alertRuleDraftSchema, value) as AlertRuleDraft;
  const { condition, ...given } = draft;
  const scoped = { ...DEFAULT_RULE, condition, ...given };
  return fitting({ ...scoped, name: given.name ?? ruleWords(scoped).slice(0, 120) });
}

/** The rule's settings with the change. @throws MonitauriError "invalid". */
export function parseRuleChange(before: AlertRuleSettings, value: unknown): AlertRuleSettings {
  return fitting({ ...before, ...(checked(alertRuleChangeSchema, value) as AlertRuleChange) });
}

/** A condition that cannot be asked of its scope would never fire. */
function fitting(rule: AlertRuleSettings): AlertRuleSettings {
  const { kind, match } = rule.scope;
  const scopes = SCOPES_OF_KIND[rule.condition.kind];
  if (!scopes.includes(kind)) {
    throw new MonitauriError(
      "invalid",
      `Cannot use this rule: ${rule.condition.kind} cannot be asked of one ${kind}. Choose ${scopes.join(", ")}`,
    );
  }
  if (kind !== "machine" || match === "*") return rule;
  throw new MonitauriError("invalid", 'Cannot use this rule: of the machine, match is "*"');
}

function checked(schema: z.ZodType, value: unknown): unknown {
  const parsed = schema.safeParse(value);
  if (parsed.success) return withoutUndefined(parsed.data as object);
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new MonitauriError("invalid", `Cannot use this rule: ${issues.join("; ")}`);
}

function withoutUndefined(value: object): object {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== undefined));
}
