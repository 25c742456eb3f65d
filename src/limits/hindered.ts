/** Interfaces at which no filter could be put: each is said once, shown beside the rules, and tried again. */

import type { LimitAchieved, LimitRule } from "../model/limit.ts";
import type { Attachment } from "./linux-plan.ts";

export interface Hindered {
  /** What failed of all that is wanted; replaces what was noted before. The sentences that are new. */
  note(failures: ReadonlyMap<Attachment, unknown>, atMs: number): readonly string[];
  /** Whether it is time to try again. */
  areDue(atMs: number): boolean;
  /** What a rule achieves, with what hinders it. */
  told(achieved: LimitAchieved, rules: readonly LimitRule[]): LimitAchieved;
  forget(): void;
}

const AGAIN_MS = 5_000;

export function createHindered(): Hindered {
  let reasons = new Map<string, string>();
  let dueAtMs = Number.POSITIVE_INFINITY;

  return {
    note(failures, atMs) {
      const before = reasons;
      reasons = new Map();
      for (const [{ name }, error] of failures)
        reasons.set(name, error instanceof Error ? error.message : String(error));
      dueAtMs = reasons.size > 0 ? atMs + AGAIN_MS : Number.POSITIVE_INFINITY;
      return [...reasons]
        .filter(([name, reason]) => before.get(name) !== reason)
        .map(([, reason]) => reason);
    },
    areDue: (atMs) => atMs >= dueAtMs,
    told(achieved, rules) {
      if (reasons.size === 0) return achieved;
      const target = rules.find(({ id }) => id === achieved.id)?.target;
      if (target?.kind === "interface") {
        const reason = reasons.get(target.name);
        return reason === undefined ? achieved : { ...achieved, state: "defeated", reason };
      }
      const all = [...reasons.values()].join("; ");
      const reason = achieved.reason === null ? all : `${achieved.reason}; ${all}`;
      return { ...achieved, reason };
    },
    forget() {
      reasons = new Map();
      dueAtMs = Number.POSITIVE_INFINITY;
    },
  };
}
