/** What `doctor` says of the history. */

import { formatBytes } from "../model/format.ts";
import type { HistoryState } from "../model/history.ts";
import type { Finding } from "../model/monitauri.ts";
import type { Bound } from "../model/snapshot.ts";
import type { History } from "./history.ts";
import { MAX_TICKS } from "./tick-queue.ts";

/** The store's MAX_WAITING_TICKS; its file would load SQLite into this thread. */
export const STORE_TICKS = 120;

export interface HistoryHealth {
  readonly finding: Finding;
  readonly bounds: readonly Bound[];
}

/** `history` is undefined where it is switched off. */
export async function historyHealth(
  history: Pick<History, "state" | "thread"> | undefined,
): Promise<HistoryHealth> {
  if (history === undefined) {
    return unwell(
      "missing",
      "switched off",
      "remove history = false from config.toml, then start again",
    );
  }
  try {
    const state = await history.state();
    return { finding: findingOf(state), bounds: boundsOf(state) };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const { state } = history.thread();
    const remedy =
      state === "stopped"
        ? "use the version that it belongs to, or move the file away and start again"
        : "correct what it says; it is tried again every half minute";
    return unwell("missing", reason, remedy);
  }
}

function findingOf({ fault, warnings, lostTicks, fileBytes, firstAtMs }: HistoryState): Finding {
  const kept =
    firstAtMs === undefined
      ? "nothing yet"
      : `since ${new Date(firstAtMs).toLocaleDateString("sv-SE")}, ${formatBytes(fileBytes)}`;
  const lost = lostTicks === 0 ? [] : [`${lostTicks} samples could not be kept`];
  const problems = [...(fault === undefined ? [] : [fault]), ...lost, ...warnings];
  if (problems.length === 0) return { feature, state: "ok", detail: kept, remedy: undefined };
  const remedy =
    fault === undefined
      ? "nothing; what is missing is marked as a gap"
      : "make room on the disk or correct what it says; it goes on by itself";
  return { feature, state: "limited", detail: `${kept}; ${problems.join("; ")}`, remedy };
}

function boundsOf({ fileBytes, settings, waitingTicks }: HistoryState): Bound[] {
  return [
    {
      name: "history file, bytes",
      used: fileBytes,
      limit: settings.maxBytes,
      whenFull: "the oldest seconds go first, then minutes, then hours; never days",
    },
    {
      name: "samples on the way to the history",
      used: waitingTicks,
      limit: STORE_TICKS + MAX_TICKS,
      whenFull: "the oldest are a gap, or further ones not kept; both counted",
    },
  ];
}

function unwell(state: Finding["state"], detail: string, remedy: string): HistoryHealth {
  return { finding: { feature, state, detail, remedy }, bounds: [] };
}

const feature = "history";
