/** When rules hold: schedules in local wall-clock time, expiry, and which rules are in force (pure). */

import { MonitauriError } from "./error.ts";
import {
  type LimitRule,
  MAX_SCHEDULE_WINDOWS,
  type ScheduleWindow,
  WEEKDAYS,
  type Weekday,
} from "./limit.ts";

/** A moment as clocks on the wall show it. */
export interface WallTime {
  /** 0: Monday. */
  readonly weekday: number;
  /** 0 to 1439. */
  readonly minute: number;
}

/** Rules that hold at a moment: enabled, not expired, and within their schedule. @param zone "Europe/Berlin"; where not
 * given, the system's. */
export function rulesInForce(
  rules: readonly LimitRule[],
  atMs: number,
  zone?: string,
): readonly LimitRule[] {
  const wall = wallTime(atMs, zone);
  return rules.filter((rule) => standing(rule, atMs, wall) === "in-force");
}

export type Standing = "in-force" | "disabled" | "expired" | "off-schedule";

/** @param wall of the same moment. */
export function standing(rule: LimitRule, atMs: number, wall: WallTime): Standing {
  if (rule.expiresAtMs !== null && atMs >= rule.expiresAtMs) return "expired";
  if (!rule.enabled) return "disabled";
  return rule.schedule === null || isWithin(rule.schedule, wall) ? "in-force" : "off-schedule";
}

/** By the clock on the wall: an hour that occurs twice is inside twice, one that is skipped not at all. */
export function isWithin(schedule: readonly ScheduleWindow[], wall: WallTime): boolean {
  return schedule.some(({ days, from, to }) => {
    const begin = minuteOf(from);
    const end = minuteOf(to);
    const isOn = (weekday: number) => days.includes(WEEKDAYS[weekday % 7] as Weekday);
    if (begin < end) return isOn(wall.weekday) && wall.minute >= begin && wall.minute < end;
    return (
      (isOn(wall.weekday) && wall.minute >= begin) || (isOn(wall.weekday + 6) && wall.minute < end)
    );
  });
}

const formats = new Map<string | undefined, Intl.DateTimeFormat>();

export function wallTime(atMs: number, zone?: string): WallTime {
  let format = formats.get(zone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", {
      weekday: "short",
      hour: "numeric",
      minute: "numeric",
      hourCycle: "h23",
      ...(zone === undefined ? {} : { timeZone: zone }),
    });
    formats.set(zone, format);
  }
  const parts = new Map(format.formatToParts(atMs).map(({ type, value }) => [type, value]));
  return {
    weekday: WEEKDAYS.indexOf((parts.get("weekday") ?? "").toLowerCase() as Weekday),
    minute: Number(parts.get("hour")) * 60 + Number(parts.get("minute")),
  };
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** When the rule next begins or ceases to hold; null: never, or not within eight days. */
export function nextChangeMs(rule: LimitRule, atMs: number, zone?: string): number | null {
  const { expiresAtMs, schedule, enabled } = rule;
  if (expiresAtMs !== null && atMs >= expiresAtMs) return null;
  if (!enabled || schedule === null) return enabled ? expiresAtMs : null;
  const turns = scheduleChangeMs(schedule, atMs, zone);
  if (turns === null) return expiresAtMs;
  return expiresAtMs === null ? turns : Math.min(turns, expiresAtMs);
}

// Schedules turn at whole minutes of the day, and clocks change by whole quarters: looks at each quarter, then at the
// minutes of the one in which it turns.
function scheduleChangeMs(
  schedule: readonly ScheduleWindow[],
  atMs: number,
  zone: string | undefined,
): number | null {
  const isIn = (ms: number) => isWithin(schedule, wallTime(ms, zone));
  const now = isIn(atMs);
  const first = Math.floor(atMs / MINUTE_MS) * MINUTE_MS + MINUTE_MS;
  const edges = new Set(schedule.flatMap(({ from, to }) => [minuteOf(from), minuteOf(to) % 1440]));
  for (let ms = first; ms < atMs + 8 * DAY_MS; ) {
    const wall = wallTime(ms, zone);
    if (isWithin(schedule, wall) !== now) return ms;
    // To the next edge of the day, but no further than a quarter of an hour where a clock change may lie in between.
    const toEdge = Math.min(
      ...[...edges].map((edge) => (edge - wall.minute + 1440) % 1440 || 1440),
    );
    const toQuarter = 15 - (wall.minute % 15);
    ms += Math.max(1, Math.min(toEdge, toQuarter)) * MINUTE_MS;
  }
  return null;
}

