/** Forecasts: whether a cap is reached within its period, at the pace of the days before, and when. */

import type { AlertDirection, AlertRule, ForecastCondition } from "../model/alert.ts";
import { periodWords } from "../model/alert-words.ts";
import { formatBytes } from "../model/format.ts";
import { bytesOf } from "./evaluate-rate.ts";
import type { Meter, MeterGroup } from "./meters.ts";
import type { PastTable } from "./past.ts";
import { clockWords, DAY_MS, dayWords } from "./periods.ts";
import { median, quantile } from "./statistics.ts";
import { type Conditions, subjectKeyOf, type Turn } from "./turn.ts";

/** A forecast moves slowly. */
const EVERY_MS = 5 * 60_000;
/** Fewer days say nothing about the next one. */
export const MIN_FORECAST_DAYS = 3;
const MAX_FORECAST_DAYS = 28;
/** A day that was watched less than this is no day. */
const MIN_OBSERVED_SHARE = 0.25;

type ForecastRule = AlertRule & { readonly condition: ForecastCondition };

export interface Forecast {
  /** At the middle pace, and at that of the busiest and quietest fifth of days; Infinity: never. */
  readonly atMs: number;
  readonly earliestMs: number;
  readonly latestMs: number;
  readonly bytesPerDay: number;
  readonly days: number;
}

export function forecastConditions(): Conditions {
  let rules: readonly ForecastRule[] = [];
  let waitedMs = EVERY_MS;
  return {
    setRules(given) {
      rules = given as readonly ForecastRule[];
      waitedMs = EVERY_MS;
    },
    take(turn) {
      waitedMs += turn.facts.intervalMs;
      if (rules.length === 0 || waitedMs < EVERY_MS) return;
      waitedMs = 0;
      for (const group of turn.meters.groups()) {
        const table = turn.past.get(group.scope, "day");
        if (group.state !== "ready" || table === undefined || group.period === "hour") continue;
        for (const meter of group.meters.values()) {
          for (const rule of rulesOf(group, meter)) judge(turn, { rule, group, meter, table });
        }
      }
    },
  };
}

/** undefined: too few days are known. `usedBytes` are those of the period so far. */
export function forecastOf(
  table: PastTable,
  {
    key,
    direction,
    atMs,
    capBytes,
    usedBytes,
  }: {
    readonly key: string;
    readonly direction: AlertDirection;
    readonly atMs: number;
    readonly capBytes: number;
    readonly usedBytes: number;
  },
): Forecast | undefined {
  const row = table.rows.get(key);
  const paces: number[] = [];
  for (const [at, startMs] of table.startsMs.entries()) {
    const observedMs = table.observedMs[at] ?? 0;
    if (atMs - startMs > MAX_FORECAST_DAYS * DAY_MS) continue;
    if (startMs > atMs || observedMs < MIN_OBSERVED_SHARE * DAY_MS) continue;
    const bytes = bytesOf(
      { rxBytes: row?.rxBytes[at] ?? 0, txBytes: row?.txBytes[at] ?? 0 },
      direction,
    );
    paces.push((bytes * DAY_MS) / observedMs);
  }
  if (paces.length < MIN_FORECAST_DAYS) return undefined;
  const left = Math.max(0, capBytes - usedBytes);
  const when = (bytesPerDay: number) =>
    bytesPerDay <= 0 ? Number.POSITIVE_INFINITY : atMs + (left / bytesPerDay) * DAY_MS;
  const bytesPerDay = median(paces);
  return {
    atMs: when(bytesPerDay),
    earliestMs: when(quantile(paces, 0.8)),
    latestMs: when(quantile(paces, 0.2)),
    bytesPerDay,
    days: paces.length,
  };
}

function rulesOf({ index, scope }: MeterGroup, meter: Meter): readonly ForecastRule[] {
  return [...index.any(scope), ...index.naming(scope, meter)].filter(
    (rule): rule is ForecastRule => rule.condition.kind === "forecast",
  );
}

interface Judged {
  readonly rule: ForecastRule;
  readonly group: MeterGroup;
  readonly meter: Meter;
  readonly table: PastTable;
}

function judge(turn: Turn, { rule, group, meter, table }: Judged): void {
  const { capBytes, direction } = rule.condition;
  const { atMs } = turn.facts;
  const usedBytes = bytesOf(meter, direction);
  const forecast = forecastOf(table, { key: meter.key, direction, atMs, capBytes, usedBytes });
  if (forecast === undefined) return;
  const subject = { kind: group.scope, key: meter.key, name: meter.name };
  // A cap that is reached is no forecast any more; each period is told of by itself.
  const isReached = usedBytes >= capBytes;
  const margin = rule.hysteresisShare * (group.toMs - group.fromMs);
  const isBad = !isReached && forecast.atMs < group.toMs;
  const isGood = isReached || forecast.atMs >= group.toMs + margin;
  const cell = turn.cells.touch(rule.id, subjectKeyOf({ subject }), turn.tick);
  turn.last(() => findingOf({ rule, group, meter, table }, { forecast, usedBytes }), {
    cell,
    rule,
    state: isBad ? "bad" : isGood ? "good" : "between",
    forMs: 0,
  });
}

function findingOf(
  { rule, group, meter }: Judged,
  { forecast, usedBytes }: { readonly forecast: Forecast; readonly usedBytes: number },
) {
  const { capBytes, direction, period } = rule.condition;
  const cap = formatBytes(capBytes);
  const verb = { rx: "receives", tx: "sends", both: "moves" }[direction];
  const inDay = period === "day";
  const words = (atMs: number) => (inDay ? `at ${clockWords(atMs)}` : `on ${dayWords(atMs)}`);
  const latest =
    forecast.latestMs >= group.toMs ? "or not at all" : `and ${words(forecast.latestMs)}`;
  const band = `${forecast.latestMs >= group.toMs ? words(forecast.earliestMs) : `between ${words(forecast.earliestMs)}`} ${latest}`;
  const share = `${Math.floor((usedBytes / capBytes) * 100)} %`;
  return {
    rule,
    subject: { kind: group.scope, key: meter.key, name: meter.name },
    title: `${meter.name}: at this pace the cap of ${cap} is reached ${words(forecast.atMs)}`,
    text:
      `At this pace the cap of ${cap} is reached ${words(forecast.atMs)} (${band}); ${inDay ? "the day ends at midnight" : `${periodWords(period)} ends before ${dayWords(group.toMs)}`}. ` +
      `So far ${formatBytes(usedBytes)}, ${share} of it, are used. In a day ${meter.name} ${verb} ` +
      `${formatBytes(forecast.bytesPerDay)}, the middle one of the last ${forecast.days} days.`,
    measure: { bytes: usedBytes, thresholdBytes: capBytes },
  };
}
