/** What each subject moved since the beginning of its day, week, month or cycle. The base comes from the history; what
 * ticks bring is added, also while the history is being asked. */

import type { AlertPeriod, AlertRule, AlertScopeKind } from "../model/alert.ts";
import { type AlertFacts, type Subject, subjectsOf } from "./facts.ts";
import { periodAt } from "./periods.ts";
import { indexRules, type RuleIndex } from "./rule-index.ts";

/** Subjects of one group that are counted; the quietest gives its place. */
export const MAX_GROUP_METERS = 5_000;

export interface Meter {
  readonly key: string;
  name: string;
  rxBytes: number;
  txBytes: number;
  /** Since the history was asked. */
  rxSince: number;
  txSince: number;
}

export interface MeterGroup {
  readonly id: string;
  readonly scope: AlertScopeKind;
  readonly period: AlertPeriod | "hour";
  readonly cycleDay: number;
  fromMs: number;
  toMs: number;
  /** "asked": the base is on its way. Only a ready group is judged. */
  state: "wanting" | "asked" | "ready";
  readonly meters: Map<string, Meter>;
  /** Rules that look at this group. */
  rules: readonly AlertRule[];
  index: RuleIndex;
}

export interface MeterBase {
  readonly key: string;
  readonly name: string;
  readonly rxBytes: number;
  readonly txBytes: number;
}

export interface Meters {
  setRules(rules: readonly AlertRule[]): void;
  take(facts: AlertFacts): void;
  groups(): readonly MeterGroup[];
  group(
    scope: AlertScopeKind,
    period: AlertPeriod | "hour",
    cycleDay: number,
  ): MeterGroup | undefined;
  /** The history is asked now: what comes from now on is added to its answer. */
  asked(group: MeterGroup): void;
  /** undefined: there is no history, or it does not answer; then counting starts at what is known. */
  answer(group: MeterGroup, bases: readonly MeterBase[] | undefined): void;
}

export function createMeters(): Meters {
  const groups = new Map<string, MeterGroup>();
  let atMs: number | undefined;

  function roll(group: MeterGroup): void {
    if (atMs === undefined || (atMs >= group.fromMs && atMs < group.toMs)) return;
    const isNext = group.toMs > 0 && atMs >= group.toMs;
    const { fromMs, toMs } = periodAt(atMs, group.period, group.cycleDay);
    Object.assign(group, { fromMs, toMs });
    group.meters.clear();
    // A period that begins while we watch begins at zero; into any other one we came from elsewhere.
    if (!isNext || group.state !== "ready") group.state = "wanting";
  }

  function add(group: MeterGroup, subjects: readonly Subject[]): void {
    const { meters, scope, index } = group;
    const counted = index.any(scope).length > 0;
    for (const subject of subjects) {
      if (subject.rxBytes + subject.txBytes === 0) continue;
      let meter = meters.get(subject.key);
      if (meter === undefined) {
        if (!counted && index.naming(scope, subject).length === 0) continue;
        if (meters.size >= MAX_GROUP_METERS) dropQuietest(meters);
        meter = {
          key: subject.key,
          name: subject.name,
          rxBytes: 0,
          txBytes: 0,
          rxSince: 0,
          txSince: 0,
        };
        meters.set(subject.key, meter);
      }
      meter.rxBytes += subject.rxBytes;
      meter.txBytes += subject.txBytes;
      meter.rxSince += subject.rxBytes;
      meter.txSince += subject.txBytes;
    }
  }

  return {
    setRules(rules) {
      const wanted = new Map<string, AlertRule[]>();
      for (const rule of rules) {
        const id = groupIdOf(rule);
        if (id === undefined) continue;
        const own = wanted.get(id);
        if (own === undefined) wanted.set(id, [rule]);
        else own.push(rule);
      }
      for (const id of groups.keys()) if (!wanted.has(id)) groups.delete(id);
      for (const [id, own] of wanted) {
        const known = groups.get(id);
        const index = indexRules(own.map(onApplications));
        if (known === undefined) groups.set(id, newGroup(id, own, index));
        else {
          // Subjects that nobody asked for before have not been counted.
          if (own.some((rule) => !known.rules.some((old) => countsTheSame(old, rule)))) {
            known.state = "wanting";
          }
          known.rules = own;
          known.index = index;
        }
      }
    },
    take(facts) {
      atMs = facts.atMs;
      for (const group of groups.values()) {
        roll(group);
        add(group, subjectsOf(facts, group.scope));
      }
    },
    groups: () => [...groups.values()],
    group: (scope, period, cycleDay) => groups.get(`${scope} ${period} ${cycleDay}`),
    asked(group) {
      group.state = "asked";
      for (const meter of group.meters.values()) {
        meter.rxSince = 0;
        meter.txSince = 0;
      }
    },
    answer(group, bases) {
      if (group.state !== "asked") return;
      group.state = "ready";
      for (const { key, name, rxBytes, txBytes } of bases ?? []) {
        if (
          group.index.any(group.scope).length +
            group.index.naming(group.scope, { key, name }).length ===
          0
        )
          continue;
        const meter = group.meters.get(key);
        if (meter === undefined) {
          group.meters.set(key, { key, name, rxBytes, txBytes, rxSince: 0, txSince: 0 });
        } else {
          // The history may lack what it could not keep.
          meter.rxBytes = Math.max(meter.rxBytes, rxBytes + meter.rxSince);
          meter.txBytes = Math.max(meter.txBytes, txBytes + meter.txSince);
        }
      }
    },
  };
}

/** What is unusual is asked of programs, also where a rule speaks of the whole machine. */
function onApplications(rule: AlertRule): AlertRule {
  if (rule.condition.kind !== "unusual" || rule.scope.kind !== "machine") return rule;
  return { ...rule, scope: { kind: "application", match: "*" } };
}

/** Of rules in one group, which have the kind of scope and the period in common. */
function countsTheSame(a: AlertRule, b: AlertRule): boolean {
  return a.id === b.id && onApplications(a).scope.match === onApplications(b).scope.match;
}

function groupIdOf({ scope, condition }: AlertRule): string | undefined {
  switch (condition.kind) {
    case "volume":
    case "forecast":
      return `${scope.kind} ${condition.period} ${condition.period === "cycle" ? condition.cycleDay : 1}`;
    case "unusual":
      return "application hour 1";
    default:
      return undefined;
  }
}

function newGroup(id: string, rules: readonly AlertRule[], index: RuleIndex): MeterGroup {
  const [scope, period, cycleDay] = id.split(" ");
  return {
    id,
    scope: scope as AlertScopeKind,
    period: period as MeterGroup["period"],
    cycleDay: Number(cycleDay),
    fromMs: 0,
    toMs: 0,
    state: "wanting",
    meters: new Map(),
    rules,
    index,
  };
}

function dropQuietest(meters: Map<string, Meter>): void {
  let quietest: Meter | undefined;
  for (const meter of meters.values()) {
    const bytes = meter.rxBytes + meter.txBytes;
    if (quietest === undefined || bytes < quietest.rxBytes + quietest.txBytes) quietest = meter;
  }
  if (quietest !== undefined) meters.delete(quietest.key);
}
