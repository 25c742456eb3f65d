/** The steps of a series: how long they are, and when each begins. */

import type { HistoryLevel, Period } from "../model/history.ts";
import type { Calendar } from "../model/local-days.ts";
import type { Kept } from "./kept.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Each goes into a day without a rest, or is whole days. */
const STEPS = [
  SECOND,
  5 * SECOND,
  15 * SECOND,
  MINUTE,
  5 * MINUTE,
  15 * MINUTE,
  HOUR,
  3 * HOUR,
  6 * HOUR,
  DAY,
  7 * DAY,
  30 * DAY,
];
/** What a chart shows well. */
const AUTO_POINTS = 400;
const MAX_POINTS = 10_000;
/** Of all lines together: a thousand rows have longer steps. */
const MAX_CELLS = 500_000;

export interface Step {
  readonly stepMs: number;
  readonly level: HistoryLevel;
}

/** The shortest step that is wanted, not too many, and still kept from the period's start. */
export function chooseStep(
  wanted: number | "auto",
  period: Period,
  { kept, finest }: { kept: Kept; finest: HistoryLevel },
  lines = 1,
): Step {
  const most = wanted === "auto" ? AUTO_POINTS : MAX_POINTS;
  const points = Math.min(most, Math.floor(MAX_CELLS / lines));
  const startMs = Math.max(period.fromMs, kept.firstAtMs ?? period.fromMs);
  const lengthMs = period.toMs - period.fromMs;
  const found = STEPS.find((stepMs) => {
    const level = levelOf(stepMs);
    if (level === "second" && finest !== "second") return false;
    if (wanted !== "auto" && stepMs < wanted) return false;
    return lengthMs / stepMs <= points && kept.keptFromMs[level] <= startMs;
  });
  const stepMs = found ?? 30 * DAY;
  return { stepMs, level: levelOf(stepMs) };
}

function levelOf(stepMs: number): HistoryLevel {
  if (stepMs >= DAY) return "day";
  if (stepMs >= HOUR) return "hour";
  return stepMs >= MINUTE ? "minute" : "second";
}

/** When the steps begin that the period touches; counted from local midnights. With the end of the last one. */
export function stepStarts(
  { fromMs, toMs }: Period,
  stepMs: number,
  calendar: Calendar,
): { startsMs: number[]; endMs: number } {
  const startsMs: number[] = [];
  let endMs = toMs;
  let minute = Math.floor(fromMs / MINUTE);
  let days = 0;
  while (minute * MINUTE < toMs) {
    const day = calendar(minute);
    const midnightMs = day.midnightMinute * MINUTE;
    const nextMs = day.endMinute * MINUTE;
    if (stepMs >= DAY) {
      if (days % (stepMs / DAY) === 0) startsMs.push(midnightMs);
      endMs = nextMs;
    } else {
      const first = Math.max(0, Math.floor((fromMs - midnightMs) / stepMs));
      for (let at = midnightMs + first * stepMs; at < nextMs && at < toMs; at += stepMs) {
        startsMs.push(at);
        endMs = Math.min(at + stepMs, nextMs);
      }
    }
    days += 1;
    minute = day.endMinute;
  }
  return { startsMs, endMs };
}
