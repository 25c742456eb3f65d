/** Decides what fires: rules and facts in, events out. Time comes with the facts; nothing is read and nothing is written
 * here. What must survive a restart is handed out as changes, in the same batch as the events that depend on it. */

import {
  type AlertEvent,
  type AlertKind,
  type AlertRule,
  CONTACTS,
  MAX_EVENT_POINTS,
  NO_MEASURE,
} from "../model/alert.ts";
import type { AlertLearning } from "../model/alert-status.ts";
import { type Cell, type Cells, createCells, type Finding } from "./cells.ts";
import { blockListConditions } from "./evaluate-block-list.ts";
import { type ContactConditions, contactConditions } from "./evaluate-contact.ts";
import { forecastConditions } from "./evaluate-forecast.ts";
import { healthConditions } from "./evaluate-health.ts";
import { type NewcomerConditions, newcomerConditions } from "./evaluate-newcomer.ts";
import { rateConditions } from "./evaluate-rate.ts";
import { unusualConditions } from "./evaluate-unusual.ts";
import { volumeConditions } from "./evaluate-volume.ts";
import type { AlertFacts } from "./facts.ts";
import { createMeters, type Meters } from "./meters.ts";
import { createMoments } from "./moments.ts";
import type { Past } from "./past.ts";
import {
  type Conditions,
  type EvaluationState,
  type ListMatch,
  subjectKeyOf,
  type Turn,
} from "./turn.ts";

/** Events of one tick; what would be more fires in the next one, where it still is so. */
export const MAX_TICK_EVENTS = 1_000;

export interface Outcome {
  readonly events: readonly AlertEvent[];
  /** Events that are over, as they are then. */
  readonly ended: readonly { readonly id: string; readonly atMs: number }[];
}

export interface Evaluation {
  setRules(rules: readonly AlertRule[], atMs: number): Outcome;
  /** Adds what must be kept to `changes`. */
  take(facts: AlertFacts, changes: Map<string, unknown>): Outcome;
  /** See NewcomerConditions. */
  readonly know: NewcomerConditions["know"];
  /** See ContactConditions. */
  readonly contacts: Pick<ContactConditions, "awaitHistory" | "know">;
  /** Kinds that are quiet as yet, because everything is new at first. */
  learning(atMs: number): readonly AlertLearning[];
  readonly meters: Meters;
  readonly cells: Cells;
}

export interface EvaluationOptions {
  /** What was kept before. */
  readonly state: EvaluationState;
  /** Makes ids unique beyond this data folder: letters and digits. */
  readonly instance: string;
  readonly past: Past;
  readonly lists?: (list: string) => ListMatch | undefined;
}

const NEXT = "next";
const CELL = "cell:";

