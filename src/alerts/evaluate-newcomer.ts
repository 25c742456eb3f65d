/** Programs that use the network for the first time, and programs that are another file than before. What is known is
 * learned always, with and without rules, and silently in the beginning: on the first day everything is new. */

import type { AlertRule, AlertScopeKind, NewcomerCondition } from "../model/alert.ts";
import { formatBytes } from "../model/format.ts";
import type { ExecutableFact, Subject } from "./facts.ts";
import { DAY_MS } from "./periods.ts";
import { indexRules } from "./rule-index.ts";
import type { Conditions, EvaluationState, Turn } from "./turn.ts";

/** Programs that are remembered; the one that was seen first gives its place, and would be new again. */
export const MAX_KNOWN_PROGRAMS = 10_000;
/** How long everything is taken in silently, where no history says what was there before. */
export const LEARNING_MS = DAY_MS;
const KNOWN = "known:";
/** When learning began; 0: the history told what was there. */
export const LEARNING = "learning";

type NewcomerRule = AlertRule & { readonly condition: NewcomerCondition };

interface Known {
  readonly atMs: number;
  /** "": not looked at yet. */
  readonly identity: string;
}

export interface NewcomerConditions extends Conditions {
  /** Keys of programs that the history knows: nobody is told of them. `isComplete`: it goes back far enough that
   * whatever is not among them is new. */
  know(keys: readonly string[], isComplete: boolean, changes: Map<string, unknown>): void;
  /** When new programs are told of; undefined: they are already. */
  learnsUntilMs(atMs: number): number | undefined;
}

export function newcomerConditions(state: EvaluationState): NewcomerConditions {
  const known = new Map<string, Known>();
  for (const [key, text] of state.entries(KNOWN)) {
    known.set(key.slice(KNOWN.length), JSON.parse(text) as Known);
  }
  let index = indexRules([]);

  function learn(key: string, what: Known, changes: Map<string, unknown>): void {
    known.set(key, what);
    changes.set(KNOWN + key, what);
    if (known.size <= MAX_KNOWN_PROGRAMS) return;
    const [oldest = ""] = known.keys();
    known.delete(oldest);
    changes.set(KNOWN + oldest, null);
  }

  function meet(turn: Turn, program: Subject, isLearning: boolean): void {
    const { atMs } = turn.facts;
    learn(program.key, { atMs, identity: "" }, turn.changes);
    if (isLearning) return;
    for (const rule of rulesFor(turn, program)) {
      if (!rule.condition.of.includes("program")) continue;
      turn.fire({
        rule,
        subject: subjectOf(program),
        title: `${program.name} uses the network for the first time`,
        text: `${program.name} uses the network for the first time${pathWords(program.key)}.`,
        measure: {},
      });
    }
  }

  function look(turn: Turn, fact: ExecutableFact, isLearning: boolean): void {
    const before = known.get(fact.key);
    if (before === undefined || before.identity === fact.identity) return;
    learn(fact.key, { ...before, identity: fact.identity }, turn.changes);
    if (before.identity === "" || isLearning) return;
    const row = turn.facts.applications.find(({ key }) => key === fact.key);
    const name = row?.name ?? fact.path.slice(fact.path.lastIndexOf("/") + 1);
    const program = { key: fact.key, name, rxBytes: 0, txBytes: 0 };
    for (const rule of rulesFor(turn, program)) {
      if (!rule.condition.of.includes("executable")) continue;
      turn.fire({
        rule,
        subject: subjectOf(program),
        title: `${name} is another file than before`,
        text:
          `${fact.path} is another file than when ${name} last used the network: ${formatBytes(fact.sizeBytes)}, ` +
          `changed on ${dateWords(fact.changedAtMs)}. An update does that too.`,
        measure: {},
      });
    }
  }

  function rulesFor(turn: Turn, program: Subject): readonly NewcomerRule[] {
    if (index.isEmpty) return [];
    return programRules(turn, { index, program }) as readonly NewcomerRule[];
  }

  return {
    setRules(rules) {
      index = indexRules(rules);
    },
    take(turn) {
      const { applications, executables, atMs } = turn.facts;
      const isLearning = stillLearning(state, turn, atMs);
      for (const program of applications) {
        if (known.has(program.key) || isNoProgram(program.key)) continue;
        meet(turn, program, isLearning);
      }
      for (const fact of executables) look(turn, fact, isLearning);
    },
    know(keys, isComplete, changes) {
      for (const key of keys) {
        if (!known.has(key) && !isNoProgram(key)) learn(key, { atMs: 0, identity: "" }, changes);
      }
      if (isComplete) changes.set(LEARNING, 0);
    },
    learnsUntilMs(atMs) {
      const sinceMs = Number(state.get(LEARNING) ?? atMs);
      return isLearningSince(sinceMs, atMs) ? sinceMs + LEARNING_MS : undefined;
    },
  };
}

function stillLearning(state: EvaluationState, { changes }: Turn, atMs: number): boolean {
  const text = state.get(LEARNING) ?? (changes.get(LEARNING) as number | undefined);
  if (text === undefined) {
    changes.set(LEARNING, atMs);
    return true;
  }
  return isLearningSince(Number(text), atMs);
}

/** A clock that was set back does not begin it anew. */
function isLearningSince(sinceMs: number, atMs: number): boolean {
  return Math.abs(atMs - sinceMs) < LEARNING_MS;
}

export function isNoProgram(key: string): boolean {
  return key.startsWith("remainder:") || key === "kernel" || key === "unknown";
}

/** Rules that speak of this program: of the machine, by its name, or of a user or container that it ran as just now. */
export function programRules(
  { facts }: Turn,
  { index, program }: { readonly index: ReturnType<typeof indexRules>; readonly program: Subject },
): readonly AlertRule[] {
  const found = new Set([
    ...index.any("machine"),
    ...index.any("application"),
    ...index.naming("application", program),
  ]);
  for (const scope of ["user", "container"] as const) {
    if (!index.scopes.includes(scope)) continue;
    for (const name of ownersOf(facts.details, program.key, scope)) {
      for (const rule of index.any(scope)) found.add(rule);
      for (const rule of index.naming(scope, { key: name, name })) found.add(rule);
    }
  }
  return [...found];
}

function ownersOf(
  details: Turn["facts"]["details"],
  application: string,
  scope: "user" | "container",
): ReadonlySet<string> {
  const names = new Set<string>();
  for (const detail of details) {
    if (detail.application === application && detail[scope] !== "") names.add(detail[scope]);
  }
  return names;
}

export function subjectOf({ key, name }: Pick<Subject, "key" | "name">) {
  return { kind: "application" as AlertScopeKind, key, name };
}

function pathWords(key: string): string {
  const path = /^(?:path|script):(.*)$/s.exec(key)?.[1];
  return path === undefined ? "" : ` (${path})`;
}

export function dateWords(atMs: number): string {
  return new Date(atMs).toLocaleString("sv-SE");
}
