/** Which part of the past a command asks for: days and hours are the caller's own, as its clock shows them. */

import type { Command } from "commander";
import { MonitauriError } from "../model/error.ts";
import { parseDuration } from "../model/format.ts";
import type { Period } from "../model/history.ts";

export const PERIOD_WORDS = ["today", "yesterday", "week", "month", "year", "cycle"] as const;

export interface PeriodOptions {
  readonly last?: string;
  readonly from?: string;
  readonly to?: string;
  readonly cycleDay?: string;
}

export interface ChosenPeriod extends Period {
  /** What it is compared with: as far into yesterday as it is into today. */
  readonly before: Period;
  readonly title: string;
}

export function periodOptions(command: Command): Command {
  return command
    .option("--last <time>", "up to now, as 30min, 12h, 7d or 4w")
    .option("--from <time>", 'from then on, as 2026-11-01, "2026-11-01 14:30" or 14:30')
    .option("--to <time>", "up to then; a day is included (default: now)")
    .option("--cycle-day <number>", "the day of the month on which the billing cycle begins");
}

/** @throws MonitauriError "invalid". */
export function choosePeriod(
  word: string | undefined,
  options: PeriodOptions,
  { nowMs, otherwise }: { nowMs: number; otherwise: PeriodOptions | "today" },
): ChosenPeriod {
  const ways = [word, options.last, options.from ?? options.to].filter((way) => way !== undefined);
  if (ways.length > 1) throw wrong("it is said twice", "Give a word, --last, or --from and --to");
  if (ways.length === 0) {
    if (options.cycleDay !== undefined) return named("cycle", options, nowMs);
    if (otherwise === "today") return named("today", options, nowMs);
    return choosePeriod(undefined, otherwise, { nowMs, otherwise: "today" });
  }
  if (word !== undefined) return named(word, options, nowMs);
  if (options.last !== undefined) return last(options.last, nowMs);
  return between(options, nowMs);
}

function named(word: string, { cycleDay }: PeriodOptions, nowMs: number): ChosenPeriod {
  const now = new Date(nowMs);
  const [year, month, day] = [now.getFullYear(), now.getMonth(), now.getDate()];
  const at = (y: number, m: number, d: number) => new Date(y, m, d).getTime();
  const since = (fromMs: number, beforeMs: number, title: string) => ({
    fromMs,
    toMs: nowMs,
    before: { fromMs: beforeMs, toMs: Math.min(fromMs, beforeMs + nowMs - fromMs) },
    title,
  });
  const monday = day - ((now.getDay() + 6) % 7);
  switch (word) {
    case "today":
      return since(at(year, month, day), at(year, month, day - 1), "Today");
    case "yesterday": {
      const [fromMs, toMs] = [at(year, month, day - 1), at(year, month, day)];
      const before = { fromMs: at(year, month, day - 2), toMs: fromMs };
      return { fromMs, toMs, before, title: "Yesterday" };
    }
    case "week":
      return since(at(year, month, monday), at(year, month, monday - 7), "This week");
    case "month":
      return since(at(year, month, 1), at(year, month - 1, 1), "This month");
    case "year":
      return since(at(year, 0, 1), at(year - 1, 0, 1), "This year");
    case "cycle": {
      const first = readCycleDay(cycleDay);
      // A cycle that begins on the 31st begins on the last day of a shorter month.
      const begins = (m: number) =>
        at(year, m, Math.min(first, new Date(year, m + 1, 0).getDate()));
      const current = begins(month) <= nowMs ? month : month - 1;
      return since(begins(current), begins(current - 1), "This billing cycle");
    }
    default:
      throw wrong(`"${word}" is no period`, `Use ${PERIOD_WORDS.join(", ")}, --last or --from`);
  }
}

function readCycleDay(text: string | undefined): number {
  const day = Number(text);
  if (text !== undefined && /^\d{1,2}$/.test(text) && day >= 1 && day <= 31) return day;
  throw wrong("the billing cycle has no start", "Give its day of the month: --cycle-day 15");
}

function last(text: string, nowMs: number): ChosenPeriod {
  const [, weeks] = /^(\d{1,4})\s*w$/.exec(text) ?? [];
  const lengthMs = weeks === undefined ? parseDuration(text) : Number(weeks) * 7 * DAY_MS;
  if (lengthMs === undefined || lengthMs < 1_000) {
    throw wrong(`"${text}" is no time`, "Write it as --last 30min, 12h, 7d or 4w");
  }
  return plain(nowMs - lengthMs, nowMs, `The last ${text}`);
}

const DAY_MS = 24 * 3_600_000;

function between({ from, to }: PeriodOptions, nowMs: number): ChosenPeriod {
  if (from === undefined) throw wrong("it has no beginning", "Give --from, too");
  const fromMs = parseLocal(from, nowMs).fromMs;
  const toMs = to === undefined ? nowMs : parseLocal(to, nowMs).toMs;
  if (fromMs >= toMs) throw wrong("it ends before it begins", "Look at --from and --to");
  return plain(fromMs, toMs, "");
}

function plain(fromMs: number, toMs: number, title: string): ChosenPeriod {
  return { fromMs, toMs, before: { fromMs: fromMs - (toMs - fromMs), toMs: fromMs }, title };
}

const FORM = /^(?:(\d{4})-(\d\d)-(\d\d))?(?:(?:^|[T ])(\d\d):(\d\d)(?::(\d\d))?)?$/;

/** A moment by the caller's clock, or the whole day where there is no time in it. */
function parseLocal(text: string, nowMs: number): Period {
  const zoned = /T.*(?:Z|[+-]\d\d:\d\d)$/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(zoned)) return { fromMs: zoned, toMs: zoned };
  const now = new Date(nowMs);
  const [found, ...parts] = FORM.exec(text.trim()) ?? [];
  const [year = now.getFullYear(), month, day = now.getDate(), hour, minute = 0, second = 0] =
    parts.map((part) => (part === undefined ? undefined : Number(part)));
  const monthIndex = month === undefined ? now.getMonth() : month - 1;
  const at = new Date(year, monthIndex, day, hour ?? 0, minute, second);
  const isReal =
    at.getMonth() === monthIndex &&
    at.getDate() === day &&
    (hour ?? 0) < 24 &&
    minute < 60 &&
    second < 60;
  if (!found || !isReal) {
    throw wrong(`"${text}" is no time`, 'Write 2026-11-01, "2026-11-01 14:30" or 14:30');
  }
  const isDay = hour === undefined;
  const toMs = isDay ? new Date(year, monthIndex, day + 1).getTime() : at.getTime();
  return { fromMs: at.getTime(), toMs };
}

function wrong(why: string, remedy: string): MonitauriError {
  return new MonitauriError("invalid", `Cannot tell which period is meant: ${why}. ${remedy}`);
}
