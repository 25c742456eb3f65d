/** What alerts are told of limits: those that something passes, those that are used in full, and quotas whose steps were
 * reached. Asked now and then; the last answer holds meanwhile. */

import type { LimitFact } from "../alerts/facts.ts";
import type { LimitList, LimitState, LimitTarget } from "../model/limit.ts";
import type { QuotaNotice, QuotaTarget } from "../model/quota.ts";
import { formatBitRate } from "../model/rate.ts";

const ASK_EVERY_MS = 5_000;
/** A cap is used in full from this share on, for as long as SATURATED_MS: a short burst is what a cap is for. */
const SATURATED_SHARE = 0.9;
const SATURATED_MS = 30_000;
/** Steps that are remembered until their period ends. */
const MAX_NOTICES = 500;

export interface LimitFacts {
  facts(): readonly LimitFact[];
  notice(notice: QuotaNotice): void;
}

export interface LimitFactsOptions {
  readonly list: () => Promise<LimitList> | undefined;
  readonly now: () => number;
}

export function createLimitFacts({ list, now }: LimitFactsOptions): LimitFacts {
  let found: readonly LimitFact[] = [];
  let notices: readonly QuotaNotice[] = [];
  /** Since when each cap is used in full. */
  const fullSince = new Map<string, number>();
  let askedAtMs = Number.NEGATIVE_INFINITY;
  let isAsking = false;

  async function ask(): Promise<void> {
    isAsking = true;
    try {
      const answer = await list();
      found = (answer?.limits ?? []).flatMap((state) => factsOf(state, isLong(state, now())));
    } catch {
      // What is wrong with limits is said where they are spoken of.
    } finally {
      isAsking = false;
    }
  }

  function isLong(state: LimitState, nowMs: number): boolean {
    const { id } = state.rule;
    if (!isFull(state)) fullSince.delete(id);
    else if (!fullSince.has(id)) fullSince.set(id, nowMs);
    return nowMs - (fullSince.get(id) ?? nowMs) >= SATURATED_MS;
  }

  return {
    facts() {
      const nowMs = now();
      if (!isAsking && Math.abs(nowMs - askedAtMs) >= ASK_EVERY_MS) {
        askedAtMs = nowMs;
        void ask();
      }
      notices = notices.filter(({ periodToMs }) => periodToMs > nowMs);
      return [...found, ...notices.map(factOfNotice)];
    },
    notice(notice) {
      notices = [...notices, notice].slice(-MAX_NOTICES);
    },
  };
}

function isFull({ state, achieved, rule }: LimitState): boolean {
  if (state !== "active" || achieved === undefined) return false;
  const reaches = (rate: number | null, cap: number | null) =>
    rate !== null && cap !== null && cap > 0 && rate >= cap * SATURATED_SHARE;
  return (
    reaches(achieved.rxBytesPerSecond, rule.rxBytesPerSecond) ||
    reaches(achieved.txBytesPerSecond, rule.txBytesPerSecond)
  );
}

function factsOf(limit: LimitState, isSaturated: boolean): LimitFact[] {
  const { rule, state, reason, achieved } = limit;
  const subject = subjectOf(rule.target);
  if (state === "defeated" || state === "unenforced") {
    const text = `The limit ${rule.id} of ${subject.name} does not hold: ${reason ?? state}.`;
    return [{ key: `${rule.id} defeated`, trouble: "defeated", subject, text }];
  }
  if (!isSaturated) return [];
  const rates = [achieved?.rxBytesPerSecond, achieved?.txBytesPerSecond]
    .filter((rate) => typeof rate === "number")
    .map((rate) => formatBitRate(rate));
  const text = `${subject.name} uses its limit ${rule.id} in full: ${rates.join(" down, ")}.`;
  return [{ key: `${rule.id} saturated`, trouble: "saturated", subject, text }];
}

function factOfNotice({ quota, step, text, periodFromMs }: QuotaNotice): LimitFact {
  return {
    key: `${quota.id} step ${step} ${periodFromMs}`,
    trouble: "quota",
    subject: subjectOf(quota.target),
    text: `${text}.`,
  };
}

function subjectOf(target: LimitTarget | QuotaTarget): LimitFact["subject"] {
  switch (target.kind) {
    case "machine":
      return { kind: "machine", key: "", name: "this computer" };
    case "interface":
      return { kind: "interface", key: target.name, name: target.name };
    case "application":
      return { kind: "application", key: target.pattern, name: baseName(target.pattern) };
    case "user":
      return { kind: "user", key: target.user, name: target.user };
    case "container":
      return { kind: "container", key: target.container, name: target.container };
    case "process":
      return { kind: "application", key: `pid:${target.pid}`, name: `process ${target.pid}` };
    default: {
      const name = Object.values(target).slice(1).join(" ");
      return { kind: "application", key: `${target.kind}:${name}`, name: `${target.kind} ${name}` };
    }
  }
}

function baseName(pattern: string): string {
  return pattern.slice(pattern.lastIndexOf("/") + 1) || pattern;
}
