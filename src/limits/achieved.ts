/** What rules really achieve (pure): from the counters of classes and of refusals. */

import type { LimitAchieved, LimitRule } from "../model/limit.ts";
import type { ClassCounters } from "../native/traffic-control.ts";
import { CHAIN_JOINT, type ClassTree, capOf, REST } from "./classes.ts";
import type { Shaping } from "./linux-plan.ts";

export interface Reading {
  readonly atMs: number;
  readonly trees: Readonly<Record<Shaping, ClassTree>>;
  /** By minor number. */
  readonly counters: Readonly<Record<Shaping, ReadonlyMap<number, ClassCounters>>>;
}

export interface RuleCounters {
  readonly bytes: number;
  readonly drops: number;
  readonly backlogBytes: number;
}

const NONE: RuleCounters = { bytes: 0, drops: 0, backlogBytes: 0 };

/** Sums of all classes of a rule and what is inside them, by rule id. */
export function sumByRule(
  tree: ClassTree,
  counters: ReadonlyMap<number, ClassCounters>,
): Map<string, RuleCounters> {
  const sums = new Map<string, RuleCounters>();
  for (const [path, { minor, isLeaf }] of tree.classes) {
    const found = counters.get(minor);
    if (found === undefined || !isLeaf) continue;
    for (const id of path.split(CHAIN_JOINT)) {
      if (id === REST) continue;
      const sum = sums.get(id) ?? NONE;
      sums.set(id, {
        bytes: sum.bytes + found.bytes,
        drops: sum.drops + found.drops,
        backlogBytes: sum.backlogBytes + found.backlogBytes,
      });
    }
  }
  return sums;
}

/** Bytes per second between two readings; a counter that fell started anew. */
export function rateOf(
  before: RuleCounters | undefined,
  now: RuleCounters | undefined,
  elapsedMs: number,
): number | null {
  if (now === undefined) return null;
  if (before === undefined || elapsedMs <= 0) return 0;
  const grown = now.bytes >= before.bytes ? now.bytes - before.bytes : now.bytes;
  return (grown * 1000) / elapsedMs;
}

export interface Judged {
  readonly state: LimitAchieved["state"];
  readonly reason: string | null;
}

export function achievedOf(
  rule: LimitRule,
  {
    rates,
    sums,
    refused,
    judged,
  }: {
    readonly rates: Readonly<Record<Shaping, number | null>>;
    readonly sums: Readonly<Record<Shaping, RuleCounters | undefined>>;
    readonly refused: { readonly rx: number; readonly tx: number };
    readonly judged: Judged;
  },
): LimitAchieved {
  const rate = (shaping: Shaping) => (capOf(rule, shaping) === null ? null : rates[shaping]);
  return {
    id: rule.id,
    rxBytesPerSecond: rate("rx"),
    txBytesPerSecond: rate("tx"),
    rxDrops: rule.block ? refused.rx : (sums.rx?.drops ?? 0),
    txDrops: rule.block ? refused.tx : (sums.tx?.drops ?? 0),
    rxBacklogBytes: sums.rx?.backlogBytes ?? 0,
    txBacklogBytes: sums.tx?.backlogBytes ?? 0,
    ...judged,
  };
}
