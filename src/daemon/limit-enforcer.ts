/** Hands the rules that hold to the limiter when they have changed, and tries again where that failed. */

import type { Limiter } from "../limits/limiter.ts";
import type { LimitRule } from "../model/limit.ts";
import type { Log } from "./log.ts";

const FIRST_RETRY_MS = 2_000;
const LONGEST_RETRY_MS = 60_000;

export interface Enforcer {
  /** @throws what the limiter throws; what held before holds. */
  enforce(rules: readonly LimitRule[]): Promise<void>;
  /** The same without throwing, and only where it is due. */
  keep(rules: readonly LimitRule[], atMs: number): Promise<void>;
  /** Why the rules that should hold do not; undefined: they do. */
  fault(): string | undefined;
}

export function createEnforcer(limiter: Limiter, log: Pick<Log, "warn">): Enforcer {
  /** undefined: not known, as at the start. */
  let held: readonly LimitRule[] | undefined;
  let fault: string | undefined;
  let failed: readonly LimitRule[] = [];
  let retryAtMs = 0;
  let retryMs = FIRST_RETRY_MS;

  async function enforce(rules: readonly LimitRule[]): Promise<void> {
    if (held !== undefined && isSame(held, rules)) return;
    // Then nothing holds, whatever the book says; it says so, and may be changed.
    if (limiter.capabilities().missing !== null) return;
    // Nothing holds: what a daemon that was killed has left goes too.
    if (rules.length === 0) await limiter.clear();
    else await limiter.apply(rules);
    held = rules;
    fault = undefined;
    retryMs = FIRST_RETRY_MS;
  }

  return {
    enforce,
    async keep(rules, atMs) {
      if (fault !== undefined && isSame(failed, rules) && atMs < retryAtMs) return;
      try {
        await enforce(rules);
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        if (message !== fault) log.warn(`The limits do not hold: ${message}`);
        fault = message;
        failed = rules;
        retryAtMs = atMs + retryMs;
        retryMs = Math.min(2 * retryMs, LONGEST_RETRY_MS);
      }
    },
    fault: () => fault,
  };
}

function isSame(a: readonly LimitRule[], b: readonly LimitRule[]): boolean {
  return (
    a.length === b.length &&
    a.every((rule, i) => rule === b[i] || JSON.stringify(rule) === JSON.stringify(b[i]))
  );
}
