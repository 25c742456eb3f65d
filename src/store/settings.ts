/** How long what is kept: validated, and stored in the database itself. */

import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { MonitauriError } from "../model/error.ts";
import { DEFAULT_HISTORY_SETTINGS, type HistorySettings } from "../model/history.ts";
import { HISTORY_BOUNDS } from "../model/history-bounds.ts";

const NAME = "retention";

const schema = z.strictObject({
  ...HISTORY_BOUNDS,
  dayDays: HISTORY_BOUNDS.dayDays.nullable(),
  // A database of before has none.
  remotes: HISTORY_BOUNDS.remotes.default(DEFAULT_HISTORY_SETTINGS.remotes),
  remoteDays: HISTORY_BOUNDS.remoteDays.nullable().default(DEFAULT_HISTORY_SETTINGS.remoteDays),
});

export function readSettings(db: DatabaseSync): HistorySettings {
  const stored = db.prepare("SELECT value FROM setting WHERE name = ?").get(NAME)?.value;
  if (typeof stored !== "string") return DEFAULT_HISTORY_SETTINGS;
  const parsed = schema.safeParse(parseJson(stored));
  return parsed.success ? parsed.data : DEFAULT_HISTORY_SETTINGS;
}

/** Changes what is given. @throws MonitauriError "invalid". */
export function writeSettings(
  db: DatabaseSync,
  changes: Partial<HistorySettings>,
): HistorySettings {
  const parsed = schema.safeParse({ ...readSettings(db), ...changes });
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new MonitauriError("invalid", `Cannot change the history: ${issues.join("; ")}`);
  }
  db.prepare(
    "INSERT INTO setting VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
  ).run(NAME, JSON.stringify(parsed.data));
  return parsed.data;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
