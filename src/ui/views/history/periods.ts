/** The periods that one can choose with a word, and what each is compared with (pure). */

import type { Period } from "../../../model/history.ts";
import type { Zone } from "./zone.ts";

export const PERIODS = [
  "hour",
  "today",
  "yesterday",
  "7d",
  "week",
  "30d",
  "month",
  "cycle",
  "year",
  "all",
] as const;
export type PeriodName = (typeof PERIODS)[number];

export const PERIOD_TITLES: Readonly<Record<PeriodName, string>> = {
  hour: "Last hour",
  today: "Today",
  yesterday: "Yesterday",
  "7d": "7 days",
  week: "This week",
  "30d": "30 days",
  month: "This month",
  cycle: "Billing cycle",
  year: "This year",
  all: "All",
};

export interface ChosenPeriod extends Period {
  /** As far into yesterday as it is into today; undefined where there can be none. */
  readonly before: Period | undefined;
  /** What `before` is, in words: "yesterday, to the same time". */
  readonly beforeText: string;
  /** It ends now, and grows. */
  readonly isOpen: boolean;
}

export interface PeriodContext {
  readonly nowMs: number;
  readonly zone: Zone;
  /** Day of the month on which the billing cycle begins, 1 to 31. */
  readonly cycleDay: number;
  /** Of the history; undefined while there is none. */
  readonly firstAtMs: number | undefined;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

export function periodOf(name: PeriodName, context: PeriodContext): ChosenPeriod {
  const { nowMs, zone } = context;
  const today = zone.dayOf(nowMs);
  const [year = 0, month = 0, day = 0] = today.date.split("-").map(Number);
  const since = (fromMs: number, beforeMs: number, what: string): ChosenPeriod => ({
    fromMs,
    toMs: Math.max(nowMs, fromMs + 1_000),
    before: {
      fromMs: beforeMs,
      toMs: Math.max(beforeMs + 1, Math.min(fromMs, beforeMs + nowMs - fromMs)),
    },
    beforeText: `${what}, to the same time`,
    isOpen: true,
  });
  const last = (lengthMs: number, what: string): ChosenPeriod => ({
    fromMs: nowMs - lengthMs,
    toMs: nowMs,
    before: { fromMs: nowMs - 2 * lengthMs, toMs: nowMs - lengthMs },
    beforeText: what,
    isOpen: true,
  });
  switch (name) {
    case "hour":
      return last(HOUR_MS, "the hour before");
    case "today":
      return since(today.fromMs, zone.startOf(year, month, day - 1), "yesterday");
    case "yesterday": {
      const fromMs = zone.startOf(year, month, day - 1);
      const before = { fromMs: zone.startOf(year, month, day - 2), toMs: fromMs };
      return { fromMs, toMs: today.fromMs, before, beforeText: "the day before", isOpen: false };
    }
    case "7d":
      return last(7 * DAY_MS, "the 7 days before");
    case "30d":
      return last(30 * DAY_MS, "the 30 days before");
    case "week": {
      const weekday = (new Date(`${today.date}T00:00:00Z`).getUTCDay() + 6) % 7;
      const monday = day - weekday;
      const begins = zone.startOf(year, month, monday);
      return since(begins, zone.startOf(year, month, monday - 7), "last week");
    }
    case "month":
      return since(zone.startOf(year, month, 1), zone.startOf(year, month - 1, 1), "last month");
    case "cycle": {
      const begins = (of: number) => zone.startOf(year, of, cycleStart(year, of, context.cycleDay));
      const current = begins(month) <= nowMs ? month : month - 1;
      return since(begins(current), begins(current - 1), "the last cycle");
    }
    case "year":
      return since(zone.startOf(year, 1, 1), zone.startOf(year - 1, 1, 1), "last year");
    case "all": {
      const fromMs = Math.min(context.firstAtMs ?? today.fromMs, nowMs - 1_000);
      return { fromMs, toMs: nowMs, before: undefined, beforeText: "", isOpen: true };
    }
  }
}

/** A cycle that begins on the 31st begins on the last day of a shorter month. */
function cycleStart(year: number, month: number, cycleDay: number): number {
  return Math.min(cycleDay, new Date(Date.UTC(year, month, 0)).getUTCDate());
}

/** One that is given by its ends. */
export function exactPeriod({ fromMs, toMs }: Period): ChosenPeriod {
  const before = { fromMs: fromMs - (toMs - fromMs), toMs: fromMs };
  return { fromMs, toMs, before, beforeText: "the time before, as long", isOpen: false };
}

/** As long, right before (-1) or after (1); whole days, weeks and months stay whole. */
export function neighbour(
  { fromMs, toMs }: Period,
  { zone, by }: { zone: Zone; by: 1 | -1 },
): Period {
  const [first, last] = [zone.dayOf(fromMs), zone.dayOf(toMs - 1)];
  if (first.fromMs !== fromMs)
    return { fromMs: fromMs + by * (toMs - fromMs), toMs: toMs + by * (toMs - fromMs) };
  const [year = 0, month = 0, day = 0] = first.date.split("-").map(Number);
  const [lastYear = 0, lastMonth = 0, lastDay = 0] = last.date.split("-").map(Number);
  const isMonths =
    day === 1 && (lastDay === daysIn(lastYear, lastMonth) || zone.dayOf(toMs).date !== last.date);
  const isWhole = last.toMs === toMs;
  if (isWhole && isMonths) {
    const months = (lastYear - year) * 12 + lastMonth - month + 1;
    const start = (more: number) => zone.startOf(year, month + more, 1);
    return { fromMs: start(by * months), toMs: start(by * months + months) };
  }
  const days = Math.round((Date.parse(last.date) - Date.parse(first.date)) / DAY_MS) + 1;
  const start = (more: number) => zone.startOf(year, month, day + more);
  return { fromMs: start(by * days), toMs: start(by * days + days) };
}

function daysIn(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** "Wed 25 Nov, 14:00 to 15:30"; with the year where it is another than now's. */
export function periodText(
  { fromMs, toMs }: Period,
  { zone, nowMs }: { zone: Zone; nowMs: number },
): string {
  const isSameDay = zone.dayOf(fromMs).date === zone.dayOf(toMs - 1).date;
  const isShort = fromMs % 60_000 !== 0 && toMs - fromMs < 600_000;
  const clock = (atMs: number) => zone.format(atMs, isShort ? "seconds" : "clock");
  const thisYear = zone.format(nowMs, "year");
  const day = (atMs: number) =>
    zone.format(atMs, zone.format(atMs, "year") === thisYear ? "weekday" : "date");
  const isMidnight = (atMs: number) => zone.dayOf(atMs).fromMs === atMs;
  if (isMidnight(fromMs) && isMidnight(toMs)) {
    return isSameDay ? day(fromMs) : `${day(fromMs)} to ${day(toMs - 1)}`;
  }
  if (isSameDay) return `${day(fromMs)}, ${clock(fromMs)} to ${clock(toMs)}`;
  return `${day(fromMs)}, ${clock(fromMs)} to ${day(toMs)}, ${clock(toMs)}`;
}
