/** Why there is nothing to show of a period, in words (pure). */

import type { HistoryAnswer, HistoryState } from "../../../model/history.ts";
import { GAP_WORDS } from "./gap-words.ts";
import type { Zone } from "./zone.ts";

export interface EmptyReason {
  readonly what: string;
  readonly more: string;
  /** What would show something. */
  readonly way: "first-day" | "no-filter" | "live" | undefined;
}

export interface EmptyContext {
  readonly state: HistoryState;
  readonly isFiltered: boolean;
  readonly nowMs: number;
  readonly zone: Zone;
}

/** undefined where there is something. */
export function emptyReason(
  answer: HistoryAnswer,
  { state, isFiltered, nowMs, zone }: EmptyContext,
): EmptyReason | undefined {
  const { total, fromMs, toMs, observedMs, gaps } = answer;
  const bytes = total.rxBytes + total.txBytes + total.rxLoopbackBytes + total.txLoopbackBytes;
  if (bytes > 0) return undefined;
  if (fromMs > nowMs) {
    return { what: "This is still to come.", more: "", way: undefined };
  }
  if (state.firstAtMs === undefined) {
    return {
      what: "The history is empty.",
      more: "It begins with the first traffic that is counted. Open any web page.",
      way: "live",
    };
  }
  if (toMs <= state.firstAtMs) {
    return {
      what: `The history begins on ${zone.format(state.firstAtMs, "date")}.`,
      more: "Nothing is known of the time before.",
      way: "first-day",
    };
  }
  const gap = gaps.find((one) => one.reason !== "late" && one.fromMs <= fromMs && one.toMs >= toMs);
  if (observedMs === 0) {
    const why = gap === undefined ? GAP_WORDS.off : GAP_WORDS[gap.reason];
    return {
      what: `Nothing is known of this time: ${why}.`,
      more: gap?.detail ?? "",
      way: undefined,
    };
  }
  if (isFiltered) {
    return {
      what: "Nothing in this period fits.",
      more: "There was other traffic, or none at all.",
      way: "no-filter",
    };
  }
  return {
    what: "No traffic was counted in this period.",
    more: "Monitauri watched, and nothing used a network.",
    way: undefined,
  };
}
