/** Times as the daemon's clock shows them, whatever zone the browser is in (pure). */

import { type Calendar, createCalendar } from "../../../model/local-days.ts";

const MINUTE_MS = 60_000;

export interface Zone {
  /** "Europe/Berlin" */
  readonly name: string;
  readonly calendar: Calendar;
  /** The local day of a moment; `toMs` is the first instant of the next. */
  dayOf(atMs: number): { readonly date: string; readonly fromMs: number; readonly toMs: number };
  /** When a local day begins; of one that a zone skipped, the next. Month and day may be beyond their ends. */
  startOf(year: number, month: number, day: number): number;
  /** "2026-11-08T14:28:05", as date pickers have it. */
  local(atMs: number): string;
  /** The reverse; of a time that the clocks skipped the one behind it, of one that came twice the first. undefined where
   * it is no time. */
  read(text: string): number | undefined;
  format(atMs: number, what: Words): string;
}

/** "clock" 14:28, "seconds" 14:28:05, "day" 8 Nov, "weekday" Sun 8 Nov, "month" Nov, "date" 8 Nov 2026, "year" 2026. */
export type Words = "clock" | "seconds" | "day" | "weekday" | "month" | "date" | "year";

/** Where there is no such zone, the browser's own. */
export function openZone(name: string | undefined): Zone {
  const known = zones.get(name);
  if (known !== undefined) return known;
  const zone = makeZone(name);
  zones.set(name, zone);
  return zone;
}

const zones = new Map<string | undefined, Zone>();

function makeZone(wanted: string | undefined): Zone {
  const name = isZone(wanted) ? wanted : new Intl.DateTimeFormat().resolvedOptions().timeZone;
  const calendar = createCalendar(name);
  const formats = formatsOf(name);
  const iso = new Intl.DateTimeFormat("sv-SE", {
    ...DATE,
    ...SECONDS,
    month: "2-digit",
    day: "2-digit",
    timeZone: name,
  });
  const local = (atMs: number) => iso.format(atMs).replace(" ", "T");

  function startOf(year: number, month: number, day: number): number {
    const noonMs = Date.UTC(year, month - 1, day, 12);
    const wantedDate = new Date(noonMs).toISOString().slice(0, 10);
    let found = calendar(Math.floor(noonMs / MINUTE_MS));
    while (found.date > wantedDate) {
      const before = calendar(found.midnightMinute - 1);
      if (before.date < wantedDate) break;
      found = before;
    }
    while (found.date < wantedDate) found = calendar(found.endMinute);
    return found.midnightMinute * MINUTE_MS;
  }

  return {
    name,
    calendar,
    dayOf(atMs) {
      const { date, midnightMinute, endMinute } = calendar(Math.floor(atMs / MINUTE_MS));
      return { date, fromMs: midnightMinute * MINUTE_MS, toMs: endMinute * MINUTE_MS };
    },
    startOf,
    local,
    read(text) {
      const parts =
        LOCAL.exec(text)
          ?.slice(1)
          .map((part) => Number(part ?? 0)) ?? [];
      const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
      if (!isTime({ year, month, day, hour, minute, second })) return undefined;
      const midnightMs = startOf(year, month, day);
      const sinceMs = ((hour * 60 + minute) * 60 + second) * 1000;
      const guess = midnightMs + sinceMs;
      // Later than a change of the clocks, it is as far away as they were turned.
      const shown = Date.parse(`${local(guess)}Z`);
      const wanted = Date.UTC(year, month - 1, day) + sinceMs;
      const found = guess + wanted - shown;
      return Date.parse(`${local(found)}Z`) === wanted ? found : guess;
    },
    format: (atMs, what) => formats[what].format(atMs),
  };
}

const LOCAL = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d)(?::(\d\d))?(?:\.\d+)?$/;

interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
}

function isTime({ year, month, day, hour, minute, second }: Parts): boolean {
  const date = new Date(Date.UTC(year, month - 1, day));
  const isDate = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return isDate && year >= 1970 && hour < 24 && minute < 60 && second < 60;
}

function isZone(name: string | undefined): name is string {
  if (name === undefined) return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

const CLOCK = { hour: "2-digit", minute: "2-digit", hourCycle: "h23" } as const;
const SECONDS = { ...CLOCK, second: "2-digit" } as const;
const DAY = { day: "numeric", month: "short" } as const;
const DATE = { ...DAY, year: "numeric" } as const;

function formatsOf(timeZone: string): Readonly<Record<Words, Intl.DateTimeFormat>> {
  const format = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-GB", { ...options, timeZone });
  return {
    clock: format(CLOCK),
    seconds: format(SECONDS),
    day: format(DAY),
    weekday: format({ ...DAY, weekday: "short" }),
    month: format({ month: "short" }),
    date: format(DATE),
    year: format({ year: "numeric" }),
  };
}
