/** Looks which file each program is: when it is active again after a while, one at a time, and never waited for. A file
 * system that hangs holds up nothing but this. */

import { stat } from "node:fs/promises";
import type { ExecutableFact } from "../alerts/facts.ts";

/** A program that was active within this time is not looked at again before AGAIN_MS. */
const IDLE_MS = 60_000;
const AGAIN_MS = 600_000;
/** Programs that wait to be looked at; more come when they are active again. */
const MAX_WAITING = 500;
/** Programs of which is remembered when; beyond that all are looked at again. */
const MAX_REMEMBERED = 10_000;

export interface Executables {
  /** Keys of the programs that are active now. */
  see(keys: Iterable<string>, atMs: number): void;
  /** What was found since the last call. */
  take(): readonly ExecutableFact[];
}

interface Seen {
  activeAtMs: number;
  lookedAtMs: number;
}

export function createExecutables(look = stat): Executables {
  const seen = new Map<string, Seen>();
  const waiting = new Set<string>();
  let found: ExecutableFact[] = [];
  let isLooking = false;

  async function lookAtAll(): Promise<void> {
    isLooking = true;
    for (const key of waiting) {
      waiting.delete(key);
      const path = pathOf(key);
      if (path === undefined) continue;
      try {
        const { dev, ino, size, mtimeMs, isFile } = await look(path).then((is) => {
          return { ...is, isFile: is.isFile() };
        });
        if (!isFile) continue;
        const changedAtMs = Math.round(mtimeMs);
        const identity = `${dev}:${ino}:${size}:${changedAtMs}`;
        found.push({ key, path, identity, sizeBytes: size, changedAtMs });
      } catch {
        // It was removed, or is in a container: then nothing can be said of it.
      }
    }
    isLooking = false;
  }

  return {
    see(keys, atMs) {
      if (seen.size > MAX_REMEMBERED) seen.clear();
      for (const key of keys) {
        const before = seen.get(key);
        const isDue =
          before === undefined ||
          Math.abs(atMs - before.lookedAtMs) > AGAIN_MS ||
          Math.abs(atMs - before.activeAtMs) > IDLE_MS;
        if (before === undefined) seen.set(key, { activeAtMs: atMs, lookedAtMs: atMs });
        else {
          before.activeAtMs = atMs;
          if (isDue) before.lookedAtMs = atMs;
        }
        if (isDue && waiting.size < MAX_WAITING) waiting.add(key);
      }
      if (waiting.size > 0 && !isLooking) void lookAtAll();
    },
    take() {
      const taken = found;
      found = [];
      return taken;
    },
  };
}

/** Of a program on this machine's own file system. */
function pathOf(key: string): string | undefined {
  return /^(?:path|script):(\/[^#\0]*)/.exec(key)?.[1];
}
