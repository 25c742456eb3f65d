/** What alerts are decided on: one interval of the sampler, and what was found out beside it. */

import type { AlertScopeKind } from "../model/alert.ts";
import type { CoverageBytes, HistoryDetail, HistoryTick } from "../model/history.ts";
import type { ActivityRow } from "../model/live.ts";
import type { InterfaceCoverage, Sample } from "../model/sample.ts";

/** Of an interval, loopback left out. */
export interface Subject {
  readonly key: string;
  readonly name: string;
  readonly rxBytes: number;
  readonly txBytes: number;
}

/** The file that a program was found to be. */
export interface ExecutableFact {
  /** Application.key */
  readonly key: string;
  readonly path: string;
  /** Another text is another file: device, inode, size and time of change. */
  readonly identity: string;
  readonly sizeBytes: number;
  readonly changedAtMs: number;
}

export interface LimitFact {
  /** Of the limit and its trouble; the same while it lasts. */
  readonly key: string;
  readonly trouble: "defeated" | "saturated" | "quota";
  readonly subject: { readonly kind: AlertScopeKind; readonly key: string; readonly name: string };
  /** A sentence. */
  readonly text: string;
}

/** A part of Monitauri that does not work now. */
export interface ProblemFact {
  readonly key: string;
  /** A sentence. */
  readonly text: string;
}

export interface AlertFacts {
  readonly atMs: number;
  /** 0: unknown, there are no rates. */
  readonly intervalMs: number;
  /** The time before was not watched: it is no evidence of anything. */
  readonly isAfterGap: boolean;
  /** Nothing is counted now: only what is wrong with Monitauri itself can be said. */
  readonly isBlind: boolean;
  readonly machine: Subject;
  readonly applications: readonly Subject[];
  readonly interfaces: readonly Subject[];
  readonly present: readonly Pick<InterfaceCoverage, "name" | "kind" | "present">[];
  readonly details: readonly HistoryDetail[];
  readonly coverage: readonly CoverageBytes[];
  readonly executables: readonly ExecutableFact[];
  readonly limits: readonly LimitFact[];
  readonly problems: readonly ProblemFact[];
}

export type BesideFacts = Pick<AlertFacts, "executables" | "limits" | "problems">;

export const NOTHING_BESIDE: BesideFacts = { executables: [], limits: [], problems: [] };

export function factsOf(sample: Sample, tick: HistoryTick, beside: BesideFacts): AlertFacts {
  const { atMs, intervalMs, gap } = sample;
  return {
    atMs,
    intervalMs,
    isBlind: false,
    isAfterGap: gap?.reason === "suspended" || gap?.reason === "sampler-restarted",
    machine: {
      key: "",
      name: "this computer",
      rxBytes: sample.delta.rxBytes,
      txBytes: sample.delta.txBytes,
    },
    applications: sample.applications.map(withoutLoopback),
    interfaces: sample.interfaces.map(({ name, rxBytes, txBytes }) => {
      return { key: name, name, rxBytes, txBytes };
    }),
    present: sample.coverage,
    details: tick.details,
    coverage: tick.coverage,
    ...beside,
  };
}

/** Where samples do not come. */
export function blindFacts(
  { atMs, intervalMs }: Pick<AlertFacts, "atMs" | "intervalMs">,
  beside: BesideFacts,
): AlertFacts {
  return {
    atMs,
    intervalMs,
    isAfterGap: false,
    isBlind: true,
    machine: { key: "", name: "this computer", rxBytes: 0, txBytes: 0 },
    applications: [],
    interfaces: [],
    present: [],
    details: [],
    coverage: [],
    ...beside,
  };
}

function withoutLoopback(row: ActivityRow): Subject {
  const { key, name, rxBytes, txBytes, rxLoopbackBytes, txLoopbackBytes } = row;
  return { key, name, rxBytes: rxBytes - rxLoopbackBytes, txBytes: txBytes - txLoopbackBytes };
}

/** The subjects of a scope in this interval. Users and containers are summed from the busiest flows, as the history
 * does. */
export function subjectsOf(facts: AlertFacts, scope: AlertScopeKind): readonly Subject[] {
  switch (scope) {
    case "machine":
      return [facts.machine];
    case "application":
      return facts.applications;
    case "interface":
      return facts.interfaces;
    case "user":
    case "container":
      return summed(facts.details, scope);
  }
}

function summed(details: readonly HistoryDetail[], by: "user" | "container"): Subject[] {
  const sums = new Map<string, { rxBytes: number; txBytes: number }>();
  for (const detail of details) {
    const key = detail[by];
    if (key === "" || detail.scope === "loopback") continue;
    let sum = sums.get(key);
    if (sum === undefined) {
      sum = { rxBytes: 0, txBytes: 0 };
      sums.set(key, sum);
    }
    sum.rxBytes += detail.rxBytes;
    sum.txBytes += detail.txBytes;
  }
  return [...sums].map(([key, sum]) => ({ key, name: key, ...sum }));
}

/** What a rule may call this subject by. */
export function namesOf({ key, name }: Pick<Subject, "key" | "name">): readonly string[] {
  const path = /^(?:path|script):(\/.*)$/s.exec(key)?.[1];
  if (path !== undefined) return [key, name, path];
  return key === name ? [key] : [key, name];
}
