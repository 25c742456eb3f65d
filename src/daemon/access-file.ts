/** Keeps who may ask over TCP across restarts: hashes only, in a file that is the daemon's alone. */

import { readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { z } from "zod";
import type { SavedAccess } from "../api/access.ts";
import type { Log } from "./log.ts";

const VERSION = 1;

const secret = {
  hash: z.string().regex(/^[\da-f]{64}$/),
  createdAtMs: z.number(),
  lastUsedAtMs: z.number().nullable(),
};
const fileSchema = z.object({
  version: z.literal(VERSION),
  sessions: z.array(z.object(secret)).max(10_000),
  tokens: z.array(z.object({ ...secret, name: z.string() })).max(10_000),
  /** Where the pages of the sessions came from. */
  port: z.number().int().optional(),
});

const NOBODY: SavedAccess = { sessions: [], tokens: [] };

/** With the port at which the sessions were. */
export interface KeptAccess extends SavedAccess {
  readonly port?: number | undefined;
}

/** Nobody where there is no file. One that cannot be used is set aside: then everybody signs in again. */
export function readAccess(path: string, log: Pick<Log, "warn">): KeptAccess {
  try {
    return fileSchema.parse(JSON.parse(readFileSync(path, "utf8")));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return NOBODY;
    const aside = `${path}.broken`;
    log.warn(
      `Cannot use ${path}: ${firstLine(error)}. Pages have to sign in again (monitauri open)`,
    );
    try {
      renameSync(path, aside);
    } catch {
      // It stays; the next save replaces it.
    }
    return NOBODY;
  }
}

/** The old file or the new one, never half of one. A failure is only logged: whoever is signed in stays so until the
 * daemon ends. */
export function saveAccess(path: string, access: KeptAccess, log: Pick<Log, "warnOnce">): void {
  const fresh = `${path}.new`;
  try {
    rmSync(fresh, { force: true });
    // "wx" makes it anew, with this mode, and follows no link.
    writeFileSync(fresh, `${JSON.stringify({ version: VERSION, ...access })}\n`, {
      mode: 0o600,
      flag: "wx",
      flush: true,
    });
    renameSync(fresh, path);
  } catch (error) {
    log.warnOnce(
      "access",
      `Cannot save ${path}: ${firstLine(error)}. Pages sign in again after a restart`,
    );
  }
}

function firstLine(error: unknown): string {
  if (error instanceof z.ZodError) return "it is not as it was written";
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
