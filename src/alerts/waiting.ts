/** Events that wait for the end of quiet hours, of a digest or of a flood, in groups that become one message each. What is
 * beyond the bounds is counted, not kept: a night of a thousand events a second must not fill memory and disk. */

import { ALERT_SEVERITIES, type AlertKind, type AlertSeverity } from "../model/alert.ts";
import type { EvaluationState } from "./turn.ts";

/** Events of one group that are kept; a message shows a tenth of them. */
export const MAX_GROUP = 1_000;
/** Of all groups together; each group keeps its first one all the same. */
export const MAX_HELD = 20_000;
/** A time to wait that is longer was made by a clock that has been set back. */
const LONGEST_WAIT_MS = 24 * 3_600_000;
/** How the keys of what waits begin. */
export const HELD = "held:";
const REST = "held:rest ";
export const SEVERAL_RULES = "several rules";

/** An event, or all those of a group for which there was no room, under the name of their first. */
export interface Held {
  readonly id: string;
  readonly ruleId: string;
  /** SEVERAL_RULES: of more than one. */
  readonly ruleName: string;
  readonly kind: AlertKind;
  readonly atMs: number;
  /** The worst. */
  readonly severity: AlertSeverity;
  readonly title: string;
  readonly channels: readonly string[];
  /** Held events of one group that are due go into one message. */
  readonly group: string;
  readonly dueMs: number;
  readonly count: number;
}

export interface Waiting {
  add(one: Held, changes: Map<string, unknown>): void;
  /** When the first of a group is due; undefined: nothing waits in it. */
  dueMs(group: string): number | undefined;
  /** What is due, by group. */
  take(atMs: number, changes: Map<string, unknown>): readonly (readonly Held[])[];
  /** Of all groups. */
  readonly size: number;
}

interface Group {
  /** By their keys in the journal. */
  readonly members: Map<string, Held>;
  firstDueMs: number;
  lastDueMs: number;
}

export function createWaiting(state: EvaluationState): Waiting {
  const groups = new Map<string, Group>();
  let size = 0;
  /** What an older version kept beyond the bounds, to be written with the next change. */
  const restored = new Map<string, unknown>();
  for (const [key, text] of state.entries(HELD)) restore(key, { count: 1, ...JSON.parse(text) });

  function restore(key: string, one: Held): void {
    if (key.startsWith(REST) || hasRoom(one.group)) return put(key, one);
    restored.set(key, null);
    fold(one, restored);
  }

  function hasRoom(name: string): boolean {
    const own = groups.get(name)?.members.size ?? 0;
    return own === 0 || (own < MAX_GROUP && size < MAX_HELD);
  }

  function put(key: string, one: Held): void {
    const group = groups.get(one.group) ?? {
      members: new Map<string, Held>(),
      firstDueMs: one.dueMs,
      lastDueMs: one.dueMs,
    };
    groups.set(one.group, group);
    if (!group.members.has(key)) size += 1;
    group.members.set(key, one);
    group.firstDueMs = Math.min(group.firstDueMs, one.dueMs);
    group.lastDueMs = Math.max(group.lastDueMs, one.dueMs);
  }

  function fold(one: Held, changes: Map<string, unknown>): void {
    const key = REST + one.group;
    const rest = groups.get(one.group)?.members.get(key);
    const folded = rest === undefined ? one : together(rest, one);
    put(key, folded);
    changes.set(key, folded);
  }

  function settle(changes: Map<string, unknown>): void {
    for (const [key, value] of restored) changes.set(key, value);
    restored.clear();
  }

  return {
    add(one, changes) {
      settle(changes);
      if (!hasRoom(one.group)) return fold(one, changes);
      put(HELD + one.id, one);
      changes.set(HELD + one.id, one);
    },
    dueMs: (group) => groups.get(group)?.firstDueMs,
    take(atMs, changes) {
      settle(changes);
      const isDue = (dueMs: number) => dueMs <= atMs || dueMs - atMs > LONGEST_WAIT_MS;
      const due: Held[][] = [];
      for (const [name, group] of groups) {
        if (!isDue(group.firstDueMs) && !isDue(group.lastDueMs)) continue;
        const own = [...group.members].filter(([, { dueMs }]) => isDue(dueMs));
        due.push(own.map(([, one]) => one));
        groups.delete(name);
        size -= group.members.size;
        for (const [key, one] of group.members) if (!isDue(one.dueMs)) put(key, one);
        for (const [key] of own) changes.set(key, null);
      }
      return due;
    },
    get size() {
      return size;
    },
  };
}

/** Told no earlier than each of them is wanted. */
function together(rest: Held, one: Held): Held {
  const isSame = rest.ruleName === one.ruleName;
  return {
    ...rest,
    ...(isSame ? {} : { ruleId: "", ruleName: SEVERAL_RULES }),
    severity: worse(rest.severity, one.severity),
    dueMs: Math.max(rest.dueMs, one.dueMs),
    count: rest.count + one.count,
  };
}

export function worse(a: AlertSeverity, b: AlertSeverity): AlertSeverity {
  return ALERT_SEVERITIES.indexOf(b) > ALERT_SEVERITIES.indexOf(a) ? b : a;
}