/** "mon-fri 09:00-18:00", several with commas between: "mon-fri 22:00-06:00, sat,sun 00:00-24:00"; days or hours alone
 * mean every hour or every day. @throws MonitauriError "invalid" that names the part. */
export function parseSchedule(text: string): ScheduleWindow[] {
  const windows: ScheduleWindow[] = [];
  let days: Weekday[] = [];
  for (const word of text
    .trim()
    .toLowerCase()
    .split(/[\s,;]+/)) {
    const hours = /^(\d{1,2}:\d{2})-(\d{1,2}:\d{2})$/.exec(word);
    if (hours === null) {
      // Days after hours begin the next part.
      const last = windows.at(-1);
      if (last !== undefined && last.days === days) days = [];
      days.push(...daysOf(word, text));
    } else {
      if (days.length === 0) days = [...WEEKDAYS];
      windows.push({ days, from: clock(hours[1], text), to: clock(hours[2], text) });
    }
  }
  if (windows.at(-1)?.days !== days) windows.push({ days, from: "00:00", to: "24:00" });
  checkSchedule(windows);
  return windows.map((window) => ({
    ...window,
    days: WEEKDAYS.filter((day) => window.days.includes(day)),
  }));
}

/** @throws MonitauriError "invalid" */
export function checkSchedule(windows: readonly ScheduleWindow[]): void {
  if (windows.length === 0 || windows.length > MAX_SCHEDULE_WINDOWS) {
    throw invalid(`a schedule has 1 to ${MAX_SCHEDULE_WINDOWS} windows, not ${windows.length}`);
  }
  for (const { days, from, to } of windows) {
    if (days.length === 0) throw invalid("a window of the schedule has no day");
    const [begin, end] = [minuteOf(from), minuteOf(to)];
    if (Number.isNaN(begin) || begin > 1439) throw invalid(`"${from}" is no time of day`);
    if (Number.isNaN(end)) throw invalid(`"${to}" is no time of day`);
    if (begin === end) throw invalid(`the window ${from}-${to} is empty`);
  }
}

/** "mon-fri 09:00-18:00" */
export function formatSchedule(schedule: readonly ScheduleWindow[]): string {
  return schedule
    .map(({ days, from, to }) => {
      const isWholeDay = from === "00:00" && to === "24:00";
      if (days.length === 7) return isWholeDay ? "always" : `${from}-${to}`;
      return isWholeDay ? dayText(days) : `${dayText(days)} ${from}-${to}`;
    })
    .join(", ");
}

function dayText(days: readonly Weekday[]): string {
  const indices = days.map((day) => WEEKDAYS.indexOf(day)).sort((a, b) => a - b);
  const runs: number[][] = [];
  for (const index of indices) {
    const run = runs.at(-1);
    if (run !== undefined && run.at(-1) === index - 1) run.push(index);
    else runs.push([index]);
  }
  return runs
    .flatMap((run) => (run.length > 2 ? [[run[0], run.at(-1)]] : run.map((index) => [index])))
    .map((ends) => ends.map((index = 0) => WEEKDAYS[index]).join("-"))
    .join(",");
}

function daysOf(word: string, text: string): Weekday[] {
  if (word === "daily" || word === "always") return [...WEEKDAYS];
  if (word === "weekdays") return WEEKDAYS.slice(0, 5);
  if (word === "weekend" || word === "weekends") return WEEKDAYS.slice(5);
  const [first, last = first, more] = word.split("-");
  const from = dayIndex(first);
  const to = dayIndex(last);
  if (from < 0 || to < 0 || more !== undefined) {
    throw invalid(`"${word}" in "${text}" is neither days nor hours`);
  }
  const count = ((to - from + 7) % 7) + 1;
  return Array.from({ length: count }, (_, i) => WEEKDAYS[(from + i) % 7] as Weekday);
}

/** "mon" and "monday". */
function dayIndex(word = ""): number {
  const names = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];
  return names.findIndex((name) => word.length >= 3 && name.startsWith(word));
}

function clock(text = "", whole: string): string {
  const padded = text.padStart(5, "0");
  if (Number.isNaN(minuteOf(padded))) throw invalid(`"${text}" in "${whole}" is no time of day`);
  return padded;
}

/** NaN where it is none. */
function minuteOf(text: string): number {
  const [, hours, minutes] = /^(\d{2}):(\d{2})$/.exec(text) ?? [];
  const minute = Number(hours) * 60 + Number(minutes);
  return Number(minutes) < 60 && minute <= 1440 ? minute : Number.NaN;
}

function invalid(what: string): MonitauriError {
  return new MonitauriError(
    "invalid",
    `Cannot use this schedule: ${what}. Write it as "mon-fri 09:00-18:00"`,
  );
}
