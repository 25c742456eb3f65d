/** States of the machine and of Monitauri itself: limits in trouble, coverage, interfaces that are gone, parts that do
 * not work. */

import type {
  AlertKind,
  AlertRule,
  AlertSubject,
  CoverageCondition,
  LimitCondition,
} from "../model/alert.ts";
import { formatBytes, formatDuration, formatShare } from "../model/format.ts";
import { type LimitFact, namesOf, type ProblemFact } from "./facts.ts";
import { DAY_MS } from "./periods.ts";
import { type Conditions, type EvaluationState, subjectKeyOf, type Turn } from "./turn.ts";

const MACHINE: AlertSubject = { kind: "machine", key: "", name: "this computer" };
/** Fewer bytes say nothing about coverage: headers of a few packets would. */
const MIN_COVERAGE_BYTES = 1_000_000;
/** Interfaces that are remembered as having been there. */
const MAX_INTERFACES = 256;
/** One that has been away this long is not missed any more, unless a rule names it. */
const FORGOTTEN_DAYS = 7;
const INTERFACES = "interfaces";

export function healthConditions(state: EvaluationState): Conditions {
  let rules = new Map<AlertKind, readonly AlertRule[]>();
  const seen = new Map(JSON.parse(state.get(INTERFACES) ?? "[]") as [string, number][]);
  /** What was counted since each coverage rule was judged last, by rule and interface. */
  const windows = new Map<string, Window>();
  const of = (kind: AlertKind) => rules.get(kind) ?? [];

  return {
    setRules(given) {
      rules = Map.groupBy(given, ({ condition }) => condition.kind);
      windows.clear();
    },
    take(turn) {
      if (turn.facts.isBlind) {
        for (const rule of of("degraded")) takeProblems(turn, rule);
        return;
      }
      rememberInterfaces(turn, seen, of("interface-gone"));
      for (const rule of of("limit")) takeLimits(turn, rule);
      for (const rule of of("degraded")) takeProblems(turn, rule);
      for (const rule of of("interface-gone")) takeInterfaces(turn, rule, seen);
      for (const rule of of("coverage")) takeCoverage(turn, rule, windows);
    },
  };
}

interface State<T> {
  readonly subject: AlertSubject;
  /** Tells states of one subject apart. */
  readonly key: string;
  readonly what: T;
}

/** States that there are now are bad; those that were and are not any more are good. */
function lastAll<T>(
  turn: Turn,
  rule: AlertRule,
  {
    now,
    forMs,
    words,
  }: {
    readonly now: readonly State<T>[];
    readonly forMs: number;
    readonly words: (state: State<T>) => { readonly title: string; readonly text: string };
  },
): void {
  for (const state of now) {
    const { subject, key: detail } = state;
    const cell = turn.cells.touch(rule.id, subjectKeyOf({ subject, detail }), turn.tick);
    const finding = () => ({ rule, subject, detail, ...words(state), measure: {} });
    turn.last(finding, { cell, rule, state: "bad", forMs });
  }
  for (const cell of turn.cells.of(rule.id)) {
    if (cell.tick === turn.tick) continue;
    const impossible = () => {
      throw new Error("What is good does not fire");
    };
    turn.last(impossible, { cell, rule, state: "good", forMs: Math.min(forMs, 10_000) });
  }
}

function takeLimits(turn: Turn, rule: AlertRule): void {
  const { of } = rule.condition as LimitCondition;
  const now = turn.facts.limits
    .filter(({ trouble }) => of.includes(trouble))
    .filter(({ subject }) => speaksOf(rule, subject))
    .map((what): State<LimitFact> => ({ subject: what.subject, key: what.key, what }));
  const verbs = { defeated: "is defeated", saturated: "is saturated", quota: "has used its quota" };
  lastAll(turn, rule, {
    now,
    forMs: 0,
    words: ({ what, subject }) => ({
      title: `The limit of ${subject.name} ${verbs[what.trouble]}`,
      text: what.text,
    }),
  });
}

function speaksOf({ scope }: AlertRule, subject: AlertSubject): boolean {
  if (scope.kind === "machine") return true;
  if (scope.kind !== subject.kind) return false;
  return scope.match === "*" || namesOf(subject).includes(scope.match);
}

function takeProblems(turn: Turn, rule: AlertRule): void {
  const { forMs } = rule.condition as { readonly forMs: number };
  lastAll(turn, rule, {
    now: turn.facts.problems.map(
      (what): State<ProblemFact> => ({ subject: MACHINE, key: what.key, what }),
    ),
    forMs,
    words: ({ what, key }) => ({ title: `Monitauri is degraded: ${key}`, text: what.text }),
  });
}

