/** Why a part of the past is missing, in words (pure). */

import type { HistoryGap, HistoryGapReason } from "../../../model/history.ts";

export const GAP_WORDS: Readonly<Record<HistoryGapReason, string>> = {
  off: "Monitauri was off",
  suspended: "the computer slept",
  "clock-changed": "the clock was changed",
  "sampler-restarted": "counting was started again",
  late: "a sample came late",
  "not-kept": "it could not be written",
};

export function gapText({ reason, detail }: HistoryGap): string {
  return detail === "" ? GAP_WORDS[reason] : `${GAP_WORDS[reason]}: ${detail}`;
}
