/** What a rule would have done in a past period: which questions the history is asked, and the answers judged by the same
 * code that judges ticks. */

import {
  type AlertPreview,
  type AlertRule,
  type AlertRuleSettings,
  type AlertScopeKind,
  MAX_PREVIEW_EVENTS,
} from "../model/alert.ts";
import {
  type HistoryAnswer,
  type HistoryQuery,
  type Period,
  UNEXPLAINED,
} from "../model/history.ts";
import { unusualIn } from "./evaluate-unusual.ts";
import { createEvaluation } from "./evaluation.ts";
import { type AlertFacts, blindFacts, NOTHING_BESIDE, namesOf, type Subject } from "./facts.ts";
import { createPast, type PastTable, tableOf } from "./past.ts";
import { DAY_MS, periodAt } from "./periods.ts";

const HOUR_MS = 3_600_000;
const RATE_STEP_MS = 300_000;
const TABLE_DAYS = 28;
/** Subjects that are judged; the quieter ones hardly cross anything. */
const ROWS = 100;
/** Days that a history must go back before the period for something to be called new. */
const KNOWN_DAYS = 365;

export interface PreviewPlan {
  readonly queries: readonly HistoryQuery[];
  readonly basis: string;
}

/** A sentence where the history cannot tell. */
export function previewQueries(rule: AlertRuleSettings, period: Period): PreviewPlan | string {
  const { condition, scope } = rule;
  const traffic = scope.kind === "interface" ? {} : ({ traffic: "networks" } as const);
  const grouped = scope.kind === "machine" ? {} : { groupBy: scope.kind, top: ROWS, ...traffic };
  switch (condition.kind) {
    case "rate":
      return {
        queries: [{ ...period, ...grouped, stepMs: RATE_STEP_MS }],
        basis: "Found from averages of five minutes or longer; shorter peaks do not show in them.",
      };
    case "volume":
    case "forecast": {
      const fromMs = periodAt(period.fromMs, condition.period, condition.cycleDay).fromMs;
      const days = {
        fromMs: period.fromMs - TABLE_DAYS * DAY_MS,
        toMs: period.toMs,
        stepMs: DAY_MS,
      };
      const hours = { fromMs, toMs: period.toMs, ...grouped, stepMs: HOUR_MS };
      const isForecast = condition.kind === "forecast";
      return {
        queries: isForecast ? [hours, { ...grouped, ...days }] : [hours],
        basis: "Found from what each hour moved.",
      };
    }
    case "newcomer":
      if (!condition.of.includes("program")) {
        return "The history does not keep which file a program was, so this cannot be told.";
      }
      return {
        queries: [
          {
            fromMs: period.fromMs - KNOWN_DAYS * DAY_MS,
            toMs: period.fromMs,
            groupBy: "application",
            top: 1_000,
          },
          { ...period, groupBy: "application", top: 1_000, stepMs: HOUR_MS, ...ownedBy(scope) },
        ],
        basis:
          "Programs that the history has in these days and not before. Changed files are not in it.",
      };
    case "unusual":
      return {
        queries: [
          {
            fromMs: period.fromMs - TABLE_DAYS * DAY_MS,
            toMs: period.toMs,
            groupBy: "application",
            top: ROWS,
            traffic: "networks",
            stepMs: HOUR_MS,
          },
        ],
        basis: "Found from the hours of these days and the four weeks before.",
      };
    case "limit":
      return "The history does not keep when a limit was in trouble, so this cannot be told.";
    case "interface-gone":
      return "The history keeps what interfaces moved, not whether a quiet one was there, so this cannot be told.";
    case "degraded":
      return "The history keeps its gaps, not what else did not work, so this cannot be told.";
    default:
      throw new TypeError(`The past of ${condition.kind} is asked for in its own way`);
  }
}

/** Programs that ran as this user, or in this container. */
function ownedBy({ kind, match }: AlertRuleSettings["scope"]): Pick<HistoryQuery, "filter"> {
  if ((kind !== "user" && kind !== "container") || match === "*") return {};
  return { filter: { [kind]: [match] } };
}

export function previewOf(
  settings: AlertRuleSettings,
  {
    period,
    plan,
    answers,
  }: {
    readonly period: Period;
    readonly plan: PreviewPlan;
    readonly answers: readonly HistoryAnswer[];
  },
): AlertPreview {
  const [first, second] = answers;
  const cannot = (basis: string) => ({ ...period, fired: null, events: [], basis });
  if (first === undefined) return cannot("The history did not answer.");
  const found = findings(settings, { period, first, second });
  if (typeof found === "string") return cannot(found);
  const { basis } = plan;
  return previewFrom(found, { period, basis, observedMs: (second ?? first).observedMs });
}

export interface Found {
  readonly atMs: number;
  readonly title: string;
}

/** `observedMs`: how much of the period was watched. */
export function previewFrom(
  found: readonly Found[],
  {
    period,
    basis: words,
    observedMs,
  }: { readonly period: Period; readonly basis: string; readonly observedMs: number },
): AlertPreview {
  const within = found.filter(({ atMs }) => atMs > period.fromMs).sort((a, b) => b.atMs - a.atMs);
  const days = Math.max(0, observedMs / DAY_MS);
  const basis = days < 6 ? `${words} Only ${days.toFixed(1)} days were watched.` : words;
  return {
    ...period,
    fired: within.length,
    events: within.slice(0, MAX_PREVIEW_EVENTS),
    basis,
  };
}

interface Answers {
  readonly period: Period;
  readonly first: HistoryAnswer;
  readonly second: HistoryAnswer | undefined;
}