/** By name, the day on which they were there last. */
type SeenInterfaces = Map<string, number>;

function rememberInterfaces(
  { facts, changes }: Turn,
  seen: SeenInterfaces,
  rules: readonly AlertRule[],
): void {
  const today = Math.floor(facts.atMs / DAY_MS);
  let isChanged = false;
  for (const { name, kind, present } of facts.present) {
    // Those of containers come and go.
    const isLasting = kind === "physical" || kind === "tunnel";
    const isWanted = isLasting || rules.some(({ scope }) => scope.match === name);
    if (!present || !isWanted || seen.get(name) === today) continue;
    if (!seen.has(name) && seen.size >= MAX_INTERFACES) continue;
    seen.set(name, today);
    isChanged = true;
  }
  if (isChanged) changes.set(INTERFACES, [...seen]);
}

function takeInterfaces(turn: Turn, rule: AlertRule, seen: SeenInterfaces): void {
  const { forMs } = rule.condition as { readonly forMs: number };
  const present = new Set(
    turn.facts.present.filter((each) => each.present).map(({ name }) => name),
  );
  const { match } = rule.scope;
  const today = Math.floor(turn.facts.atMs / DAY_MS);
  const now = [...seen]
    .filter(([name, day]) => (match === "*" ? today - day < FORGOTTEN_DAYS : name === match))
    .map(([name]) => name)
    .filter((name) => !present.has(name))
    .map((name): State<string> => {
      return { subject: { kind: "interface", key: name, name }, key: "gone", what: name };
    });
  lastAll(turn, rule, {
    now,
    forMs,
    words: ({ what }) => ({
      title: `The interface ${what} is gone`,
      text:
        `The interface ${what} is not there any more` +
        `${forMs === 0 ? "" : `, for ${formatDuration(forMs)} now`}. Programs that used it may be offline.`,
    }),
  });
}

interface Window {
  ms: number;
  counted: number;
  attributed: number;
}

/** Judged once in each window of `forMs`: in single intervals the two counts are read at different moments. */
function takeCoverage(turn: Turn, rule: AlertRule, windows: Map<string, Window>): void {
  const { belowShare, forMs } = rule.condition as CoverageCondition;
  const { facts, cells, tick } = turn;
  const loopback = new Set(
    facts.present.filter(({ kind }) => kind === "loopback").map(({ name }) => name),
  );
  const rows = facts.coverage.filter(
    (row) =>
      !loopback.has(row.interface) &&
      (rule.scope.match === "*" || rule.scope.match === row.interface),
  );
  const byInterface = rule.scope.kind === "interface";
  const names = byInterface ? rows.map((row) => row.interface) : [""];
  const known = [...windows.keys()].flatMap((key) => {
    const [ruleId, name = ""] = key.split("\n");
    return ruleId === rule.id ? [name] : [];
  });
  for (const name of new Set([...names, ...known])) {
    const key = `${rule.id}\n${name}`;
    const window = windows.get(key) ?? { ms: 0, counted: 0, attributed: 0 };
    windows.set(key, window);
    window.ms += facts.intervalMs;
    for (const row of rows) {
      if (byInterface && row.interface !== name) continue;
      window.counted += row.rxCountedBytes + row.txCountedBytes;
      window.attributed += row.rxAttributedBytes + row.txAttributedBytes;
    }
    if (window.ms < forMs) continue;
    windows.delete(key);
    if (window.counted < MIN_COVERAGE_BYTES) continue;
    const share = window.attributed / window.counted;
    const back = Math.min(1, belowShare + (1 - belowShare) * rule.hysteresisShare);
    const subject: AlertSubject = byInterface ? { kind: "interface", key: name, name } : MACHINE;
    const cell = cells.touch(rule.id, subjectKeyOf({ subject }), tick);
    turn.last(() => coverageFinding(rule, subject, { share, counted: window.counted }), {
      cell,
      rule,
      state: share < belowShare ? "bad" : share >= back ? "good" : "between",
      forMs: 0,
    });
  }
}

function coverageFinding(
  rule: AlertRule,
  subject: AlertSubject,
  { share, counted }: { readonly share: number; readonly counted: number },
) {
  const { belowShare, forMs } = rule.condition as CoverageCondition;
  const of = subject.kind === "machine" ? "this computer's interfaces" : subject.name;
  return {
    rule,
    subject,
    title: `Only ${formatShare(share)} of the bytes of ${of} have an owner`,
    text:
      `In the last ${formatDuration(forMs)} ${of} counted ${formatBytes(counted)}; ${formatShare(share)} of it has ` +
      `an owner, less than ${formatShare(belowShare)}. monitauri doctor says what is missing.`,
    measure: { share, thresholdShare: belowShare },
  };
}
