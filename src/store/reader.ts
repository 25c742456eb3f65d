/** Reads the history from another process or thread, while the daemon writes it. */

import type { ExportPart, ExportQuery, HistoryAnswer, HistoryQuery } from "../model/history.ts";
import { createCalendar } from "../model/local-days.ts";
import { openForReading } from "./database.ts";
import { exportPart } from "./export.ts";
import { answerQuery } from "./query.ts";

export interface HistoryReader extends Disposable {
  /** @throws MonitauriError "invalid". */
  query(query: HistoryQuery): HistoryAnswer;
  exportPart(query: ExportQuery, cursor: string | null): ExportPart;
  close(): void;
}

/** @throws MonitauriError "not-found", "unsupported", "forbidden" or "failed". */
export function openHistoryReader({
  path,
  now,
  zone,
}: {
  path: string;
  now: () => number;
  zone?: string | undefined;
}): HistoryReader {
  const db = openForReading(path);
  const calendar = createCalendar(zone);
  return {
    query(query) {
      // All parts of an answer at one moment.
      db.exec("BEGIN");
      try {
        return answerQuery(db, query, { nowMs: now(), calendar });
      } finally {
        db.exec("COMMIT");
      }
    },
    exportPart: (query, cursor) => exportPart(db, query, cursor),
    close: () => db.close(),
    [Symbol.dispose]: () => db.close(),
  };
}