function findings(settings: AlertRuleSettings, answers: Answers): Found[] | string {
  switch (settings.condition.kind) {
    case "newcomer":
      return newcomers(settings, answers);
    case "unusual":
      return unusualHours(settings, answers);
    default:
      return replayed(settings, answers);
  }
}

/** The steps of the answer as ticks. */
function replayed(settings: AlertRuleSettings, { first, second }: Answers): Found[] {
  const scope = settings.scope.kind;
  const table = tableOf(first, scope);
  const days = second === undefined ? undefined : tableOf(second, scope);
  const past = createPast();
  const evaluation = createEvaluation({ state: EMPTY, instance: "preview", past });
  evaluation.setRules([ruleOf(settings)], 0);
  const stepMs = first.series?.stepMs ?? HOUR_MS;
  const found: Found[] = [];
  let isAfterGap = false;
  for (const [at, startMs] of table.startsMs.entries()) {
    const intervalMs = table.observedMs[at] ?? 0;
    if (intervalMs <= 0) {
      isAfterGap = true;
      continue;
    }
    const atMs = startMs + stepMs;
    if (days !== undefined) past.set(scope, "day", daysBefore(days, atMs));
    const facts = factsOf(table, { at, atMs, intervalMs, scope, isAfterGap });
    for (const event of evaluation.take(facts, new Map()).events) found.push(event);
    for (const group of evaluation.meters.groups()) {
      if (group.state !== "wanting") continue;
      evaluation.meters.asked(group);
      evaluation.meters.answer(group, undefined);
    }
    isAfterGap = false;
  }
  return found;
}

/** As a rule that is in force. */
export function ruleOf(settings: AlertRuleSettings): AlertRule {
  return { ...settings, id: "preview", createdAtMs: 0, enabled: true, snoozedUntilMs: null };
}

export const EMPTY = { get: () => undefined, entries: () => [] };

function factsOf(
  table: PastTable,
  {
    at,
    atMs,
    intervalMs,
    scope,
    isAfterGap,
  }: {
    readonly at: number;
    readonly atMs: number;
    readonly intervalMs: number;
    readonly scope: AlertScopeKind;
    readonly isAfterGap: boolean;
  },
): AlertFacts {
  const subjects: Subject[] = [];
  for (const [key, { name, rxBytes, txBytes }] of table.rows) {
    const row = { key, name, rxBytes: rxBytes[at] ?? 0, txBytes: txBytes[at] ?? 0 };
    if (row.rxBytes + row.txBytes > 0 || scope === "machine") subjects.push(row);
  }
  const facts = blindFacts({ atMs, intervalMs }, NOTHING_BESIDE);
  const [machine = facts.machine] = subjects;
  return {
    ...facts,
    isBlind: false,
    isAfterGap,
    machine: scope === "machine" ? machine : facts.machine,
    applications: scope === "application" ? subjects : [],
    interfaces: scope === "interface" ? subjects : [],
    details: scope === "user" || scope === "container" ? subjects.map(detailOf(scope)) : [],
  };
}

function detailOf(scope: "user" | "container") {
  return ({ key, rxBytes, txBytes }: Subject): AlertFacts["details"][number] => ({
    ...UNEXPLAINED,
    application: "",
    interface: "",
    scope: "internet",
    [scope]: key,
    rxBytes,
    txBytes,
  });
}

/** Whole days that were over then. */
function daysBefore({ startsMs, observedMs, rows }: PastTable, atMs: number): PastTable {
  const until = startsMs.findIndex((startMs) => startMs + DAY_MS > atMs);
  const length = until === -1 ? startsMs.length : until;
  return { startsMs: startsMs.slice(0, length), observedMs: observedMs.slice(0, length), rows };
}

function newcomers({ scope }: AlertRuleSettings, { first, second }: Answers): Found[] | string {
  if (first.observedMs < DAY_MS) {
    return "The history does not go back far enough to tell what was new.";
  }
  const known = new Set(first.rows.map(({ key }) => key));
  const { startsMs = [] } = second?.series ?? {};
  return (second?.rows ?? [])
    .filter(({ key }) => !known.has(key) && !key.startsWith("remainder:"))
    .filter(
      (row) =>
        scope.kind !== "application" || scope.match === "*" || namesOf(row).includes(scope.match),
    )
    .map(({ name, rxSeries, txSeries }) => {
      const at = startsMs.findIndex((_, step) => (rxSeries[step] ?? 0) + (txSeries[step] ?? 0) > 0);
      return { atMs: startsMs[at] ?? 0, title: `${name} uses the network for the first time` };
    });
}

function unusualHours(
  { condition, scope }: AlertRuleSettings,
  { period, first }: Answers,
): Found[] {
  if (condition.kind !== "unusual") return [];
  const table = tableOf(first, "application");
  const found: Found[] = [];
  for (const [key, row] of table.rows) {
    const isMeant =
      scope.kind === "machine" ||
      scope.match === "*" ||
      namesOf({ key, name: row.name }).includes(scope.match);
    if (!isMeant || key.startsWith("remainder:")) continue;
    for (const [at, fromMs] of table.startsMs.entries()) {
      if (fromMs < period.fromMs) continue;
      const hour = {
        key,
        name: row.name,
        fromMs,
        rxBytes: row.rxBytes[at] ?? 0,
        txBytes: row.txBytes[at] ?? 0,
      };
      if (hour.rxBytes + hour.txBytes === 0) continue;
      for (const { title } of unusualIn(hour, table, condition)) {
        found.push({ atMs: fromMs + HOUR_MS, title });
      }
    }
  }
  return found;
}
