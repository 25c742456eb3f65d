/** Where a chart's time axis has words, in the daemon's zone (pure). */

import type { Period } from "../../../model/history.ts";
import type { Words, Zone } from "./zone.ts";

export interface TimeTick {
  readonly atMs: number;
  readonly text: string;
}

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** Below a day counted from local midnight, which each of them divides. */
const STEPS = [
  1_000,
  5_000,
  10_000,
  30_000,
  MINUTE,
  2 * MINUTE,
  5 * MINUTE,
  10 * MINUTE,
  15 * MINUTE,
  30 * MINUTE,
  HOUR,
  2 * HOUR,
  3 * HOUR,
  6 * HOUR,
  12 * HOUR,
];
const DAYS = [1, 2, 7, 14];
const MONTHS = [1, 2, 3, 6, 12, 24, 60, 120, 240, 600, 1_200, 2_400];

/** At most `most` of them. */
export function timeTicks(
  period: Period,
  { zone, most }: { zone: Zone; most: number },
): TimeTick[] {
  const lengthMs = period.toMs - period.fromMs;
  const fits = (stepMs: number) => lengthMs / stepMs <= most;
  const step = STEPS.find(fits);
  if (step !== undefined) return clockTicks(period, step, zone);
  const days = DAYS.find((count) => fits(count * DAY));
  if (days !== undefined) return dayTicks(period, days, zone);
  const months = MONTHS.find((count) => fits(count * 30 * DAY)) ?? 2_400;
  return monthTicks(period, months, zone);
}

function clockTicks({ fromMs, toMs }: Period, stepMs: number, zone: Zone): TimeTick[] {
  const ticks: TimeTick[] = [];
  let day = zone.dayOf(fromMs);
  const words: Words = stepMs < MINUTE ? "seconds" : "clock";
  for (;;) {
    for (let atMs = day.fromMs; atMs < Math.min(day.toMs, toMs); atMs += stepMs) {
      if (atMs < fromMs) continue;
      ticks.push({ atMs, text: zone.format(atMs, atMs === day.fromMs ? "weekday" : words) });
    }
    if (day.toMs >= toMs) return ticks;
    day = zone.dayOf(day.toMs);
  }
}

function dayTicks({ fromMs, toMs }: Period, days: number, zone: Zone): TimeTick[] {
  const ticks: TimeTick[] = [];
  let day = zone.dayOf(fromMs);
  while (day.fromMs < toMs) {
    const number = Math.round(Date.parse(`${day.date}T00:00:00Z`) / DAY);
    // Weeks begin on Monday, as 5 January 1970 did.
    if (day.fromMs >= fromMs && (number + 3) % days === 0) {
      ticks.push({
        atMs: day.fromMs,
        text: zone.format(day.fromMs, days === 1 ? "weekday" : "day"),
      });
    }
    day = zone.dayOf(day.toMs);
  }
  return ticks;
}

function monthTicks({ fromMs, toMs }: Period, months: number, zone: Zone): TimeTick[] {
  const ticks: TimeTick[] = [];
  const [year = 0, month = 0] = zone.dayOf(fromMs).date.split("-").map(Number);
  const first = Math.floor((year * 12 + month - 1) / months) * months;
  for (let count = first; ; count += months) {
    const atMs = zone.startOf(Math.floor(count / 12), (count % 12) + 1, 1);
    if (atMs >= toMs) return ticks;
    if (atMs < fromMs) continue;
    ticks.push({ atMs, text: zone.format(atMs, count % 12 === 0 ? "year" : "month") });
  }
}
