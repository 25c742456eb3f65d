/** A small durable map: what alerts must not forget. Keys and JSON texts are in memory; each change is appended to one
 * file and flushed before it counts as kept. A record has a checksum, so that one cut off by a power failure is told from
 * a whole one. */

import { closeSync, constants, fsyncSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { MonitauriError } from "../model/error.ts";
import { HEADER, type LoadOptions, load } from "./journal-read.ts";

/** Rewritten when it is this large and mostly old. */
const COMPACT_BYTES = 1_000_000;
/** Changes that wait while the disk refuses; beyond, the whole file is written anew when it can be. */
const MAX_PENDING_LENGTH = 4_000_000;
/** Of a new file's records. */
const RECORD_LENGTH = 1_000_000;

/** null removes the key. */
export type Changes = ReadonlyMap<string, unknown>;

export interface Journal {
  /** JSON text; undefined: there is none. */
  get(key: string): string | undefined;
  /** Keys with this beginning, and their texts. */
  entries(prefix: string): [key: string, text: string][];
  /** At once in memory; resolves when it is on the disk. @throws MonitauriError "failed" where it cannot be written now;
   * it is then written together with the next change. */
  commit(changes: Changes): Promise<void>;
  /** Why the last writing failed; undefined: it did not. */
  fault(): string | undefined;
  readonly bytes: number;
  /** Writes what waits. */
  close(): Promise<void>;
}

export interface JournalOptions extends LoadOptions {
  readonly maxPendingLength?: number;
}

/** Reads what there is; a file that cannot be used is kept beside, with ".broken" at its end. */
export function openJournal(options: JournalOptions): Journal {
  const { path, maxPendingLength = MAX_PENDING_LENGTH } = options;
  const { cells, wholeBytes } = load(options);
  /** 0: there is no file yet. */
  let goodBytes = wholeBytes;
  let handle: FileHandle | undefined;
  let pending: string[] = [];
  let pendingLength = 0;
  /** All of it is to be written, whatever waits. */
  let mustRewrite = false;
  let writing: Promise<void> | undefined;
  let fault: string | undefined;
  if (wholeBytes === 0 && cells.size > 0) saveRest();

  /** What was read of a file that had to be set aside is there again after the next start too. */
  function saveRest(): void {
    try {
      compactNow();
    } catch (error) {
      mustRewrite = true;
      fault = `Cannot write ${path}: ${(error as Error).message}`;
    }
  }

  function bound(): void {
    if (pendingLength <= maxPendingLength) return;
    // The map has it all.
    pending = [];
    pendingLength = 0;
    mustRewrite = true;
  }

  /** The old file or the new one, never half of one. */
  function compactNow(): void {
    const fresh = `${path}.new`;
    rmSync(fresh, { force: true });
    const file = openSync(fresh, "wx", 0o600);
    let bytes = 0;
    try {
      for (const text of textsOf(cells)) bytes += writeAll(file, Buffer.from(text));
      fsyncSync(file);
    } catch (error) {
      // Half of one takes room where there is none.
      rmSync(fresh, { force: true });
      throw error;
    } finally {
      closeSync(file);
    }
    renameSync(fresh, path);
    flushFolder(path);
    goodBytes = bytes;
    mustRewrite = false;
    fault = undefined;
  }

  async function writePending(): Promise<void> {
    const lines = pending;
    const linesLength = pendingLength;
    pending = [];
    pendingLength = 0;
    const bytes = Buffer.from(lines.map((line) => record([line])).join(""));
    try {
      // All of it, as the map is already what it will be.
      if (goodBytes === 0 || mustRewrite) return await compactLater();
      handle ??= await open(path, O_RDWR | O_NOFOLLOW | O_NONBLOCK);
      // Somebody removed, replaced or cut it: what was told to be kept is written again.
      const found = await handle.stat();
      const isOurs = found.isFile() && found.nlink > 0 && found.size >= goodBytes;
      if (!isOurs) return await compactLater();
      // At a place of its own: what a failed attempt left behind is written over.
      await handle.truncate(goodBytes);
      let at = 0;
      while (at < bytes.length) {
        at += (await handle.write(bytes, at, bytes.length - at, goodBytes + at)).bytesWritten;
      }
      await handle.datasync();
      goodBytes += bytes.length;
      fault = undefined;
    } catch (cause) {
      pending = [...lines, ...pending];
      pendingLength += linesLength;
      bound();
      if (GONE.has((cause as NodeJS.ErrnoException).code)) goodBytes = 0;
      fault = `Cannot write ${path}: ${(cause as Error).message}`;
      throw new MonitauriError("failed", `${fault}. Make room or correct what it says`, { cause });
    }
    // What is written is safe: where there is no room for a new file, it is tried again after the next change.
    if (goodBytes > COMPACT_BYTES && goodBytes > 4 * liveBytes()) {
      await compactLater().catch(() => {});
    }
  }

  async function compactLater(): Promise<void> {
    await handle?.close();
    handle = undefined;
    compactNow();
    // What waits is in the new file too, as it is in the map; written again it does no harm.
  }

  function liveBytes(): number {
    let sum = 0;
    for (const [key, value] of cells) sum += key.length + value.length + 4;
    return sum;
  }

  async function drain(): Promise<void> {
    while (pending.length > 0 || mustRewrite) await writePending();
  }

  /** What is said while a write is under way goes into the next one, all together. */
  function flushed(): Promise<void> {
    const after = (writing ?? Promise.resolve()).catch(() => {}).then(drain);
    writing = after;
    return after;
  }

  return {
    get: (key) => cells.get(key),
    entries: (prefix) => [...cells].filter(([key]) => key.startsWith(prefix)),
    commit(changes) {
      const parts: string[] = [];
      for (const [key, value] of changes) {
        const text = value === null || value === undefined ? undefined : JSON.stringify(value);
        if (text === undefined) cells.delete(key);
        else cells.set(key, text);
        parts.push(`${JSON.stringify(key)}:${text ?? "null"}`);
      }
      if (parts.length > 0) {
        const line = parts.join();
        pending.push(line);
        pendingLength += line.length;
        bound();
      }
      return flushed();
    },
    fault: () => fault,
    get bytes() {
      return goodBytes;
    },
    async close() {
      await flushed().catch(() => {});
      await handle?.close();
      handle = undefined;
    },
  };
}

function record(parts: readonly string[]): string {
  const text = `{${parts.join()}}`;
  return `${crc32(text).toString(16).padStart(8, "0")} ${text}\n`;
}

/** A file of that name is there no more, or something else in its place. */
const GONE: ReadonlySet<string | undefined> = new Set(["ENOENT", "ELOOP", "ENXIO", "EISDIR"]);
const { O_RDWR, O_NOFOLLOW, O_NONBLOCK } = constants;

/** A new file, in pieces. */
function* textsOf(cells: ReadonlyMap<string, string>): Generator<string> {
  yield HEADER;
  let parts: string[] = [];
  let length = 0;
  for (const [key, value] of cells) {
    const part = `${JSON.stringify(key)}:${value}`;
    parts.push(part);
    length += part.length;
    if (length < RECORD_LENGTH) continue;
    yield record(parts);
    parts = [];
    length = 0;
  }
  yield record(parts);
}

function writeAll(file: number, bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length) at += writeSync(file, bytes, at);
  return bytes.length;
}

/** So that the new name is on the disk too. */
function flushFolder(path: string): void {
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } catch {
    // Some file systems flush no folders.
  } finally {
    closeSync(folder);
  }
}
