/** Asks the history what alerts need of the past: what a period has had so far, the days and hours before, and which
 * programs were there. One question at a time; nobody waits for the answers. */

import type { Evaluation } from "../alerts/evaluation.ts";
import type { MeterBase, MeterGroup } from "../alerts/meters.ts";
import { type Past, type PastStep, tableOf } from "../alerts/past.ts";
import { DAY_MS } from "../alerts/periods.ts";
import type { AlertRule, AlertScopeKind } from "../model/alert.ts";
import { type HistoryAnswer, type HistoryQuery, MAX_TOP } from "../model/history.ts";
import type { Meeting } from "../model/history-meetings.ts";
import type { History } from "./history.ts";

const HOUR_MS = 3_600_000;
/** After an answer that did not come. */
const AGAIN_MS = 60_000;
const TABLE_DAYS = 28;
/** Subjects whose days and hours are looked at; those beyond are too small to matter. */
const TABLE_ROWS = 200;
/** A history that is shorter does not say what was there before. */
const COMPLETE_MS = DAY_MS;

export type AskHistory = Pick<History, "ask" | "state">;

export interface AlertHistory {
  /** Called after each tick, which the history has been given before. Times are monotonic. */
  tick(rules: readonly AlertRule[], atMs: number, monotonicMs: number): void;
  /** Programs that the history knows; undefined: there is none, or it does not answer. */
  programs(atMs: number): Promise<{ keys: readonly string[]; isComplete: boolean } | undefined>;
  /** Countries that programs are known to have met; undefined: as above. */
  contacts(atMs: number): Promise<readonly Meeting[] | undefined>;
}

export interface AlertHistoryOptions {
  /** undefined: switched off. */
  readonly history: AskHistory | undefined;
  readonly evaluation: Pick<Evaluation, "meters">;
  readonly past: Past;
  /** What was counted before, where there is no history. */
  readonly saved: (group: MeterGroup) => readonly MeterBase[] | undefined;
}

export function createAlertHistory(options: AlertHistoryOptions): AlertHistory {
  const { history, evaluation, past, saved } = options;
  const { meters } = evaluation;
  let isAsking = false;
  let notBeforeMs = 0;
  /** When each table was asked for last, monotonic. */
  const tables = new Map<string, number>();

  async function askBase(group: MeterGroup, atMs: number): Promise<void> {
    meters.asked(group);
    const query: HistoryQuery = {
      fromMs: group.fromMs,
      toMs: Math.max(atMs, group.fromMs) + 1_000,
      ...grouped(group.scope, MAX_TOP),
    };
    try {
      const answer = await asked(query);
      meters.answer(group, basesOf(answer, group.scope));
    } catch (error) {
      if (group.state === "asked") group.state = "wanting";
      throw error;
    }
  }

  async function askTable(scope: AlertScopeKind, step: PastStep, atMs: number): Promise<void> {
    const query: HistoryQuery = {
      fromMs: atMs - TABLE_DAYS * DAY_MS,
      toMs: atMs,
      stepMs: step === "day" ? DAY_MS : HOUR_MS,
      ...grouped(scope, TABLE_ROWS),
    };
    past.set(scope, step, tableOf(await asked(query), scope));
  }

  function asked(query: HistoryQuery): Promise<HistoryAnswer> {
    if (history === undefined) throw new TypeError("There is no history to ask");
    return history.ask("query", query);
  }

  /** What is to be asked next; undefined: nothing. */
  function nextQuestion(
    rules: readonly AlertRule[],
    atMs: number,
    monotonicMs: number,
  ): (() => Promise<void>) | undefined {
    const group = meters.groups().find(({ state, toMs }) => state === "wanting" && toMs > 0);
    if (group !== undefined) return () => askBase(group, atMs);
    for (const [scope, step] of tablesOf(rules)) {
      const key = `${scope} ${step}`;
      if (monotonicMs - (tables.get(key) ?? Number.NEGATIVE_INFINITY) < HOUR_MS) continue;
      return async () => {
        await askTable(scope, step, atMs);
        tables.set(key, monotonicMs);
      };
    }
    return undefined;
  }

  return {
    tick(rules, atMs, monotonicMs) {
      if (history === undefined) {
        for (const group of meters.groups()) {
          if (group.state !== "wanting" || group.toMs === 0) continue;
          meters.asked(group);
          meters.answer(group, saved(group));
        }
        return;
      }
      if (isAsking || monotonicMs < notBeforeMs) return;
      const question = nextQuestion(rules, atMs, monotonicMs);
      if (question === undefined) return;
      isAsking = true;
      question()
        .catch(() => {
          // Why is said where the history is spoken of.
          notBeforeMs = monotonicMs + AGAIN_MS;
        })
        .finally(() => {
          isAsking = false;
        });
    },
    async programs(atMs) {
      if (history === undefined) return undefined;
      try {
        const { firstAtMs } = await history.state();
        if (firstAtMs === undefined) return { keys: [], isComplete: false };
        const query = {
          fromMs: firstAtMs,
          toMs: atMs,
          groupBy: "application",
          top: MAX_TOP,
        } as const;
        const { rows } = await asked(query);
        const isComplete = atMs - firstAtMs > COMPLETE_MS && rows.length < MAX_TOP;
        return { keys: rows.map(({ key }) => key), isComplete };
      } catch {
        return undefined;
      }
    },
    async contacts(atMs) {
      if (history === undefined) return undefined;
      try {
        const { firstAtMs } = await history.state();
        if (firstAtMs === undefined || firstAtMs >= atMs) return [];
        const query = { fromMs: firstAtMs, toMs: atMs, of: "country", each: "first" } as const;
        return (await history.ask("meetings", query)).meetings;
      } catch {
        return undefined;
      }
    },
  };
}

/** An interface's bytes are its own, all of them; of everybody else's loopback is left out. */
function grouped(
  scope: AlertScopeKind,
  top: number,
): Pick<HistoryQuery, "groupBy" | "top" | "traffic"> {
  if (scope === "machine") return {};
  if (scope === "interface") return { groupBy: scope, top };
  return { groupBy: scope, top, traffic: "networks" };
}

function tablesOf(rules: readonly AlertRule[]): [AlertScopeKind, PastStep][] {
  const wanted = new Map<string, [AlertScopeKind, PastStep]>();
  for (const { scope, condition } of rules) {
    const { kind } = condition;
    if (kind === "forecast") wanted.set(`${scope.kind} day`, [scope.kind, "day"]);
    if (kind === "unusual") wanted.set("application hour", ["application", "hour"]);
  }
  return [...wanted.values()];
}

function basesOf({ rows, total }: HistoryAnswer, scope: AlertScopeKind): MeterBase[] {
  if (scope === "machine") {
    const { rxBytes, txBytes } = total;
    return [{ key: "", name: "this computer", rxBytes, txBytes }];
  }
  return rows.map(({ key, name, rxBytes, txBytes }) => ({ key, name, rxBytes, txBytes }));
}
