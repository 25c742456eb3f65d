/** Finds the rules that speak of a subject without looking at the others. */

import type { AlertRule, AlertScopeKind } from "../model/alert.ts";
import { namesOf, type Subject } from "./facts.ts";

export interface RuleIndex {
  /** Scopes that there are rules for. */
  readonly scopes: readonly AlertScopeKind[];
  /** Of every subject of the scope. */
  any(scope: AlertScopeKind): readonly AlertRule[];
  /** That name this subject. */
  naming(scope: AlertScopeKind, subject: Pick<Subject, "key" | "name">): readonly AlertRule[];
  hasNames(scope: AlertScopeKind): boolean;
  readonly isEmpty: boolean;
}

const NONE: readonly AlertRule[] = [];

export function indexRules(rules: readonly AlertRule[]): RuleIndex {
  const any = new Map<AlertScopeKind, AlertRule[]>();
  const named = new Map<AlertScopeKind, Map<string, AlertRule[]>>();
  for (const rule of rules) {
    const { kind, match } = rule.scope;
    if (match === "*") push(any, kind, rule);
    else {
      const own = named.get(kind) ?? new Map<string, AlertRule[]>();
      named.set(kind, own);
      push(own, match, rule);
    }
  }
  return {
    scopes: [...new Set([...any.keys(), ...named.keys()])],
    isEmpty: rules.length === 0,
    hasNames: (scope) => named.has(scope),
    any: (scope) => any.get(scope) ?? NONE,
    naming(scope, subject) {
      const own = named.get(scope);
      if (own === undefined) return NONE;
      let found: readonly AlertRule[] = NONE;
      for (const name of namesOf(subject)) {
        const more = own.get(name);
        if (more !== undefined) found = found === NONE ? more : [...found, ...more];
      }
      return found;
    },
  };
}

function push<Key>(map: Map<Key, AlertRule[]>, key: Key, rule: AlertRule): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [rule]);
  else list.push(rule);
}