export function createEvaluation(options: EvaluationOptions): Evaluation {
  const { state, instance, past } = options;
  const cells = createCells();
  const meters = createMeters();
  const moments = createMoments();
  const rules = new Map<string, AlertRule>();
  let nextNumber = Number(state.get(NEXT) ?? 1);
  let tick = 0;
  let lastAtMs = Number.NEGATIVE_INFINITY;
  restoreCells(state, cells);
  const newcomers = newcomerConditions(state);
  const contacts = contactConditions(state);
  const conditions: readonly (readonly [AlertKind | "health", Conditions])[] = [
    ["rate", rateConditions()],
    ["volume", volumeConditions(state)],
    ["forecast", forecastConditions()],
    ["newcomer", newcomers],
    ["first-contact", contacts],
    ["unusual", unusualConditions(state)],
    ["block-list", blockListConditions(options.lists ?? (() => undefined))],
    ["health", healthConditions(state)],
  ];

  function eventOf(finding: Finding, isLasting: boolean, { atMs }: AlertFacts): AlertEvent {
    const { rule, subject, title, text, measure } = finding;
    const id = `${instance}-${nextNumber}`;
    nextNumber += 1;
    return {
      id,
      ruleId: rule.id,
      ruleName: rule.name,
      kind: rule.condition.kind,
      severity: rule.severity,
      atMs,
      subject,
      title,
      text,
      measure: { ...NO_MEASURE, ...measure },
      series: moments.series(subject.kind, subject.key),
      causes: moments.causes(),
      state: isLasting ? "ongoing" : "fired",
      resolvedAtMs: null,
      acknowledgedAtMs: null,
    };
  }

  function turnOf(facts: AlertFacts, changes: Map<string, unknown>) {
    const events: AlertEvent[] = [];
    const ended: { id: string; atMs: number }[] = [];
    const { atMs, intervalMs } = facts;

    function begin(cell: Cell, finding: Finding, isLasting: boolean): boolean {
      if (events.length >= MAX_TICK_EVENTS) return false;
      const event = eventOf(finding, isLasting, facts);
      events.push(event);
      cell.ongoing = isLasting ? event.id : null;
      cell.coolUntilMs = atMs + finding.rule.coolDownMs;
      keepCell(cell, changes);
      return true;
    }

    const turn: Turn = {
      facts,
      tick,
      cells,
      meters,
      past,
      changes,
      mayFire: ({ snoozedUntilMs }) => snoozedUntilMs === null || snoozedUntilMs <= atMs,
      fire(finding) {
        if (!turn.mayFire(finding.rule)) return false;
        const key = subjectKeyOf(finding);
        const cell = cells.touch(finding.rule.id, key, tick);
        if (isCooling(cell, finding.rule, atMs)) return false;
        return begin(cell, finding, false);
      },
      last(finding, { cell, rule, state: now, forMs }) {
        cell.tick = tick;
        cell.heldMs = now === "bad" ? cell.heldMs + intervalMs : 0;
        cell.clearMs = now === "good" ? cell.clearMs + intervalMs : 0;
        if (cell.ongoing !== null) {
          if (now !== "good" || cell.clearMs < forMs) return;
          ended.push({ id: cell.ongoing, atMs });
          cell.ongoing = null;
          keepCell(cell, changes);
          return;
        }
        if (now !== "bad" || cell.heldMs < forMs || !turn.mayFire(rule)) return;
        if (!isCooling(cell, rule, atMs)) begin(cell, finding(), true);
      },
    };
    return { turn, events, ended };
  }

  /** Cells of states that are good and cool say nothing any more. */
  function tidy(atMs: number): void {
    for (const cell of cells.all()) {
      const isIdle = cell.ongoing === null && cell.heldMs === 0 && cell.coolUntilMs <= atMs;
      if (isIdle && cell.tick < tick) cells.delete(cell);
    }
  }

  return {
    know: newcomers.know,
    contacts,
    learning(atMs) {
      return [
        learningOf("newcomer", "new programs", newcomers.learnsUntilMs(atMs)),
        ...CONTACTS.map((what) =>
          learningOf("first-contact", LEARNED[what], contacts.learnsUntilMs(what, atMs)),
        ),
      ].flat();
    },
    meters,
    cells,
    setRules(given, atMs) {
      const ended: { id: string; atMs: number }[] = [];
      const changed = new Set<string>();
      const before = new Map(rules);
      rules.clear();
      for (const rule of given) {
        if (!rule.enabled) continue;
        rules.set(rule.id, rule);
        const old = before.get(rule.id);
        if (old !== undefined && !asksTheSame(old, rule)) changed.add(rule.id);
      }
      for (const cell of [...cells.all()]) {
        if (rules.has(cell.ruleId) && !changed.has(cell.ruleId)) continue;
        if (cell.ongoing !== null) ended.push({ id: cell.ongoing, atMs });
        cells.delete(cell);
      }
      const active = [...rules.values()];
      meters.setRules(active);
      for (const [kind, each] of conditions) {
        each.setRules(
          active.filter(({ condition }) =>
            kind === "health" ? HEALTH.has(condition.kind) : condition.kind === kind,
          ),
        );
      }
      return { events: [], ended };
    },
    take(facts, changes) {
      tick += 1;
      if (!facts.isBlind) {
        moments.add(facts);
        meters.take(facts);
      }
      if (facts.isAfterGap) forgetHolds(cells);
      if (facts.atMs < lastAtMs) shiftCoolDowns(cells, facts.atMs - lastAtMs);
      lastAtMs = facts.atMs;
      const { turn, events, ended } = turnOf(facts, changes);
      for (const [kind, each] of conditions) {
        if (!facts.isBlind || kind === "health") each.take(turn);
      }
      if (tick % MAX_EVENT_POINTS === 0) tidy(facts.atMs);
      if (events.length > 0) changes.set(NEXT, nextNumber);
      return { events, ended };
    },
  };
}

const LEARNED = {
  country: "first contacts with countries",
  network: "first contacts with networks",
} as const;

function learningOf(kind: AlertKind, what: string, untilMs: number | undefined): AlertLearning[] {
  return untilMs === undefined ? [] : [{ kind, what, untilMs }];
}

const HEALTH: ReadonlySet<AlertKind> = new Set(["limit", "coverage", "interface-gone", "degraded"]);

/** Otherwise what goes on is another question's answer. */
function asksTheSame(a: AlertRule, b: AlertRule): boolean {
  return JSON.stringify([a.scope, a.condition]) === JSON.stringify([b.scope, b.condition]);
}

/** A clock that was set back must not make a cool-down longer than it is; here where it was while we did not run. */
function isCooling(cell: Cell, { coolDownMs }: AlertRule, atMs: number): boolean {
  if (cell.coolUntilMs - atMs > coolDownMs) cell.coolUntilMs = atMs + coolDownMs;
  return cell.coolUntilMs > atMs;
}

function shiftCoolDowns(cells: Cells, byMs: number): void {
  for (const cell of cells.all()) cell.coolUntilMs += byMs;
}

function forgetHolds(cells: Cells): void {
  for (const cell of cells.all()) {
    cell.heldMs = 0;
    cell.clearMs = 0;
  }
}

type KeptCell = [ongoing: string | null, coolUntilMs: number];

function keepCell(cell: Cell, changes: Map<string, unknown>): void {
  const kept: KeptCell = [cell.ongoing, cell.coolUntilMs];
  changes.set(`${CELL}${cell.ruleId}\n${cell.subjectKey}`, kept);
}

function restoreCells(state: EvaluationState, cells: Cells): void {
  for (const [key, text] of state.entries(CELL)) {
    const [ruleId = "", ...rest] = key.slice(CELL.length).split("\n");
    const [ongoing, coolUntilMs] = JSON.parse(text) as KeptCell;
    Object.assign(cells.touch(ruleId, rest.join("\n"), 0), { ongoing, coolUntilMs });
  }
}

/** Keys of cells that say nothing any more, for the journal. */
export function staleCells(state: EvaluationState, cells: Cells): string[] {
  return state.entries(CELL).flatMap(([key]) => {
    const [ruleId = "", ...rest] = key.slice(CELL.length).split("\n");
    return cells.get(ruleId, rest.join("\n")) === undefined ? [key] : [];
  });
}
