/** Brings a database to the version of this build. */

import type { DatabaseSync } from "node:sqlite";
import { MonitauriError } from "../model/error.ts";
import { MIGRATIONS } from "./schema.ts";

export const SCHEMA_VERSION = MIGRATIONS.length;

/**
 * Applies the steps that are missing, all in one transaction.
 * @throws MonitauriError "unsupported" where a newer Monitauri made it; nothing was touched then.
 */
export function migrate(db: DatabaseSync, target = SCHEMA_VERSION): void {
  const found = versionOf(db);
  checkVersion(found);
  if (found >= target) return;
  db.exec("BEGIN IMMEDIATE");
  try {
    for (const step of MIGRATIONS.slice(found, target)) db.exec(step);
    db.exec(`PRAGMA user_version = ${target}`);
    db.exec("COMMIT");
  } catch (error) {
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

/** 0: nothing is in it yet. */
export function versionOf(db: DatabaseSync): number {
  return Number(db.prepare("PRAGMA user_version").get()?.user_version ?? 0);
}

/** @throws MonitauriError "unsupported". */
export function checkVersion(found: number): void {
  if (found <= SCHEMA_VERSION) return;
  throw new MonitauriError(
    "unsupported",
    `Cannot open the history: a newer Monitauri made it (version ${found}, this one knows ${SCHEMA_VERSION}). ` +
      "Nothing was changed. Install that Monitauri again, or choose another folder with --data",
  );
}
