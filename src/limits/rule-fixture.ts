/** For tests: a rule in force that does only what is given. */

import type { LimitEffect, LimitRule, LimitTarget } from "../model/limit.ts";

export function limitRule(
  id: string,
  target: LimitTarget,
  effect: Partial<LimitEffect> = {},
): LimitRule {
  return {
    id,
    target,
    rxBytesPerSecond: null,
    txBytesPerSecond: null,
    block: false,
    rxGuaranteedBytesPerSecond: null,
    txGuaranteedBytesPerSecond: null,
    priority: 3,
    exceptLan: false,
    enabled: true,
    schedule: null,
    expiresAtMs: null,
    createdAtMs: 0,
    ...effect,
  };
}
