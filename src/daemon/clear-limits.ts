/** `limit clear` where no daemon answers: takes away what one that was killed has left, and empties the book. */

import { existsSync } from "node:fs";
import { readPrivileges } from "../native/privileges.ts";
import { NO_LIMITS, readLimits, saveLimits } from "./limit-file.ts";
import { takeLock } from "./lock.ts";
import { daemonPlaces, type PlaceOptions } from "./places.ts";
import { clearLeftLimits, lockMethod } from "./platform.ts";

export interface Cleared {
  /** Rules that were in the book. */
  readonly count: number;
  /** There was something in the kernel. */
  readonly leftovers: boolean;
}

/** @throws MonitauriError "busy" where a daemon runs after all. */
export async function clearLimitsHere(place: PlaceOptions): Promise<Cleared> {
  const places = daemonPlaces(place);
  if (!existsSync(places.data))
    return { count: 0, leftovers: await clearKernel(places.limitsJournal) };
  // Nobody starts in between.
  using _lock = await takeLock(places.lock, { method: lockMethod });
  const leftovers = await clearKernel(places.limitsJournal);
  const { saved } = readLimits(places.limits);
  if (saved.rules.length > 0) {
    const { lastRule, lastQuota, quotas, told } = saved;
    saveLimits(places.limits, { ...NO_LIMITS, lastRule, lastQuota, quotas, told });
  }
  return { count: saved.rules.length, leftovers };
}

/** An ordinary user's daemon has put nothing there. */
async function clearKernel(journal: string): Promise<boolean> {
  return readPrivileges().root ? clearLeftLimits(journal) : false;
}
