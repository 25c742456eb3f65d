/** Replaces a small file whole or not at all. */

import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** The old file or the new one, never half of one, and on the disk when it returns; only this user can read it.
 * @throws what the system says; the old file stays. */
export function replaceFile(path: string, text: string): void {
  const fresh = `${path}.new`;
  try {
    rmSync(fresh, { force: true });
    // "wx" makes it anew, with this mode, and follows no link.
    writeFileSync(fresh, text, { mode: 0o600, flag: "wx", flush: true });
    renameSync(fresh, path);
    syncFolder(dirname(path));
  } catch (error) {
    discard(fresh);
    throw error;
  }
}

/** Half of a file takes room where there is none. */
function discard(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // Why it could not be written is what has to be said.
  }
}

/** Without it the new name may be lost with the power (fsync(2), notes). */
function syncFolder(folder: string): void {
  const descriptor = openSync(folder, "r");
  try {
    fsyncSync(descriptor);
  } catch {
    // Some file systems flush no folders. The new file is in its place already.
  } finally {
    closeSync(descriptor);
  }
}
