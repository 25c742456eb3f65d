/** Puts a damaged history out of the way, with a dated name, and deletes nothing. */

import { existsSync, renameSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { MonitauriError } from "../model/error.ts";

/** With that many on one day the disk itself must be wrong, and more copies would only fill it. */
const MOST_A_DAY = 10;

/**
 * Renames "history.db" to "history-damaged-2026-11-08.db", with its log, which a tool that repairs it needs.
 * @returns the new path. @throws MonitauriError "failed" where there are MOST_A_DAY already.
 */
export function setAside(path: string, atMs: number): string {
  const date = new Date(atMs).toISOString().slice(0, 10);
  const ending = extname(path);
  const stem = join(dirname(path), `${basename(path, ending)}-damaged-${date}`);
  for (let n = 1; n <= MOST_A_DAY; n += 1) {
    const name = n === 1 ? `${stem}${ending}` : `${stem}-${n}${ending}`;
    if (existsSync(name)) continue;
    renameSync(path, name);
    for (const other of ["-wal", "-shm"]) {
      if (existsSync(path + other)) renameSync(path + other, name + other);
    }
    return name;
  }
  throw new MonitauriError(
    "failed",
    `Cannot open the history ${path}: it is damaged, like ${MOST_A_DAY} others today. Check the disk`,
  );
}
