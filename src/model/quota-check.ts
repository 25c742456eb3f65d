/** Wishes become quotas here, or are refused with what is wrong and what to do (pure). */

import { z } from "zod";
import { MonitauriError } from "./error.ts";
import { formatBytes } from "./format.ts";
import { applicationFits, fitsEverything, type ProgramNames } from "./limit-match.ts";
import { limitTargetSchema, rateSchema } from "./limit-schema.ts";
import { targetText } from "./limit-text.ts";
import {
  MAX_QUOTA_BYTES,
  MAX_QUOTA_STEPS,
  MAX_QUOTAS,
  MIN_QUOTA_BYTES,
  QUOTA_DIRECTIONS,
  QUOTA_PERIODS,
  type Quota,
  type QuotaChange,
  type QuotaNotice,
  type QuotaState,
  type QuotaStep,
  type QuotaTarget,
  type QuotaWish,
} from "./quota.ts";
import { endOfDay } from "./quota-evaluate.ts";

export interface QuotaSurroundings {
  readonly quotas: readonly Quota[];
  readonly atMs: number;
  /** The daemon itself. */
  readonly self: ProgramNames | undefined;
  readonly zone?: string;
}

export const DEFAULT_STEPS: readonly QuotaStep[] = [
  { atShare: 0.8, action: { do: "notify" } },
  { atShare: 1, action: { do: "notify" } },
];

/** @throws MonitauriError "invalid", "busy" where there are too many. */
export function quotaOf(wish: QuotaWish, id: string, around: QuotaSurroundings): Quota {
  const given = readWish(quotaWishSchema, wish, "add the quota");
  if (around.quotas.length >= MAX_QUOTAS) {
    throw new MonitauriError(
      "busy",
      `Cannot add the quota: there are ${MAX_QUOTAS} already, which is as many as there may be. Remove some first`,
    );
  }
  const quota: Quota = {
    id,
    target: quotaTarget(given.target),
    bytes: given.bytes,
    direction: given.direction ?? "both",
    exceptLan: given.exceptLan ?? false,
    period: given.period ?? (given.startDay === undefined ? "month" : "billing"),
    startDay: given.startDay ?? 1,
    steps: given.steps ?? DEFAULT_STEPS,
    enabled: given.enabled ?? true,
    overriddenUntilMs: null,
    createdAtMs: around.atMs,
  };
  checkSense(quota, "add the quota", around);
  return quota;
}

/** @throws MonitauriError "invalid" */
export function changedQuota(quota: Quota, change: QuotaChange, around: QuotaSurroundings): Quota {
  const action = `change ${quota.id}`;
  const { target, overrideToday, ...given } = readWish(quotaChangeSchema, change, action);
  const known = Object.fromEntries(
    Object.entries(given).filter(([, value]) => value !== undefined),
  ) as Partial<Quota>;
  const changed: Quota = {
    ...quota,
    ...known,
    ...(target === undefined ? {} : { target: quotaTarget(target) }),
    ...(overrideToday === undefined
      ? {}
      : { overriddenUntilMs: overrideToday ? endOfDay(around.atMs, around.zone) : null }),
  };
  checkSense(changed, action, around);
  return changed;
}

/** "firefox has used 8.12 GB, 81.2 % of 10.0 GB this month: from now on at most ..." */
export function noticeOf(state: QuotaState, step: number, atMs: number): QuotaNotice {
  const { quota, usedBytes, share, periodFromMs, periodToMs } = state;
  const period = {
    day: "today",
    week: "this week",
    month: "this month",
    billing: "this billing cycle",
  };
  const who = quota.target.kind === "machine" ? "This machine" : targetText(quota.target);
  const what = { notify: "", throttle: "; it is throttled now", block: "; it is blocked now" };
  const action = quota.steps[step]?.action.do ?? "notify";
  const percent = Math.floor(share * 1000) / 10;
  const text =
    `${who} has used ${formatBytes(usedBytes)}, ${percent} % of its ${formatBytes(quota.bytes)} ` +
    `${period[quota.period]}${state.state === "overridden" ? "" : what[action]}`;
  return { atMs, quota, step, usedBytes, share, periodFromMs, periodToMs, text };
}

