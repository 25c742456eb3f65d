/** Dates of a time zone and the instants at which they begin (pure). */

export interface LocalDate {
  readonly year: number;
  /** 1 to 12. */
  readonly month: number;
  readonly day: number;
  /** 0: Monday. */
  readonly weekday: number;
}

const DAY_MS = 86_400_000;
const formats = new Map<string | undefined, Intl.DateTimeFormat>();

/** @param zone "Europe/Berlin"; where not given, the system's. */
export function localDate(atMs: number, zone?: string): LocalDate {
  return dateOf(localMs(atMs, zone));
}

/** The first instant of a date; days and months out of range count on, as in Date.UTC(). Where the clocks skip midnight the day
 * begins where they land, where midnight comes twice with the first. */
export function startOfDate(
  { year, month, day }: Omit<LocalDate, "weekday">,
  zone?: string,
): number {
  const wanted = Date.UTC(year, month - 1, day);
  const offsets = [wanted - DAY_MS, wanted + DAY_MS].map((near) => localMs(near, zone) - near);
  const fitting = offsets
    .map((offset) => wanted - offset)
    .filter((at) => localMs(at, zone) === wanted);
  return fitting.length > 0 ? Math.min(...fitting) : wanted - (offsets[0] ?? 0);
}

export function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** What clocks on the wall show, as if they showed UTC. */
function localMs(atMs: number, zone: string | undefined): number {
  const parts = new Map(
    formatOf(zone)
      .formatToParts(atMs)
      .map(({ type, value }) => [type, Number(value)]),
  );
  const part = (name: Intl.DateTimeFormatPartTypes) => parts.get(name) ?? 0;
  const seconds = part("hour") * 3600 + part("minute") * 60 + part("second");
  return Date.UTC(part("year"), part("month") - 1, part("day")) + seconds * 1000;
}

function formatOf(zone: string | undefined): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const format = new Intl.DateTimeFormat("en-US", {
    calendar: "iso8601",
    numberingSystem: "latn",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
    hourCycle: "h23",
    ...(zone === undefined ? {} : { timeZone: zone }),
  });
  formats.set(zone, format);
  return format;
}

function dateOf(localMs: number): LocalDate {
  const date = new Date(localMs);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: (date.getUTCDay() + 6) % 7,
  };
}
