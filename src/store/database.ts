/** Opens the file of the history: for the one who writes it, and for those who only read it. */

import { closeSync, existsSync, openSync, statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { MonitauriError } from "../model/error.ts";
import { checkVersion, migrate, SCHEMA_VERSION, versionOf } from "./migrate.ts";
import { setAside } from "./set-aside.ts";
import { troubleOf } from "./sqlite-error.ts";

/** A commit that makes the log this long copies it into the database; then it begins anew. */
export const CHECKPOINT_PAGES = 1_000;
/** What the log is cut to after it was longer, because somebody read meanwhile. */
export const WAL_LIMIT_BYTES = 16 * 2 ** 20;
const CACHE_KIB = 8_192;
/** Somebody else has locked the database, which only a foreign tool does: the writer must not wait, its ticks can. */
const WRITER_TIMEOUT_MS = 250;
const READER_TIMEOUT_MS = 2_000;
/** Larger databases are not read through after a crash: it would take many seconds. */
const CHECK_LIMIT_BYTES = 128 * 2 ** 20;

export interface Opened {
  readonly db: DatabaseSync;
  /** What was set aside. */
  readonly warnings: readonly string[];
}

/**
 * The database, made where there is none and brought to this version. A damaged one is set aside: one that SQLite calls
 * so now, or has called so before (`damage`).
 * @throws MonitauriError "unsupported" for one of a newer version, "forbidden" or "failed" where the folder takes none.
 */
export function openForWriting(path: string, atMs: number, damage?: unknown): Opened {
  try {
    if (damage !== undefined) return openAnew(path, atMs, damage);
    return { db: open(path), warnings: [] };
  } catch (error) {
    if (damage !== undefined || troubleOf(error) !== "corrupt") throw cannotOpen(path, error);
    return openForWriting(path, atMs, error);
  }
}

function openAnew(path: string, atMs: number, damage: unknown): Opened {
  // Nothing is left of it where it was set aside before and the new one could not be made.
  const kept = sizeOf(path) > 0 ? setAside(path, atMs) : undefined;
  if (kept === undefined) return { db: open(path), warnings: [] };
  const warning =
    `The history was damaged (${messageOf(damage)}). It was set aside as ${kept} and a new one was begun; ` +
    "nothing was deleted";
  try {
    return { db: open(path), warnings: [warning] };
  } catch (error) {
    const { code, message } = cannotOpen(path, error);
    throw new MonitauriError(code, `${warning}. But: ${message}`, { cause: error });
  }
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** @throws MonitauriError "not-found", "unsupported", "forbidden" or "failed". */
export function openForReading(path: string): DatabaseSync {
  if (!existsSync(path)) {
    throw new MonitauriError("not-found", `Cannot read ${path}: there is no history yet`);
  }
  let db: DatabaseSync | undefined;
  try {
    db = new DatabaseSync(path, { readOnly: true, timeout: READER_TIMEOUT_MS });
    const version = versionOf(db);
    checkVersion(version);
    if (version < SCHEMA_VERSION) {
      throw new MonitauriError(
        "unsupported",
        `Cannot read ${path}: an older Monitauri made it. Start this one once, it brings it up to date`,
      );
    }
    return db;
  } catch (error) {
    db?.close();
    throw cannotOpen(path, error);
  }
}

function open(path: string): DatabaseSync {
  // SQLite would make it readable for everybody; its other files take over the mode of this one.
  closeSync(openSync(path, "a", 0o600));
  const db = new DatabaseSync(path, { timeout: WRITER_TIMEOUT_MS });
  try {
    const version = versionOf(db);
    checkVersion(version);
    // Only possible before the first table.
    if (version === 0) db.exec("PRAGMA auto_vacuum = INCREMENTAL");
    db.exec(`
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA wal_autocheckpoint = ${CHECKPOINT_PAGES};
      PRAGMA journal_size_limit = ${WAL_LIMIT_BYTES};
      PRAGMA cache_size = -${CACHE_KIB};
      PRAGMA temp_store = MEMORY;
    `);
    migrate(db);
    checkAfterCrash(db, path);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

// After a clean end nothing can be wrong that was not before.
function checkAfterCrash(db: DatabaseSync, path: string): void {
  const last = db.prepare("SELECT clean FROM session ORDER BY id DESC LIMIT 1").get();
  if (last === undefined || last.clean === 1 || statSync(path).size > CHECK_LIMIT_BYTES) return;
  const found = db.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (found !== "ok") throw new DamageFound(String(found));
}

/** As if SQLite had met the damage itself. */
class DamageFound extends Error {
  readonly errcode = 11;
}

function cannotOpen(path: string, error: unknown): MonitauriError {
  if (error instanceof MonitauriError) return error;
  const code = (error as NodeJS.ErrnoException).code;
  const isForbidden = troubleOf(error) === "forbidden" || code === "EACCES" || code === "EROFS";
  const remedy = isForbidden
    ? "Let this user write to the folder, or choose another with --data"
    : "See that the disk is there and has room, or choose another folder with --data";
  return new MonitauriError(
    isForbidden ? "forbidden" : "failed",
    `Cannot open the history ${path}: ${messageOf(error)}. ${remedy}`,
    { cause: error },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
