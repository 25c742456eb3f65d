/** The whole question about the past, and its form in the page's address (pure). */

import {
  HISTORY_GROUPINGS,
  type HistoryFilter,
  type HistoryGrouping,
  type HistoryTraffic,
  MAX_TOP,
  type Period,
  PROCESS_GROUPINGS,
} from "../../../model/history.ts";
import type { Units } from "../../store/settings.ts";
import { PERIODS, type PeriodName } from "./periods.ts";

/** What a row of the table is; "connections": rows as they are stored, one for each service in a minute. */
export const VIEWS = [...HISTORY_GROUPINGS, "connections"] as const;
export type By = (typeof VIEWS)[number];

export interface Step {
  readonly by: HistoryGrouping;
  readonly key: string;
}

export const ORDERS = ["name", "rx", "tx", "total", "opened"] as const;
export type Order = (typeof ORDERS)[number];

export interface Question {
  readonly period: PeriodName | Period;
  /** Day of the month on which the billing cycle begins. */
  readonly cycleDay: number;
  /** Into the period, each into the one before. */
  readonly zooms: readonly Period[];
  readonly by: By;
  /** What the rows are narrowed down to, in the order in which it was chosen. */
  readonly steps: readonly Step[];
  readonly isCompared: boolean;
  readonly find: string;
  readonly top: number;
  readonly order: Order;
  readonly isReversed: boolean;
  /** Of the charts' rates; undefined: what this browser prefers. */
  readonly units: Units | undefined;
}

export const TOPS = [20, 100, MAX_TOP] as const;
export const NEW_QUESTION: Question = {
  period: "today",
  cycleDay: 1,
  zooms: [],
  by: "application",
  steps: [],
  isCompared: false,
  find: "",
  top: TOPS[0],
  order: "total",
  isReversed: false,
  units: undefined,
};

/** Of more, the last are left out. */
export const MAX_ZOOMS = 12;
const MAX_STEPS = 30;
const MAX_FIND = 200;
/** As the API has it. */
const MAX_KEY = 4_096;

/** What makes no sense is as if it were not there. */
export function readQuestion(query: URLSearchParams): Question {
  const period = query.get("period") ?? "";
  const cycleDay = Number(query.get("cycleDay"));
  const steps = [...query].flatMap(([name, key]): Step[] => {
    const by = HISTORY_GROUPINGS.find((one) => one === name);
    return by === undefined || key.length > MAX_KEY ? [] : [{ by, key }];
  });
  return {
    period: PERIODS.find((one) => one === period) ?? readPeriod(period) ?? NEW_QUESTION.period,
    cycleDay: Number.isInteger(cycleDay) && cycleDay >= 1 && cycleDay <= 31 ? cycleDay : 1,
    zooms: query
      .getAll("zoom")
      .slice(0, MAX_ZOOMS)
      .flatMap((text) => readPeriod(text) ?? []),
    by: VIEWS.find((one) => one === query.get("by")) ?? NEW_QUESTION.by,
    steps: steps.slice(0, MAX_STEPS),
    isCompared: query.get("compare") === "1",
    find: (query.get("find") ?? "").slice(0, MAX_FIND),
    top: TOPS.find((one) => one === Number(query.get("top"))) ?? NEW_QUESTION.top,
    order: ORDERS.find((one) => one === query.get("sort")) ?? NEW_QUESTION.order,
    isReversed: query.get("reverse") === "1",
    units: UNITS.find((one) => one === query.get("units")),
  };
}

/** "/history?period=7d&by=remote&application=..."; what is as usual is left out, but never period, grouping and units. */
export function questionPath(question: Question): string {
  const { period, cycleDay, zooms, by, steps, isCompared, find, top, order, isReversed, units } =
    question;
  const pairs: (readonly [string, string])[] = [
    ["period", typeof period === "string" ? period : writePeriod(period)],
    ...(period === "cycle" ? [["cycleDay", String(cycleDay)] as const] : []),
    ...zooms.map((zoom) => ["zoom", writePeriod(zoom)] as const),
    ["by", by],
    ...steps.map(({ by: name, key }) => [name, key] as const),
    ...(isCompared ? [["compare", "1"] as const] : []),
    ...(find === "" ? [] : [["find", find] as const]),
    ...(top === NEW_QUESTION.top ? [] : [["top", String(top)] as const]),
    ...(order === NEW_QUESTION.order ? [] : [["sort", order] as const]),
    ...(isReversed ? [["reverse", "1"] as const] : []),
    ...(units === undefined ? [] : [["units", units] as const]),
  ];
  return `/history?${pairs.map(([name, value]) => `${name}=${escaped(value)}`).join("&")}`;
}

