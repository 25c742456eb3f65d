/** From when on each level is complete, and how far the history reaches. */

import type { DatabaseSync } from "node:sqlite";
import type { HistoryState } from "../model/history.ts";
import { readState } from "./state.ts";

export type Kept = Pick<HistoryState, "firstAtMs" | "lastAtMs" | "keptFromMs"> & {
  /** Minutes since the epoch. */
  readonly openMinute: number | undefined;
  readonly processMinutesFromMs: number;
};

/** The same for a question about processes, whose minutes are kept for a shorter time. */
export function keptOfProcesses(kept: Kept): Kept {
  const minute = Math.max(kept.keptFromMs.minute, kept.processMinutesFromMs);
  return { ...kept, keptFromMs: { ...kept.keptFromMs, minute } };
}

export function readKept(db: DatabaseSync): Kept {
  const state = readState(db);
  const first = db.prepare("SELECT min(from_minute) AS at FROM day").get()?.at;
  const last = state.get("last_second");
  return {
    firstAtMs: typeof first === "number" ? first * 60_000 : undefined,
    lastAtMs: last === undefined ? undefined : (last + 1) * 1_000,
    openMinute: state.get("open_minute"),
    processMinutesFromMs: (state.get("process_minute_from") ?? 0) * 60_000,
    keptFromMs: {
      second: (state.get("second_from") ?? 0) * 1_000,
      minute: (state.get("minute_from") ?? 0) * 60_000,
      hour: (state.get("hour_from") ?? 0) * 60_000,
      day: (state.get("day_from") ?? 0) * 60_000,
    },
  };
}
