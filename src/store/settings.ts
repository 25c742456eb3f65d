/** How long what is kept: validated, and stored in the database itself. */

import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { MonitauriError } from "../model/error.ts";
import { DEFAULT_HISTORY_SETTINGS, type HistorySettings } from "../model/history.ts";

/** Less holds no day of a busy machine. */
const MIN_BYTES = 4 * 2 ** 20;
const NAME = "retention";

const schema = z.strictObject({
  secondHours: z.int().min(1).max(168),
  minuteDays: z.int().min(1).max(366),
  hourDays: z.int().min(2).max(3_660),
  dayDays: z.int().min(31).nullable(),
  maxBytes: z.int().min(MIN_BYTES),
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
