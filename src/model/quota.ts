/** Quotas: bytes in a period, and what happens when a share of them is used (pure). */

import type { LimitTarget } from "./limit.ts";

export const QUOTA_PERIODS = ["day", "week", "month", "billing"] as const;
/** Local days, weeks from Monday, calendar months, or months from a start day. */
export type QuotaPeriod = (typeof QUOTA_PERIODS)[number];

export const QUOTA_DIRECTIONS = ["both", "rx", "tx"] as const;
export type QuotaDirection = (typeof QUOTA_DIRECTIONS)[number];

export type QuotaTarget = Extract<LimitTarget, { readonly kind: "machine" | "application" }>;

export type QuotaAction =
  | { readonly do: "notify" }
  | {
      readonly do: "throttle";
      readonly rxBytesPerSecond: number | null;
      readonly txBytesPerSecond: number | null;
    }
  | { readonly do: "block" };

export interface QuotaStep {
  /** Of the bytes, from which on it applies: 0.8, 1, 1.2. */
  readonly atShare: number;
  readonly action: QuotaAction;
}

export interface Quota {
  /** "q1", "q2"... */
  readonly id: string;
  readonly target: QuotaTarget;
  readonly bytes: number;
  readonly direction: QuotaDirection;
  /** Steps that throttle or block leave local networks alone; their bytes count nevertheless. */
  readonly exceptLan: boolean;
  readonly period: QuotaPeriod;
  /** Day of the month on which a billing cycle begins; in a shorter month its last day. 1 for other periods. */
  readonly startDay: number;
  /** By rising share. Of several reached ones, the last that throttles or blocks holds. */
  readonly steps: readonly QuotaStep[];
  readonly enabled: boolean;
  /** Its steps wait until then; null: they do not. */
  readonly overriddenUntilMs: number | null;
  readonly createdAtMs: number;
}

export interface QuotaState {
  readonly quota: Quota;
  readonly usedBytes: number;
  /** usedBytes / bytes */
  readonly share: number;
  readonly periodFromMs: number;
  readonly periodToMs: number;
  /** The history, or totals since `countedFromMs` where it is switched off or does not reach back. */
  readonly source: "history" | "since-start";
  /** Later than periodFromMs where what was before is not known. */
  readonly countedFromMs: number;
  /** Index of the step that holds now; null: none. */
  readonly step: number | null;
  readonly state: "under" | "notified" | "throttled" | "blocked" | "disabled" | "overridden";
  readonly reason: string | null;
}

export const MAX_QUOTAS = 100;
export const MAX_QUOTA_STEPS = 10;
/** Less is used up by the first page that somebody opens. */
export const MIN_QUOTA_BYTES = 1_000_000;
/** An exabyte. */
export const MAX_QUOTA_BYTES = 1e18;

/** What somebody wants: what is not given is as usual. */
export interface QuotaWish {
  readonly target: QuotaTarget;
  readonly bytes: number;
  /** "both" */
  readonly direction?: QuotaDirection | undefined;
  readonly exceptLan?: boolean | undefined;
  /** "month" */
  readonly period?: QuotaPeriod | undefined;
  readonly startDay?: number | undefined;
  /** At 80 % and at 100 % notify. */
  readonly steps?: readonly QuotaStep[] | undefined;
  readonly enabled?: boolean | undefined;
}

/** Only what is given changes. */
export type QuotaChange = { [Key in keyof QuotaWish]?: QuotaWish[Key] | undefined } & {
  /** true: its steps wait until the local day ends; false: they no longer do. */
  readonly overrideToday?: boolean | undefined;
};

/** What a quota would come to, were it there. */
export interface QuotaPreview {
  /** With what the history knows was used in the period. */
  readonly state: QuotaState;
  /** What its step would do now, one command or step a line; empty: nothing. */
  readonly lines: readonly string[];
}

/** A step of a quota that was reached. */
export interface QuotaNotice {
  readonly atMs: number;
  readonly quota: Quota;
  readonly step: number;
  readonly usedBytes: number;
  readonly share: number;
  readonly periodFromMs: number;
  readonly periodToMs: number;
  /** "firefox has used 81.2 % of its 10.0 GB this month" */
  readonly text: string;
}
