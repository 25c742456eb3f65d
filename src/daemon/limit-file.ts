/** Keeps rules and quotas across restarts, in a file that is the daemon's alone. */

import { readFileSync, renameSync, statSync } from "node:fs";
import { z } from "zod";
import { MonitauriError } from "../model/error.ts";
import { type LimitRule, MAX_LIMITS } from "../model/limit.ts";
import { limitRuleSchema } from "../model/limit-schema.ts";
import { MAX_QUOTAS, type Quota } from "../model/quota.ts";
import { quotaSchema } from "../model/quota-check.ts";
import { replaceFile } from "./replace-file.ts";

const VERSION = 1;
/** A full book takes less than half of it; a larger file is none of ours. */
const MAX_FILE_BYTES = 4_000_000;

/** A change that nobody has confirmed yet. */
export interface PendingChange {
  readonly id: string;
  /** What it was before; null: it is new. */
  readonly before: LimitRule | null;
  readonly undoAtMs: number;
}

/** What outlives the daemon. */
export interface SavedLimits {
  readonly rules: readonly LimitRule[];
  readonly quotas: readonly Quota[];
  readonly pending: readonly PendingChange[];
  /** Numbers of the last ids, which are never given again. */
  readonly lastRule: number;
  readonly lastQuota: number;
  /** Last step of each quota that was told of, and in which period. */
  readonly told: Readonly<Record<string, ToldStep>>;
}

export interface ToldStep {
  readonly periodFromMs: number;
  readonly step: number;
}

export const NO_LIMITS: SavedLimits = {
  rules: [],
  quotas: [],
  pending: [],
  lastRule: 0,
  lastQuota: 0,
  told: {},
};

const number = z.int().min(0);
const fileSchema = z.object({
  version: z.literal(VERSION),
  rules: z.array(limitRuleSchema).max(MAX_LIMITS),
  quotas: z.array(quotaSchema).max(MAX_QUOTAS),
  pending: z
    .array(z.object({ id: z.string(), before: limitRuleSchema.nullable(), undoAtMs: z.number() }))
    .max(MAX_LIMITS),
  lastRule: number,
  lastQuota: number,
  told: z.record(z.string(), z.object({ periodFromMs: z.number(), step: z.int() })),
});

export interface ReadLimits {
  readonly saved: SavedLimits;
  /** What is wrong with the file; undefined: nothing. */
  readonly warning: string | undefined;
}

/** Nothing where there is no file. One that cannot be used is set aside, and the warning says so. */
export function readLimits(path: string): ReadLimits {
  try {
    if (statSync(path).size > MAX_FILE_BYTES) throw new Error("it is too large to be a rule book");
    const { version, ...saved } = fileSchema.parse(JSON.parse(readFileSync(path, "utf8")));
    return { saved, warning: undefined };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") {
      return { saved: NO_LIMITS, warning: undefined };
    }
    return { saved: NO_LIMITS, warning: setAside(path, firstLine(error)) };
  }
}

/** The old file or the new one, never half of one, and on the disk when it returns.
 * @throws MonitauriError "failed"; the old file stays. */
export function saveLimits(path: string, saved: SavedLimits): void {
  try {
    replaceFile(path, `${JSON.stringify({ version: VERSION, ...saved })}\n`);
  } catch (cause) {
    throw new MonitauriError(
      "failed",
      `Cannot keep the limits: ${path}: ${firstLine(cause)}. Nothing was changed; make room or repair it, and try again`,
      { cause },
    );
  }
}

function setAside(path: string, reason: string): string {
  const aside = `${path}.broken`;
  try {
    renameSync(path, aside);
    return `The limits could not be read (${reason}). They were set aside as ${aside}, and no rule holds`;
  } catch {
    return `The limits in ${path} could not be read (${reason}), and no rule holds. The next change replaces them`;
  }
}

function firstLine(error: unknown): string {
  if (error instanceof z.ZodError) return "it is not as it was written";
  return (error instanceof Error ? error.message : String(error)).split("\n")[0] ?? "";
}
