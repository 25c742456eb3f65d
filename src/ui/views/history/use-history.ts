/** The two questions behind the view: the whole over time, and who it was. */

import type { HistoryAnswer, HistoryGrouping, HistoryQuery } from "../../../model/history.ts";
import { MAX_TOP } from "../../../model/history.ts";
import { pausedAtMs } from "../../store/live.ts";
import { type ChosenPeriod, exactPeriod, type PeriodContext, periodOf } from "./periods.ts";
import { filterOf, type Question } from "./question.ts";
import { type Answered, useAnswer } from "./use-answer.ts";

/** What is asked for with the answer that came. */
export interface Resolved {
  readonly period: ChosenPeriod;
  readonly answer: HistoryAnswer;
  /** What it is compared with, by the same steps. */
  readonly before?: HistoryAnswer | undefined;
}

/** Rows with what they are: those of another question are on their way. */
export interface Ranked extends Resolved {
  readonly by: HistoryGrouping;
}

/** Bars of a row's small chart. */
const BARS = 60;
/** Of more rows small charts would be megabytes. */
const MAX_CHARTED = 100;
const SHORTEST_EVERY_MS = 3_000;
const LONGEST_EVERY_MS = 30_000;

/** Held where the page is paused. */
export function nowMs(): number {
  return pausedAtMs.get() ?? Date.now();
}

/** The time that is meant now. */
export function resolve(
  { period, zooms, cycleDay }: Question,
  context: Omit<PeriodContext, "cycleDay">,
): ChosenPeriod {
  const zoom = zooms.at(-1);
  if (zoom !== undefined) return exactPeriod(zoom);
  return typeof period === "string"
    ? periodOf(period, { ...context, cycleDay })
    : exactPeriod(period);
}

export function useChart(question: Question, resolved: () => ChosenPeriod): Answered<Resolved> {
  return useAnswer({
    key: keyOf(question, resolved),
    everyMs: everyMs(resolved()),
    async ask(client) {
      const period = resolved();
      const answer = await client.history({
        ...queryOf(question, period),
        stepMs: "auto",
        percentile: true,
      });
      if (answer.before === null || answer.series === null) return { period, answer };
      const { fromMs, toMs } = answer.before;
      const { before: _, ...same } = queryOf(question, period);
      const { stepMs } = answer.series;
      return { period, answer, before: await client.history({ ...same, fromMs, toMs, stepMs }) };
    },
  });
}

/** Grouped as the table is; of connections by protocol, for the donut. */
export function useRanking(question: Question, resolved: () => ChosenPeriod): Answered<Ranked> {
  const groupBy = groupingOf(question);
  const top = question.find === "" ? question.top : MAX_TOP;
  return useAnswer({
    key: `${keyOf(question, resolved)} ${groupBy} ${top}`,
    everyMs: everyMs(resolved()),
    async ask(client) {
      const period = resolved();
      const { traffic, ...query } = queryOf(question, period);
      // Networks told apart: loopback is one of them.
      const isBoth =
        groupBy === "scope" && query.filter?.scope === undefined && traffic === "networks";
      const stepMs = Math.ceil((period.toMs - period.fromMs) / BARS);
      const answer = await client.history({
        ...query,
        ...(isBoth || traffic === undefined ? {} : { traffic }),
        groupBy,
        top,
        ...(top <= MAX_CHARTED ? { stepMs } : {}),
      });
      return { period, answer, by: groupBy };
    },
  });
}

/** All countries of a period; none is asked for where it is not given. */
export function useCountries(
  question: Question,
  period: ChosenPeriod | undefined,
): Answered<HistoryAnswer> {
  return useAnswer({
    key: period && `${keyOf(question, () => period)} ${period.fromMs} ${period.toMs}`,
    everyMs: undefined,
    ask: (client) => {
      const { before: _, ...query } = queryOf(question, period ?? NO_PERIOD);
      return client.history({ ...query, groupBy: "country", top: MAX_TOP });
    },
  });
}

/** Never asked for. */
const NO_PERIOD = exactPeriod({ fromMs: 0, toMs: 1 });

export function groupingOf({ by }: Question): HistoryGrouping {
  return by === "connections" ? "protocol" : by;
}

function queryOf(question: Question, { fromMs, toMs, before }: ChosenPeriod): HistoryQuery {
  const { filter, traffic } = filterOf(question.steps);
  return {
    fromMs,
    toMs,
    ...(filter === undefined ? {} : { filter }),
    ...(traffic === undefined ? {} : { traffic }),
    ...(question.isCompared && before !== undefined ? { before } : {}),
  };
}

/** A period up to now is the same question all the time. */
function keyOf(question: Question, resolved: () => ChosenPeriod): string {
  const { period, cycleDay, zooms, steps, isCompared } = question;
  const start = period === "all" ? resolved().fromMs : "";
  return JSON.stringify([period, cycleDay, zooms, steps, isCompared, start]);
}

function everyMs({ isOpen, fromMs, toMs }: ChosenPeriod): number | undefined {
  if (!isOpen) return undefined;
  return Math.min(LONGEST_EVERY_MS, Math.max(SHORTEST_EVERY_MS, (toMs - fromMs) / 1_200));
}