const action = z.discriminatedUnion("do", [
  z.strictObject({ do: z.literal("notify") }),
  z.strictObject({
    do: z.literal("throttle"),
    rxBytesPerSecond: rateSchema.nullable(),
    txBytesPerSecond: rateSchema.nullable(),
  }),
  z.strictObject({ do: z.literal("block") }),
]);
const step = z.strictObject({
  atShare: z
    .number()
    .gt(0, { error: "a step is at more than 0 %" })
    .max(100, { error: "a step is at 10,000 % at most" }),
  action,
});
const fields = {
  bytes: z
    .number({ error: "a quota is a number of bytes" })
    .min(MIN_QUOTA_BYTES, { error: `a quota is ${formatBytes(MIN_QUOTA_BYTES)} or more` })
    .max(MAX_QUOTA_BYTES, { error: `a quota is ${formatBytes(MAX_QUOTA_BYTES)} or less` }),
  direction: z.enum(QUOTA_DIRECTIONS).optional(),
  exceptLan: z.boolean().optional(),
  period: z.enum(QUOTA_PERIODS).optional(),
  startDay: z
    .int()
    .min(1, { error: "a billing cycle begins on a day from 1 to 31" })
    .max(31, { error: "a billing cycle begins on a day from 1 to 31" })
    .optional(),
  steps: z
    .array(step)
    .min(1, { error: "a quota needs a step, as 100%:notify" })
    .max(MAX_QUOTA_STEPS, { error: `a quota has ${MAX_QUOTA_STEPS} steps at most` })
    .optional(),
  enabled: z.boolean().optional(),
};
export const quotaWishSchema = z.strictObject({ target: limitTargetSchema, ...fields });
export const quotaChangeSchema = z.strictObject({
  ...fields,
  target: limitTargetSchema.optional(),
  bytes: fields.bytes.optional(),
  overrideToday: z.boolean().optional(),
});

/** A whole quota, as it is kept and told. */
export const quotaSchema = z.object({
  id: z.string().regex(/^q\d{1,9}$/),
  target: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("machine") }),
    z.strictObject({ kind: z.literal("application"), pattern: z.string() }),
  ]),
  bytes: fields.bytes,
  direction: z.enum(QUOTA_DIRECTIONS),
  exceptLan: z.boolean(),
  period: z.enum(QUOTA_PERIODS),
  startDay: z.int().min(1).max(31),
  steps: z.array(step).min(1).max(MAX_QUOTA_STEPS),
  enabled: z.boolean(),
  overriddenUntilMs: z.number().nullable(),
  createdAtMs: z.number(),
});

function readWish<Schema extends z.ZodType>(
  schema: Schema,
  wish: unknown,
  doing: string,
): z.infer<Schema> {
  const parsed = schema.safeParse(wish);
  if (parsed.success) return parsed.data;
  throw refused(doing, parsed.error.issues.map(({ message }) => message).join("; "));
}

function quotaTarget(target: z.infer<typeof limitTargetSchema>): QuotaTarget {
  if (target.kind === "machine" || target.kind === "application") return target;
  throw refused("count this", "a quota is of the machine or of an application. Give one of these");
}

function checkSense(quota: Quota, doing: string, around: QuotaSurroundings): void {
  const { target, steps, period, startDay } = quota;
  if (period !== "billing" && startDay !== 1) {
    throw refused(
      doing,
      "only a billing cycle has a start day. Give the period billing, or no start day",
    );
  }
  for (const [i, { atShare, action }] of steps.entries()) {
    const before = steps[i - 1]?.atShare ?? 0;
    if (i > 0 && atShare <= before) {
      throw refused(doing, "its steps do not rise. Put them in order, each share once");
    }
    if (
      action.do === "throttle" &&
      action.rxBytesPerSecond === null &&
      action.txBytesPerSecond === null
    ) {
      throw refused(doing, "a step throttles to no rate. Give one as 100%:throttle:1mbit");
    }
  }
  if (target.kind === "application") {
    const { pattern } = target;
    if (fitsEverything(pattern)) {
      throw refused(doing, `"${pattern}" is every program. Count the machine instead: --machine`);
    }
    if (around.self !== undefined && applicationFits(pattern, around.self)) {
      throw refused(
        doing,
        `"${pattern}" means Monitauri itself, which must stay reachable. Give a narrower name`,
      );
    }
  }
  const twin = around.quotas.find(
    (other) =>
      other.id !== quota.id &&
      targetText(other.target) === targetText(target) &&
      other.period === period &&
      other.direction === quota.direction,
  );
  if (twin !== undefined) {
    throw refused(
      doing,
      `${twin.id} counts the same. Change that one (monitauri quota set ${twin.id} ...), or remove it`,
    );
  }
}

function refused(doing: string, what: string): MonitauriError {
  return new MonitauriError("invalid", `Cannot ${doing}: ${what}`);
}
