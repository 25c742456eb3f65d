/** Facts and rules made up for tests and measurements, deterministic. */

import type { AlertEvent, AlertRule, AlertRuleSettings } from "../model/alert.ts";
import { parseRuleDraft } from "../model/alert-schema.ts";
import type { HistoryDetail } from "../model/history.ts";
import { createEvaluation, type Evaluation } from "./evaluation.ts";
import { type AlertFacts, blindFacts, NOTHING_BESIDE, type Subject } from "./facts.ts";
import { createPast, type Past } from "./past.ts";
import type { ListMatch } from "./turn.ts";

export type RuleDraft = { readonly condition: Readonly<Record<string, unknown>> } & Omit<
  Partial<AlertRuleSettings>,
  "condition"
>;

export function ruleOf(id: string, draft: RuleDraft): AlertRule {
  return { id, createdAtMs: 0, ...parseRuleDraft(draft) };
}

export function program(name: string, rxBytes: number, txBytes = 0): Subject {
  return { key: `path:/usr/bin/${name}`, name, rxBytes, txBytes };
}

export function detailOf(name: string, more: Partial<HistoryDetail> = {}): HistoryDetail {
  return {
    application: `path:/usr/bin/${name}`,
    interface: "eth0",
    remote: "192.0.2.1",
    address: "192.0.2.1",
    port: 443,
    ipProtocol: 6,
    spoken: "tls",
    direction: "out",
    scope: "internet",
    user: "",
    container: "",
    country: "",
    rxBytes: 1_000,
    txBytes: 100,
    connectionsOpened: 1,
    ...more,
  };
}

export function factsAt(atMs: number, more: Partial<AlertFacts> = {}): AlertFacts {
  const facts = blindFacts({ atMs, intervalMs: 1_000 }, NOTHING_BESIDE);
  const { applications = [] } = more;
  const sum = (key: "rxBytes" | "txBytes") => applications.reduce((all, row) => all + row[key], 0);
  return {
    ...facts,
    isBlind: false,
    machine: { ...facts.machine, rxBytes: sum("rxBytes"), txBytes: sum("txBytes") },
    present: [{ name: "eth0", kind: "physical", present: true }],
    ...more,
  };
}

export interface World {
  readonly evaluation: Evaluation;
  readonly past: Past;
  readonly kept: ReadonlyMap<string, string>;
  /** Everything that fired, as it began. */
  readonly events: readonly AlertEvent[];
  /** Ids of what ended, in order. */
  readonly ended: readonly string[];
  take(facts: AlertFacts): readonly AlertEvent[];
  setRules(rules: readonly AlertRule[], atMs: number): void;
  /** As after SIGKILL: only what was made durable is there. */
  restart(): void;
}

export interface WorldOptions {
  readonly rules?: readonly AlertRule[];
  readonly lists?: (list: string) => ListMatch | undefined;
  /** Learning is over. */
  readonly knows?: boolean;
  /** Of volumes: what the history says a period has had. Where not given, nothing. */
  readonly bases?: () => { key: string; name: string; rxBytes: number; txBytes: number }[];
}

export function createWorld({ rules = [], lists, knows = true, bases }: WorldOptions = {}): World {
  const kept = new Map<string, string>(knows ? [["learning", "0"]] : []);
  const state = {
    get: (key: string) => kept.get(key),
    entries: (prefix: string) => [...kept].filter(([key]) => key.startsWith(prefix)),
  };
  const past = createPast();
  const events: AlertEvent[] = [];
  const ended: string[] = [];
  let active = rules;
  let evaluation = start();

  function start(): Evaluation {
    const born = createEvaluation({
      state,
      instance: "test",
      past,
      ...(lists === undefined ? {} : { lists }),
    });
    born.setRules(active, 0);
    return born;
  }

  return {
    get evaluation() {
      return evaluation;
    },
    past,
    kept,
    events,
    ended,
    take(facts) {
      const changes = new Map<string, unknown>();
      const outcome = evaluation.take(facts, changes);
      for (const [key, value] of changes) {
        if (value === null) kept.delete(key);
        else kept.set(key, JSON.stringify(value));
      }
      events.push(...outcome.events);
      ended.push(...outcome.ended.map(({ id }) => id));
      for (const group of evaluation.meters.groups()) {
        if (group.state !== "wanting") continue;
        evaluation.meters.asked(group);
        evaluation.meters.answer(group, bases?.());
      }
      return outcome.events;
    },
    setRules(fresh, atMs) {
      active = fresh;
      ended.push(...evaluation.setRules(fresh, atMs).ended.map(({ id }) => id));
    },
    restart() {
      evaluation = start();
    },
  };
}
