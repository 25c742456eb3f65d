/** Words of the Limits view (pure). */

import type { LimitState, LimitStateName } from "../../../model/limit.ts";
import { targetText } from "../../../model/limit-text.ts";
import type { QuotaState } from "../../../model/quota.ts";

export const STATE_WORDS: Readonly<Record<LimitStateName, string>> = {
  active: "holds",
  waiting: "waits",
  disabled: "off",
  "off-schedule": "not now",
  expired: "ended",
  defeated: "defeated",
  unenforced: "not enforced",
};

export const QUOTA_WORDS: Readonly<Record<QuotaState["state"], string>> = {
  under: "under it",
  notified: "told",
  throttled: "throttled",
  blocked: "blocked",
  disabled: "off",
  overridden: "waived today",
};

/** As a class of the style sheet: green, yellow or grey. */
export function stateLook(state: LimitStateName): "ok" | "limited" | "missing" | "off" {
  if (state === "active") return "ok";
  if (state === "defeated" || state === "unenforced") return "missing";
  return state === "waiting" ? "limited" : "off";
}

/** What a person calls it: the program where a pattern means one, else the pattern. */
export function titleOf({ rule, appliesTo, appliesToCount }: LimitState): string {
  const { target } = rule;
  if (target.kind !== "application") return targetText(target);
  const [only] = appliesTo;
  if (only !== undefined && appliesToCount === 1) return only;
  const { pattern } = target;
  return /[*?]/.test(pattern) ? pattern : pattern.slice(pattern.lastIndexOf("/") + 1);
}

/** How much of a cap is used, 0..1; undefined where there is none. */
export function fillOf(
  achieved: number | null | undefined,
  cap: number | null,
): number | undefined {
  if (cap === null) return undefined;
  return achieved === null || achieved === undefined ? 0 : Math.min(1, achieved / cap);
}
