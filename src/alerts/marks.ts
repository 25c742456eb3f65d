/** What was told of a period already: once is enough, also after a restart and when the clock is set back into a period
 * that is over. */

import type { EvaluationState } from "./turn.ts";

const PREFIX = "mark:";
/** Periods of one rule and subject that are remembered. */
const PERIODS = 3;
/** Rules and subjects; the one that was marked longest ago goes. */
export const MAX_MARKS = 20_000;

type Mark = [fromMs: number, level: number];

export interface Marks {
  /** The highest level that was told of this period, 0: none. Of one before all that are remembered it is not known any
   * more, and taken for told. */
  level(key: string, fromMs: number): number;
  set(key: string, mark: { fromMs: number; level: number }, changes: Map<string, unknown>): void;
}

export function createMarks(state: EvaluationState, kind: string): Marks {
  const prefix = `${PREFIX}${kind}:`;
  const marks = new Map<string, readonly Mark[]>();
  for (const [key, text] of state.entries(prefix)) {
    marks.set(key.slice(prefix.length), JSON.parse(text) as readonly Mark[]);
  }
  return {
    level(key, fromMs) {
      const own = marks.get(key) ?? [];
      const found = own.find(([from]) => from === fromMs);
      if (found !== undefined) return found[1];
      const isOlder = own.length > 0 && own.every(([from]) => from > fromMs);
      return isOlder ? Number.POSITIVE_INFINITY : 0;
    },
    set(key, { fromMs, level }, changes) {
      const others = (marks.get(key) ?? []).filter(([from]) => from !== fromMs);
      const kept = [...others, [fromMs, level] as Mark].sort(([a], [b]) => a - b).slice(-PERIODS);
      marks.delete(key);
      marks.set(key, kept);
      changes.set(prefix + key, kept);
      if (marks.size <= MAX_MARKS) return;
      const [oldest = ""] = marks.keys();
      marks.delete(oldest);
      changes.set(prefix + oldest, null);
    },
  };
}
