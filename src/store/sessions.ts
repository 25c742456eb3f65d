/** Runs of the daemon and gaps in what was watched. */

import type { DatabaseSync } from "node:sqlite";
import type { HistoryGapReason } from "../model/history.ts";
import { printable } from "../model/printable.ts";

/** Runs and gaps that are kept; the oldest go. One a minute for a week would fill it. */
export const MAX_SESSIONS = 10_000;
export const MAX_GAPS = 10_000;

export interface NewGap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: HistoryGapReason;
  readonly detail: string;
}

export interface Session {
  /** It runs until here. */
  seen(atMs: number): void;
  end(): void;
  /** The end is before the start where the clock was set back: such a gap is a mark without length. */
  addGap(gap: NewGap): void;
}

/** Begins a run. */
export function beginSession(
  db: DatabaseSync,
  { atMs, version }: { atMs: number; version: string },
): Session {
  const id = Number(
    db
      .prepare("INSERT INTO session (from_ms, to_ms, version, clean) VALUES (?, ?, ?, 0)")
      .run(Math.round(atMs), Math.round(atMs), printable(version)).lastInsertRowid,
  );
  db.prepare("DELETE FROM session WHERE id <= ?").run(id - MAX_SESSIONS);
  // Also after a time that was wrong: the row exists as long as this run does.
  const seen = db.prepare("UPDATE session SET to_ms = ? WHERE id = ?");
  const end = db.prepare("UPDATE session SET clean = 1 WHERE id = ?");
  const addGap = db.prepare("INSERT INTO gap (from_ms, to_ms, reason, detail) VALUES (?, ?, ?, ?)");
  const dropGaps = db.prepare("DELETE FROM gap WHERE id <= ?");
  return {
    seen: (atMs) => void seen.run(Math.round(atMs), id),
    end: () => void end.run(id),
    addGap({ fromMs, toMs, reason, detail }) {
      const from = Math.round(Math.min(fromMs, toMs));
      const isBack = toMs < fromMs;
      const gap = addGap.run(from, isBack ? from : Math.round(toMs), reason, printable(detail));
      dropGaps.run(Number(gap.lastInsertRowid) - MAX_GAPS);
    },
  };
}
