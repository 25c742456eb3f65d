/** Local days, weeks, months and billing cycles: where they begin and end. */

import type { AlertPeriod } from "../model/alert.ts";
import type { Period } from "../model/history.ts";

export const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

/** The period that `atMs` lies in, by the clock of this computer: days have 23 or 25 hours when the clocks change. */
export function periodAt(atMs: number, period: AlertPeriod | "hour", cycleDay = 1): Period {
  const at = new Date(atMs);
  const year = at.getFullYear();
  const month = at.getMonth();
  switch (period) {
    case "hour": {
      // From the beginning of the day, as the history counts them: zones are half an hour or 45 minutes apart too.
      const day = between(year, month, at.getDate(), at.getDate() + 1);
      const fromMs = atMs - ((atMs - day.fromMs) % HOUR_MS);
      return { fromMs, toMs: Math.min(fromMs + HOUR_MS, day.toMs) };
    }
    case "day":
      return between(year, month, at.getDate(), at.getDate() + 1);
    case "week": {
      const monday = at.getDate() - ((at.getDay() + 6) % 7);
      return between(year, month, monday, monday + 7);
    }
    case "month":
      return cycle(year, month, 1);
    case "cycle": {
      const own = cycle(year, month, cycleDay);
      return atMs >= own.fromMs ? own : cycle(year, month - 1, cycleDay);
    }
  }
}

function between(year: number, month: number, from: number, to: number): Period {
  return {
    fromMs: new Date(year, month, from).getTime(),
    toMs: new Date(year, month, to).getTime(),
  };
}

/** In a month that is shorter a cycle begins on its last day. */
function cycle(year: number, month: number, cycleDay: number): Period {
  const begin = (each: number) => {
    const last = new Date(year, each + 1, 0).getDate();
    return new Date(year, each, Math.min(cycleDay, last)).getTime();
  };
  return { fromMs: begin(month), toMs: begin(month + 1) };
}

const DAY_NAMES = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/** "Monday" */
export function weekdayWords(atMs: number): string {
  return DAY_NAMES[new Date(atMs).getDay()] ?? "";
}

/** "14:05" */
export function clockWords(atMs: number): string {
  const at = new Date(atMs);
  return `${String(at.getHours()).padStart(2, "0")}:${String(at.getMinutes()).padStart(2, "0")}`;
}

/** "the 24th" */
export function dayWords(atMs: number): string {
  const day = new Date(atMs).getDate();
  const teen = day > 10 && day < 14;
  const ending = teen ? "th" : (["th", "st", "nd", "rd"][day % 10] ?? "th");
  return `the ${day}${ending}`;
}

/** When the quiet time that `atMs` lies in ends; undefined: it is not quiet. */
export function quietUntil(
  atMs: number,
  quiet: { readonly fromMinute: number; readonly toMinute: number } | null,
): number | undefined {
  if (quiet === null) return undefined;
  const at = new Date(atMs);
  const minute = at.getHours() * 60 + at.getMinutes();
  const { fromMinute, toMinute } = quiet;
  const isOver = fromMinute > toMinute;
  const isQuiet = isOver
    ? minute >= fromMinute || minute < toMinute
    : minute >= fromMinute && minute < toMinute;
  if (!isQuiet) return undefined;
  const tomorrow = isOver && minute >= fromMinute ? 1 : 0;
  return new Date(at.getFullYear(), at.getMonth(), at.getDate() + tomorrow, 0, toMinute).getTime();
}
