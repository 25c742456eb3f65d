/** What a quota comes to at a moment (pure): its period, the step that holds, and the rule that this step asks for. */

import type { Period } from "./history.ts";
import { DEFAULT_PRIORITY, type LimitRule } from "./limit.ts";
import { daysInMonth, localDate, startOfDate } from "./local-time.ts";
import type { Quota, QuotaState } from "./quota.ts";

/** The period that a moment is in. @param zone where not given, the system's. */
export function quotaPeriod(
  { period, startDay }: Pick<Quota, "period" | "startDay">,
  atMs: number,
  zone?: string,
): Period {
  const { year, month, day, weekday } = localDate(atMs, zone);
  const at = (date: { year: number; month: number; day: number }) => startOfDate(date, zone);
  switch (period) {
    case "day":
      return { fromMs: at({ year, month, day }), toMs: at({ year, month, day: day + 1 }) };
    case "week": {
      const monday = day - weekday;
      return {
        fromMs: at({ year, month, day: monday }),
        toMs: at({ year, month, day: monday + 7 }),
      };
    }
    case "month":
      return { fromMs: at({ year, month, day: 1 }), toMs: at({ year, month: month + 1, day: 1 }) };
    case "billing": {
      const begins = (offset: number) => {
        const first = new Date(Date.UTC(year, month - 1 + offset, 1));
        const of = { year: first.getUTCFullYear(), month: first.getUTCMonth() + 1 };
        return at({ ...of, day: Math.min(startDay, daysInMonth(of.year, of.month)) });
      };
      const current = begins(0);
      return atMs >= current
        ? { fromMs: current, toMs: begins(1) }
        : { fromMs: begins(-1), toMs: current };
    }
  }
}

export interface Usage {
  readonly usedBytes: number;
  readonly source: QuotaState["source"];
  readonly countedFromMs: number;
}

export function quotaState(
  quota: Quota,
  usage: Usage,
  at: { atMs: number; zone?: string },
): QuotaState {
  const { fromMs, toMs } = quotaPeriod(quota, at.atMs, at.zone);
  const share = usage.usedBytes / quota.bytes;
  const reached = quota.steps.findLastIndex(({ atShare }) => share >= atShare);
  const strongest = quota.steps.findLastIndex(
    ({ atShare, action }) => share >= atShare && action.do !== "notify",
  );
  const step = strongest >= 0 ? strongest : reached >= 0 ? reached : null;
  const isOverridden = quota.overriddenUntilMs !== null && at.atMs < quota.overriddenUntilMs;
  return {
    quota,
    usedBytes: usage.usedBytes,
    share,
    periodFromMs: fromMs,
    periodToMs: toMs,
    source: usage.source,
    countedFromMs: Math.max(fromMs, usage.countedFromMs),
    step,
    state: !quota.enabled ? "disabled" : isOverridden ? "overridden" : nameOf(quota, step),
    reason: reasonOf(usage, fromMs),
  };
}

/** What its step asks to be enforced; undefined: nothing. */
export function quotaRule({ quota, step, state, periodToMs }: QuotaState): LimitRule | undefined {
  if (state !== "throttled" && state !== "blocked") return undefined;
  const action = quota.steps[step ?? -1]?.action;
  if (action === undefined || action.do === "notify") return undefined;
  const caps =
    action.do === "throttle"
      ? { rxBytesPerSecond: action.rxBytesPerSecond, txBytesPerSecond: action.txBytesPerSecond }
      : { rxBytesPerSecond: null, txBytesPerSecond: null };
  return {
    id: quota.id,
    target: quota.target,
    ...caps,
    block: action.do === "block",
    rxGuaranteedBytesPerSecond: null,
    txGuaranteedBytesPerSecond: null,
    priority: DEFAULT_PRIORITY,
    exceptLan: quota.exceptLan,
    enabled: true,
    schedule: null,
    expiresAtMs: periodToMs,
    createdAtMs: quota.createdAtMs,
  };
}

/** Steps that were reached and not yet told of: indices behind `told`, up to what the share has reached. */
export function newlyReached({ quota, share, state }: QuotaState, told: number): readonly number[] {
  if (state === "disabled") return [];
  return quota.steps.flatMap(({ atShare }, index) =>
    index > told && share >= atShare ? [index] : [],
  );
}

/** The instant at which the local day of a moment ends. */
export function endOfDay(atMs: number, zone?: string): number {
  const { year, month, day } = localDate(atMs, zone);
  return startOfDate({ year, month, day: day + 1 }, zone);
}

function nameOf({ steps }: Quota, step: number | null): QuotaState["state"] {
  const action = step === null ? undefined : steps[step]?.action.do;
  if (action === undefined) return "under";
  return action === "notify" ? "notified" : action === "throttle" ? "throttled" : "blocked";
}

function reasonOf({ source, countedFromMs }: Usage, fromMs: number): string | null {
  if (countedFromMs <= fromMs) return null;
  return source === "since-start"
    ? "the history is switched off: only what was used since the daemon started, or its period was changed, counts"
    : "the history begins later than this period: what was used before does not count";
}
