/** Keeps who may ask over TCP across restarts: hashes only, in a file that is the daemon's alone. */

import { readFileSync, renameSync } from "node:fs";
import { z } from "zod";
import type { SavedAccess } from "../api/access.ts";
import { MonitauriError } from "../model/error.ts";
import type { Log } from "./log.ts";
import { replaceFile } from "./replace-file.ts";

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

/** A failure is only logged: whoever is signed in stays so until the daemon ends. */
export function noteAccess(path: string, access: KeptAccess, log: Pick<Log, "warnOnce">): void {
  try {
    saveAccess(path, access);
  } catch (error) {
    log.warnOnce("access", `${firstLine(error)}. Pages sign in again after a restart`);
  }
}

/** The old file or the new one, never half of one. @throws MonitauriError "failed"; the old file stays. */
export function saveAccess(path: string, access: KeptAccess): void {
  try {
    replaceFile(path, `${JSON.stringify({ version: VERSION, ...access })}\n`);
  } catch (cause) {
    throw new MonitauriError("failed", `Cannot save ${path}: ${firstLine(cause)}`, { cause });
  }
}

function firstLine(error: unknown): string {
  if (error instanceof z.ZodError) return "it is not as it was written";
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
