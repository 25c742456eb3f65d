/** Local days of a time zone: when they begin and which date they have. */

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1_440;

/** A local day; minutes are whole ones since the epoch, UTC. */
export interface LocalDay {
  readonly midnightMinute: number;
  /** Where the next one begins: 23 or 25 hours later when the clocks change. */
  readonly endMinute: number;
  /** "2026-11-08" */
  readonly date: string;
  /** Of local time against UTC when the day begins, east is positive. */
  readonly offsetMinutes: number;
}

export type Calendar = (minute: number) => LocalDay;

/** @param zone "Europe/Berlin"; where not given, the system's. @throws RangeError where there is no such zone. */
export function createCalendar(zone?: string): Calendar {
  const dateAt = localDates(zone);
  let latest: LocalDay | undefined;
  return (minute) => {
    if (latest === undefined || minute < latest.midnightMinute || minute >= latest.endMinute) {
      latest = dayAt(dateAt, minute);
    }
    return latest;
  };
}

// Some zones change their clocks at midnight and have days without one: the day begins with its first instant.
function dayAt(dateAt: LocalDates, minute: number): LocalDay {
  const day = dateAt(minute);
  const midnightMinute = firstMinute(dateAt, day);
  return {
    midnightMinute,
    endMinute: firstMinute(dateAt, day + 1),
    date: new Date(day * DAY_MINUTES * MINUTE_MS).toISOString().slice(0, 10),
    offsetMinutes: dateAt.local(midnightMinute) - midnightMinute,
  };
}

/** Local dates never go back, since no zone has turned its clocks back over a midnight that had begun. */
function firstMinute(dateAt: LocalDates, day: number): number {
  // Nearly always a midnight of the offset that was right last.
  const guess = day * DAY_MINUTES - dateAt.latestOffset;
  if (dateAt(guess) === day && dateAt(guess - 1) < day) return guess;
  // Offsets are within 14 hours; Kiribati and Samoa have skipped a whole date.
  let before = day * DAY_MINUTES - 2 * DAY_MINUTES;
  let at = day * DAY_MINUTES + 2 * DAY_MINUTES;
  while (at - before > 1) {
    const middle = (before + at) >> 1;
    if (dateAt(middle) >= day) at = middle;
    else before = middle;
  }
  return at;
}

interface LocalDates {
  /** Local days since the epoch. */
  (minute: number): number;
  /** Local minutes since the epoch. */
  local(minute: number): number;
  /** Of the minute that was asked for last. */
  latestOffset: number;
}

function localDates(zone: string | undefined): LocalDates {
  const format = new Intl.DateTimeFormat("en-US", {
    calendar: "iso8601",
    numberingSystem: "latn",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    hourCycle: "h23",
    ...(zone === undefined ? {} : { timeZone: zone }),
  });
  const local = (minute: number) => {
    const parts = new Map(
      format.formatToParts(minute * MINUTE_MS).map(({ type, value }) => [type, Number(value)]),
    );
    const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
    const at = Date.UTC(part("year"), part("month") - 1, part("day"), part("hour"), part("minute"));
    return at / MINUTE_MS;
  };
  const dates: LocalDates = Object.assign(
    (minute: number) => {
      const found = local(minute);
      dates.latestOffset = found - minute;
      return Math.floor(found / DAY_MINUTES);
    },
    { local, latestOffset: 0 },
  );
  return dates;
}
