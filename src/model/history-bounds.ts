/** Between what the lengths of the history may be chosen; the configuration and the store hold to the same. */

import { z } from "zod";
import { HISTORY_REMOTES } from "./history.ts";

/** Less holds no day of a busy machine. */
const MIN_BYTES = 4 * 2 ** 20;

/** By the names of HistorySettings; days and remotes without a bound are each one's own matter. */
export const HISTORY_BOUNDS = {
  secondHours: z.int().min(1).max(168),
  minuteDays: z.int().min(1).max(366),
  hourDays: z.int().min(2).max(3_660),
  dayDays: z.int().min(31),
  remotes: z.enum(HISTORY_REMOTES),
  remoteDays: z.int().min(1),
  maxBytes: z.int().min(MIN_BYTES),
};
