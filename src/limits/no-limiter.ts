/** The limiter of a machine that enforces nothing, with the reason. */

import { MonitauriError } from "../model/error.ts";
import type { Unavailable } from "../model/unavailable.ts";
import type { Limiter } from "./limiter.ts";

export function createNoLimiter(missing: Unavailable): Limiter {
  const refuse = () => {
    throw new MonitauriError(
      "unsupported",
      `Cannot limit anything: ${missing.reason}. To get it: ${missing.remedy}`,
    );
  };
  return {
    capabilities: () => ({ missing, notes: [], kinds: [] }),
    plan: async (rules) => (rules.length === 0 ? [] : refuse()),
    async apply(rules) {
      if (rules.length > 0) refuse();
    },
    clear: async () => {},
    achieved: () => [],
    unlimited: () => [],
    close: async () => {},
  };
}
