/** Rates above or below a threshold. Of the rules for every subject only those are looked at whose threshold is passed:
 * they are in the order of their thresholds. */

import type { AlertDirection, AlertScopeKind, RateCondition } from "../model/alert.ts";
import { directionVerb } from "../model/alert-words.ts";
import { formatDuration } from "../model/format.ts";
import { formatBitRate } from "../model/rate.ts";
import type { Cell, Finding } from "./cells.ts";
import { namesOf, type Subject, subjectsOf } from "./facts.ts";
import {
  dropHolds,
  holdPast,
  type Ladder,
  laddersOf,
  type RateRule,
  thresholdOf,
} from "./rate-ladders.ts";
import { indexRules, type RuleIndex } from "./rule-index.ts";
import { type Conditions, subjectKeyOf, type Turn } from "./turn.ts";

export function rateConditions(): Conditions {
  let index = indexRules([]);
  let ladders: readonly Ladder[] = [];
  let silent: readonly RateRule[] = [];
  const byId = new Map<string, RateRule>();
  /** Cells that are held or go on: those that were not touched in a tick may have come back. */
  const hot = new Set<Cell>();
  let isFresh = true;

  function settle(turn: Turn, seen: SubjectsByScope): void {
    if (isFresh) for (const cell of turn.cells.all()) if (byId.has(cell.ruleId)) hot.add(cell);
    isFresh = false;
    for (const cell of hot) {
      const rule = byId.get(cell.ruleId);
      if (rule !== undefined && cell.tick !== turn.tick && isHot(cell)) {
        judge(turn, { rule, subject: subjectOfCell(cell, rule, seen) });
      }
      if (rule !== undefined && isHot(cell)) continue;
      hot.delete(cell);
      // It says nothing any more: most that pass a threshold for a moment end here.
      if (cell.coolUntilMs <= turn.facts.atMs) turn.cells.delete(cell);
    }
  }

  /** `heldBeforeMs`: how long it was so before, where no cell says it. */
  function judge(turn: Turn, { rule, subject, heldBeforeMs = 0 }: Passing): void {
    const { direction, comparison, forMs } = rule.condition;
    const threshold = thresholdOf(rule);
    const bytesPerSecond = rateOf(subject, direction, turn.facts.intervalMs);
    const isAbove = comparison === "above";
    const back = threshold * (isAbove ? 1 - rule.hysteresisShare : 1 + rule.hysteresisShare);
    const isGood = isAbove ? bytesPerSecond <= back : bytesPerSecond >= back;
    const isWrong = isBad(bytesPerSecond, comparison, threshold);
    const state = isWrong ? "bad" : isGood ? "good" : "between";
    const about = { kind: rule.scope.kind, key: subject.key, name: subject.name };
    const cell = turn.cells.touch(rule.id, subjectKeyOf({ subject: about }), turn.tick);
    if (heldBeforeMs > cell.heldMs) cell.heldMs = heldBeforeMs;
    turn.last(() => findingOf(rule, about, bytesPerSecond), { cell, rule, state, forMs });
    if (isHot(cell)) hot.add(cell);
  }

  return {
    setRules(given) {
      const rules = given as readonly RateRule[];
      silent = rules.filter(isOfSilence);
      const others = rules.filter((rule) => !isOfSilence(rule));
      index = indexRules(others);
      ladders = laddersOf(others, ladders);
      byId.clear();
      for (const rule of rules) byId.set(rule.id, rule);
      isFresh = true;
    },
    take(turn) {
      const { intervalMs, isAfterGap } = turn.facts;
      if (isAfterGap) for (const { holds } of ladders) holds.clear();
      if (byId.size === 0 || intervalMs <= 0 || isAfterGap) return;
      const seen = subjectsByScope(turn);
      const found = (passing: Passing) => judge(turn, passing);
      for (const scope of index.scopes) {
        const { subjects } = seen(scope);
        climb(subjects, {
          ladders: ladders.filter((each) => each.scope === scope),
          intervalMs,
          tick: turn.tick,
          found,
        });
        named(subjects, { scope, index, intervalMs, found });
      }
      for (const rule of silent) {
        judge(turn, { rule, subject: sumOf(rule, seen(rule.scope.kind).subjects) });
      }
      settle(turn, seen);
    },
  };
}

export function bytesOf(
  { rxBytes, txBytes }: { readonly rxBytes: number; readonly txBytes: number },
  direction: AlertDirection,
): number {
  if (direction === "both") return rxBytes + txBytes;
  return direction === "rx" ? rxBytes : txBytes;
}

/** Wants traffic from somebody who has no row while there is none. */
function isOfSilence({ scope, condition }: RateRule): boolean {
  return condition.comparison === "below" && (scope.match !== "*" || scope.kind === "machine");
}

