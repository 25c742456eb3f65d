/** Rules for every subject, in the order in which a growing or falling rate passes them, and for how long each subject has
 * been past each. That is a number and no cell: most that pass a threshold come back before anything is to be said. */

import type { AlertDirection, AlertRule, AlertScopeKind, RateCondition } from "../model/alert.ts";

export type RateRule = AlertRule & { readonly condition: RateCondition };

export interface Ladder {
  readonly scope: AlertScopeKind;
  readonly direction: AlertDirection;
  readonly comparison: RateCondition["comparison"];
  readonly rules: readonly RateRule[];
  /** By key of the subject, of those that are past the first threshold: as many as the tick has. */
  readonly holds: Map<string, Hold>;
}

export interface Hold {
  /** How long without a break, of the rules in their order. */
  readonly heldMs: number[];
  /** Number of the tick that touched it last. */
  tick: number;
}

/** Holds of rules that ask the same as in `before` go on. */
export function laddersOf(rules: readonly RateRule[], before: readonly Ladder[]): Ladder[] {
  const ladders = new Map<string, RateRule[]>();
  for (const rule of rules) {
    if (rule.scope.match !== "*") continue;
    const id = `${rule.scope.kind} ${rule.condition.direction} ${rule.condition.comparison}`;
    const own = ladders.get(id);
    if (own === undefined) ladders.set(id, [rule]);
    else own.push(rule);
  }
  const held = holdsBefore(before);
  return [...ladders.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    const { direction, comparison } = first.condition;
    const upwards = own.sort((a, b) => thresholdOf(a) - thresholdOf(b));
    const ordered = comparison === "above" ? upwards : upwards.reverse();
    const holds = holdsOf(ordered, held);
    return [{ scope: first.scope.kind, direction, comparison, rules: ordered, holds }];
  });
}

/** The subject has passed the first `count` rules in this tick. `found` hears of those that it has been past for as long
 * as they ask, with the time before this tick. */
export function holdPast(
  ladder: Ladder,
  { key, count, intervalMs, tick }: Passed,
  found: (rule: RateRule, heldBeforeMs: number) => void,
): void {
  let hold = ladder.holds.get(key);
  if (hold === undefined) {
    hold = { heldMs: [], tick };
    ladder.holds.set(key, hold);
  }
  hold.tick = tick;
  const { heldMs } = hold;
  if (heldMs.length > count) heldMs.length = count;
  for (let at = 0; at < count; at += 1) {
    const beforeMs = heldMs[at] ?? 0;
    heldMs[at] = beforeMs + intervalMs;
    const rule = ladder.rules[at];
    if (rule !== undefined && beforeMs + intervalMs >= rule.condition.forMs) found(rule, beforeMs);
  }
}

export interface Passed {
  readonly key: string;
  readonly count: number;
  readonly intervalMs: number;
  readonly tick: number;
}

/** Whoever was not touched in this tick has come back. */
export function dropHolds({ holds }: Ladder, tick: number): void {
  for (const [key, hold] of holds) if (hold.tick !== tick) holds.delete(key);
}

export function thresholdOf({ condition }: RateRule): number {
  return condition.bytesPerSecond;
}

/** By what a rule asks and by subject. */
type Held = ReadonlyMap<string, ReadonlyMap<string, number>>;

function holdsBefore(ladders: readonly Ladder[]): Held {
  const held = new Map<string, Map<string, number>>();
  for (const { rules, holds } of ladders) {
    for (const [key, { heldMs }] of holds) {
      for (const [at, ms] of heldMs.entries()) {
        const question = questionOf(rules[at]);
        const own = held.get(question) ?? new Map<string, number>();
        own.set(key, ms);
        held.set(question, own);
      }
    }
  }
  return held;
}

function holdsOf(rules: readonly RateRule[], held: Held): Map<string, Hold> {
  const holds = new Map<string, Hold>();
  if (held.size === 0) return holds;
  for (const [at, rule] of rules.entries()) {
    for (const [key, ms] of held.get(questionOf(rule)) ?? []) {
      const hold = holds.get(key) ?? { heldMs: [], tick: 0 };
      // Rules that are new before it begin at nothing.
      while (hold.heldMs.length < at) hold.heldMs.push(0);
      hold.heldMs[at] = ms;
      holds.set(key, hold);
    }
  }
  return holds;
}

function questionOf(rule: RateRule | undefined): string {
  return rule === undefined ? "" : JSON.stringify([rule.id, rule.scope, rule.condition]);
}
