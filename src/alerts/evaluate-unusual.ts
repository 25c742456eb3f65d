/** An hour of a program that is unlike the same hour of the days before: its volume, that it is active then at all, or
 * that it sends where it used to receive. The reason is said in words, with what is usual. */

import type { AlertRule, UnusualAspect, UnusualCondition } from "../model/alert.ts";
import { formatBytes, formatShare } from "../model/format.ts";
import { isNoProgram, subjectOf } from "./evaluate-newcomer.ts";
import { createMarks } from "./marks.ts";
import type { Meter, MeterGroup } from "./meters.ts";
import type { PastTable } from "./past.ts";
import { clockWords } from "./periods.ts";
import { median, robustDeviation } from "./statistics.ts";
import type { Conditions, EvaluationState, Turn } from "./turn.ts";

const HOUR_MS = 3_600_000;
/** Hours are looked at this often while they last. */
const EVERY_MS = 60_000;
/** Days of history without which nothing is called unusual. */
export const MIN_UNUSUAL_DAYS = 7;
/** Nobody wants to be told of less. */
export const MIN_VOLUME_BYTES = 20_000_000;
const MIN_HOUR_BYTES = 1_000_000;
/** The middle value is multiplied by this at least: a program that always moves the same has no deviation. */
const MIN_FACTOR = 3;
/** Sending is unusual from half of the bytes on. */
const MIN_SENT_SHARE = 0.5;
const MAX_USUAL_SENT_SHARE = 0.25;

type UnusualRule = AlertRule & { readonly condition: UnusualCondition };

export interface Hour {
  readonly key: string;
  readonly name: string;
  readonly fromMs: number;
  readonly rxBytes: number;
  readonly txBytes: number;
}

export interface Unusual {
  readonly aspect: UnusualAspect;
  readonly title: string;
  readonly text: string;
  readonly bytes: number | null;
  readonly thresholdBytes: number | null;
}

export function unusualConditions(state: EvaluationState): Conditions {
  const marks = createMarks(state, "unusual");
  let rules: readonly UnusualRule[] = [];
  let waitedMs = 0;

  function judge(turn: Turn, { group, meter, rule, table }: Judged): void {
    const found = unusualIn({ ...meter, fromMs: group.fromMs }, table, rule.condition);
    for (const { aspect, title, text, bytes, thresholdBytes } of found) {
      const key = `${rule.id} ${aspect}\n${meter.key}`;
      if (marks.level(key, group.fromMs) > 0) continue;
      const subject = subjectOf(meter);
      const measure = { bytes, thresholdBytes };
      if (turn.fire({ rule, subject, detail: aspect, title, text, measure })) {
        marks.set(key, { fromMs: group.fromMs, level: 1 }, turn.changes);
      }
    }
  }

  return {
    setRules(given) {
      rules = given as readonly UnusualRule[];
    },
    take(turn) {
      waitedMs += turn.facts.intervalMs;
      if (rules.length === 0 || waitedMs < EVERY_MS) return;
      waitedMs = 0;
      const group = turn.meters.group("application", "hour", 1);
      const table = turn.past.get("application", "hour");
      if (group?.state !== "ready" || table === undefined) return;
      for (const meter of group.meters.values()) {
        if (meter.rxBytes + meter.txBytes < MIN_HOUR_BYTES || isNoProgram(meter.key)) continue;
        for (const rule of rulesOf(group, meter)) judge(turn, { group, meter, rule, table });
      }
    },
  };
}

/** What is unlike the days before in this hour, which may not be over yet. */
export function unusualIn(
  hour: Hour,
  table: PastTable,
  { of, deviations }: Pick<UnusualCondition, "of" | "deviations">,
): Unusual[] {
  const before = hoursBefore(hour, table);
  if (before.days < MIN_UNUSUAL_DAYS || before.activeDays < MIN_UNUSUAL_DAYS) return [];
  const found: Unusual[] = [];
  const isOddHour = of.includes("hour") && oddHour(hour, before);
  if (isOddHour) found.push(isOddHour);
  const isMuch = of.includes("volume") && !isOddHour && muchVolume(hour, before, deviations);
  if (isMuch) found.push(isMuch);
  const isUpload = of.includes("upload") && muchSent(hour, before, deviations);
  if (isUpload) found.push(isUpload);
  return found;
}

interface Judged {
  readonly group: MeterGroup;
  readonly meter: Meter;
  readonly rule: UnusualRule;
  readonly table: PastTable;
}

function rulesOf({ index }: MeterGroup, meter: Meter): readonly UnusualRule[] {
  return [...index.any("application"), ...index.naming("application", meter)].filter(
    (rule): rule is UnusualRule => rule.condition.kind === "unusual",
  );
}