const UNITS: readonly Units[] = ["bits", "bytes"];

/** Signs that may stand in a query stay legible. */
function escaped(text: string): string {
  return encodeURIComponent(text).replace(/%(3A|2F|40|2C)/g, (code) => decodeURIComponent(code));
}

/** An interval of ISO 8601: "2026-11-08T12:00:00Z/2026-11-08T13:00:00Z". */
function writePeriod({ fromMs, toMs }: Period): string {
  const text = (ms: number) => new Date(ms).toISOString().replace(/\.000Z$/, "Z");
  return `${text(fromMs)}/${text(toMs)}`;
}

const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/;
/** As the store: a hundred years. */
const LONGEST_MS = 100 * 365 * 86_400_000;

function readPeriod(text: string): Period | undefined {
  const [from = "", to = "", ...more] = text.split("/");
  if (more.length > 0 || !MOMENT.test(from) || !MOMENT.test(to)) return undefined;
  const [fromMs, toMs] = [Date.parse(from), Date.parse(to)];
  return toMs > fromMs && toMs - fromMs < LONGEST_MS ? { fromMs, toMs } : undefined;
}

/** What the question means to the store: loopback traffic is a kind of its own there. */
export function filterOf(steps: readonly Step[]): {
  readonly filter: HistoryFilter | undefined;
  readonly traffic: HistoryTraffic | undefined;
} {
  const keys = new Map<HistoryGrouping, string[]>();
  for (const { by, key } of steps) keys.set(by, [...(keys.get(by) ?? []), key]);
  const scopes = keys.get("scope") ?? [];
  const isLoopback = scopes.length === 1 && scopes[0] === "loopback";
  if (isLoopback) keys.delete("scope");
  return {
    filter: keys.size === 0 ? undefined : Object.fromEntries(keys),
    traffic: isLoopback ? "loopback" : scopes.includes("loopback") ? undefined : "networks",
  };
}

/** Leads on: an application to its remotes, a remote to who talked to it, and in the end to the single services. */
export function into(question: Question, step: Step): Question {
  const { steps } = withStep(question, step);
  const isChosen = (by: HistoryGrouping) => steps.some((one) => one.by === by);
  // Who a process talked to is not kept.
  const ways = isChosen("process")
    ? (["interface", "user", "process"] as const)
    : (["application", "remote", "connections"] as const);
  const by = ways.find((one) => one === "connections" || !isChosen(one)) ?? "process";
  return { ...question, steps, by, find: "", top: NEW_QUESTION.top };
}

/** Narrowed down by one more step, in place of one of its kind. */
export function withStep(question: Question, step: Step): Question {
  const others = question.steps.filter(({ by }) => by !== step.by && goTogether(by, step.by));
  const by = goTogether(question.by, step.by) ? question.by : NEW_QUESTION.by;
  return { ...question, steps: [...others, step], by };
}

/** With other rows; what these cannot be narrowed down by is left out. */
export function withRows(question: Question, by: By): Question {
  const steps = question.steps.filter((step) => goTogether(step.by, by));
  return { ...question, by, steps, find: "", top: NEW_QUESTION.top };
}

/** Processes are kept without their remotes. */
function goTogether(a: By, b: By): boolean {
  if (a !== "process" && b !== "process") return true;
  return [a, b].every((by) => PROCESS_GROUPINGS.some((one) => one === by));
}

/** Back to the first `count` steps, by what the next of them chose. */
export function backTo(question: Question, count: number): Question {
  const by = question.steps[count]?.by ?? question.by;
  return { ...question, steps: question.steps.slice(0, count), by, find: "" };
}