interface Seen {
  readonly subjects: readonly Subject[];
  readonly byKey: () => ReadonlyMap<string, Subject>;
}
type SubjectsByScope = (scope: AlertScopeKind) => Seen;

/** Made when it is asked for, once in a tick. */
function subjectsByScope({ facts }: Turn): SubjectsByScope {
  const seen = new Map<AlertScopeKind, Seen>();
  return (scope) => {
    const known = seen.get(scope);
    if (known !== undefined) return known;
    const subjects = subjectsOf(facts, scope);
    let byKey: ReadonlyMap<string, Subject> | undefined;
    const made: Seen = {
      subjects,
      byKey: () => {
        byKey ??= new Map(subjects.map((subject) => [subject.key, subject]));
        return byKey;
      },
    };
    seen.set(scope, made);
    return made;
  };
}

interface Passing {
  readonly rule: RateRule;
  readonly subject: Subject;
  readonly heldBeforeMs?: number;
}

interface Search {
  readonly intervalMs: number;
  readonly found: (passing: Passing) => void;
}

function climb(
  subjects: readonly Subject[],
  {
    ladders,
    intervalMs,
    tick,
    found,
  }: Search & { readonly ladders: readonly Ladder[]; readonly tick: number },
): void {
  for (const ladder of ladders) {
    const { direction, comparison, rules } = ladder;
    for (const subject of subjects) {
      const rate = rateOf(subject, direction, intervalMs);
      let count = 0;
      while (count < rules.length && isPast(rate, comparison, rules[count])) count += 1;
      if (count === 0) continue;
      const { key } = subject;
      holdPast(ladder, { key, count, intervalMs, tick }, (rule, heldBeforeMs) =>
        found({ rule, subject, heldBeforeMs }),
      );
    }
    dropHolds(ladder, tick);
  }
}

function isPast(
  rate: number,
  comparison: RateCondition["comparison"],
  rule: RateRule | undefined,
): boolean {
  return rule !== undefined && isBad(rate, comparison, thresholdOf(rule));
}

interface NamedSearch extends Search {
  readonly scope: AlertScopeKind;
  readonly index: RuleIndex;
}

function named(subjects: readonly Subject[], { scope, index, intervalMs, found }: NamedSearch) {
  if (!index.hasNames(scope)) return;
  for (const subject of subjects) {
    for (const rule of index.naming(scope, subject) as readonly RateRule[]) {
      const { direction, comparison } = rule.condition;
      const rate = rateOf(subject, direction, intervalMs);
      if (isBad(rate, comparison, thresholdOf(rule))) found({ rule, subject });
    }
  }
}

function sumOf({ scope }: RateRule, subjects: readonly Subject[]): Subject {
  const isMachine = scope.kind === "machine";
  const sum = {
    key: isMachine ? "" : scope.match,
    name: isMachine ? "this computer" : nameOfMatch(scope.match),
    rxBytes: 0,
    txBytes: 0,
  };
  for (const subject of subjects) {
    if (!isMachine && !namesOf(subject).includes(scope.match)) continue;
    sum.name = subject.name;
    sum.rxBytes += subject.rxBytes;
    sum.txBytes += subject.txBytes;
  }
  return sum;
}

function nameOfMatch(match: string): string {
  return match.slice(match.lastIndexOf("/") + 1) || match;
}

function subjectOfCell({ subjectKey }: Cell, { scope }: RateRule, seen: SubjectsByScope): Subject {
  const key = subjectKey.slice(scope.kind.length + 1);
  const found = seen(scope.kind).byKey().get(key);
  return found ?? { key, name: nameOfMatch(key), rxBytes: 0, txBytes: 0 };
}

function isHot({ heldMs, ongoing }: Cell): boolean {
  return heldMs > 0 || ongoing !== null;
}

function findingOf(rule: RateRule, subject: Finding["subject"], bytesPerSecond: number): Finding {
  const { direction, comparison, forMs } = rule.condition;
  const threshold = thresholdOf(rule);
  const rate = formatBitRate(bytesPerSecond);
  const than = `${comparison === "above" ? "more" : "less"} than ${formatBitRate(threshold)}`;
  const since = forMs === 0 ? "" : ` It has been ${than} for ${formatDuration(forMs)}.`;
  return {
    rule,
    subject,
    title: `${subject.name} ${directionVerb(direction)} ${rate}`,
    text: `${subject.name} ${directionVerb(direction)} ${rate}, ${than}.${since}`,
    measure: { bytesPerSecond: Math.round(bytesPerSecond), thresholdBytesPerSecond: threshold },
  };
}

function isBad(rate: number, comparison: RateCondition["comparison"], threshold: number): boolean {
  return comparison === "above" ? rate > threshold : rate < threshold;
}

function rateOf(subject: Subject, direction: AlertDirection, intervalMs: number): number {
  return (bytesOf(subject, direction) * 1000) / intervalMs;
}