interface Before {
  /** Days on which this hour of the day was watched, and its bytes on them. */
  readonly days: number;
  readonly sameHour: readonly number[];
  /** Of this hour and its neighbours: people are not on time. */
  readonly aroundActive: number;
  /** Days on which the program was active at all. */
  readonly activeDays: number;
  /** Of its active hours. */
  readonly sentShares: readonly number[];
}

interface Clock {
  readonly hour: number;
  readonly day: number;
}

/** Dates are dear: each table's are made once. */
const CLOCKS = new WeakMap<PastTable, readonly Clock[]>();

function clocksOf(table: PastTable): readonly Clock[] {
  const known = CLOCKS.get(table);
  if (known !== undefined) return known;
  const made = table.startsMs.map((startMs) => {
    const start = new Date(startMs);
    const day = (start.getFullYear() * 12 + start.getMonth()) * 31 + start.getDate();
    return { hour: start.getHours(), day };
  });
  CLOCKS.set(table, made);
  return made;
}

function hoursBefore(hour: Hour, table: PastTable): Before {
  const { startsMs, observedMs, rows } = table;
  const row = rows.get(hour.key);
  const clock = new Date(hour.fromMs).getHours();
  const sameHour: number[] = [];
  const sentShares: number[] = [];
  const activeDays = new Set<number>();
  let aroundActive = 0;
  const clocks = clocksOf(table);
  for (const [at, startMs] of startsMs.entries()) {
    if (startMs >= hour.fromMs || (observedMs[at] ?? 0) < HOUR_MS / 2) continue;
    const rx = row?.rxBytes[at] ?? 0;
    const tx = row?.txBytes[at] ?? 0;
    const { hour: hourOfDay, day } = clocks[at] ?? { hour: 0, day: 0 };
    const distance = Math.abs(hourOfDay - clock);
    const isActive = rx + tx >= MIN_HOUR_BYTES / 10;
    if (distance === 0) sameHour.push(rx + tx);
    if (isActive && (distance <= 1 || distance === 23)) aroundActive += 1;
    if (isActive) activeDays.add(day);
    if (rx + tx >= MIN_HOUR_BYTES) sentShares.push(tx / (rx + tx));
  }
  return {
    days: sameHour.length,
    sameHour,
    aroundActive,
    activeDays: activeDays.size,
    sentShares,
  };
}

function span({ fromMs }: Hour): string {
  return `between ${clockWords(fromMs)} and ${clockWords(fromMs + HOUR_MS)}`;
}

function oddHour(hour: Hour, { aroundActive, days }: Before): Unusual | undefined {
  const bytes = hour.rxBytes + hour.txBytes;
  if (aroundActive > 0 || bytes < MIN_HOUR_BYTES) return undefined;
  return {
    aspect: "hour",
    title: `${hour.name} is active at an unusual hour`,
    text:
      `${hour.name} moved ${formatBytes(bytes)} ${span(hour)}. On ${days} days before it was never active at ` +
      "this time of the day or an hour beside it.",
    bytes,
    thresholdBytes: null,
  };
}

function muchVolume(
  hour: Hour,
  { sameHour, days }: Before,
  deviations: number,
): Unusual | undefined {
  const bytes = hour.rxBytes + hour.txBytes;
  const usual = median(sameHour);
  const most = Math.max(...sameHour);
  const limit = Math.max(
    MIN_VOLUME_BYTES,
    usual * MIN_FACTOR,
    usual + deviations * robustDeviation(sameHour),
  );
  if (bytes <= limit || bytes <= most) return undefined;
  return {
    aspect: "volume",
    title: `${hour.name} moves unusually much: ${formatBytes(bytes)}`,
    text:
      `${hour.name} moved ${formatBytes(bytes)} ${span(hour)}. At this time of the day it usually moves ` +
      `${formatBytes(usual)}, and ${formatBytes(most)} at most on the ${days} days before.`,
    bytes,
    thresholdBytes: Math.round(limit),
  };
}

function muchSent(hour: Hour, { sentShares }: Before, deviations: number): Unusual | undefined {
  const share = hour.txBytes / Math.max(1, hour.rxBytes + hour.txBytes);
  if (hour.txBytes < MIN_VOLUME_BYTES || share < MIN_SENT_SHARE) return undefined;
  const usual = median(sentShares);
  const limit = usual + deviations * robustDeviation(sentShares);
  if (sentShares.length < MIN_UNUSUAL_DAYS || usual > MAX_USUAL_SENT_SHARE) return undefined;
  if (share <= Math.min(limit, 0.95)) return undefined;
  return {
    aspect: "upload",
    title: `${hour.name} sends unusually much: ${formatBytes(hour.txBytes)}`,
    text:
      `${hour.name} sent ${formatBytes(hour.txBytes)} and received ${formatBytes(hour.rxBytes)} ${span(hour)}: ` +
      `${formatShare(share)} of it was sent. Usually it is ${formatShare(usual)}.`,
    bytes: hour.txBytes,
    thresholdBytes: null,
  };
}
