/** What this program is about to change on the machine, written before it does, so that whoever comes after a crash can
 * undo it. */

import {
  closeSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { MonitauriError } from "../model/error.ts";

/** After a restart of the machine nothing of it is there. */
const BOOT_ID = "/proc/sys/kernel/random/boot_id";

/** What may be on the machine. */
export interface JournalEntry {
  /** Interfaces whose clsact is ours; others' stay. */
  readonly clsact: readonly ClsactOwned[];
}

export interface ClsactOwned {
  readonly name: string;
  readonly ifindex: number;
}

export interface Journal {
  /** undefined: nothing was left. A file that cannot be read counts as one that says nothing. */
  read(): JournalEntry | undefined;
  /** Returns when it is on the disk. @throws MonitauriError "failed"; the old one stays. */
  write(entry: JournalEntry): void;
  remove(): void;
}

export function createJournal(path: string): Journal {
  let last = "";
  return {
    read() {
      try {
        return parse(JSON.parse(readFileSync(path, "utf8")));
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === "ENOENT" ? undefined : { clsact: [] };
      }
    },
    write(entry) {
      const text = `${JSON.stringify({ boot: bootId(), ...entry })}\n`;
      if (text === last) return;
      try {
        replace(path, text);
      } catch (cause) {
        const state = cause instanceof Error ? cause.message : String(cause);
        throw new MonitauriError(
          "failed",
          `Cannot note what the limits change on this machine: ${path}: ${state}. They are as before; make room or repair it, and try again`,
          { cause },
        );
      }
      last = text;
    },
    remove() {
      rmSync(path, { force: true });
      last = "";
    },
  };
}

function replace(path: string, text: string): void {
  const fresh = `${path}.new`;
  rmSync(fresh, { force: true });
  // "wx" makes it anew and follows no link: others may write to a folder that somebody chose.
  const fd = openSync(fresh, "wx", 0o600);
  try {
    writeSync(fd, text);
    fsyncSync(fd);
    renameSync(fresh, path);
  } catch (error) {
    // Half of one takes room where there is none.
    rmSync(fresh, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  syncFolder(dirname(path));
}

function parse(value: unknown): JournalEntry | undefined {
  const { boot, clsact } = value as { boot?: unknown; clsact?: unknown };
  if (boot !== bootId()) return undefined;
  const found = Array.isArray(clsact) ? clsact : [];
  return {
    clsact: found.filter(
      (one): one is ClsactOwned => typeof one?.name === "string" && Number.isInteger(one?.ifindex),
    ),
  };
}

function bootId(): string {
  try {
    return readFileSync(BOOT_ID, "utf8").trim();
  } catch {
    return "";
  }
}

function syncFolder(path: string): void {
  const fd = openSync(path, "r");
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
