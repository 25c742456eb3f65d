/** A small durable map: what alerts must not forget. Keys and JSON texts are in memory; each change is appended to one
 * file and flushed before it counts as kept. A record has a checksum, so that one cut off by a power failure is told from
 * a whole one. */

import {
  closeSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { MonitauriError } from "../model/error.ts";

const HEADER = "monitauri alerts 1\n";
/** Rewritten when it is this large and mostly old. */
const COMPACT_BYTES = 1_000_000;
/** A file that is larger was not written by us. */
const MAX_FILE_LENGTH = 256_000_000;

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

export interface JournalOptions {
  readonly path: string;
  /** Told once of what had to be set aside. */
  readonly warn: (message: string) => void;
}

/** Reads what there is; a file that cannot be used is kept beside, with ".broken" at its end. */
export function openJournal({ path, warn }: JournalOptions): Journal {
  const { cells, wholeBytes } = load(path, warn);
  /** 0: there is no file yet. */
  let goodBytes = wholeBytes;
  let handle: FileHandle | undefined;
  let pending: string[] = [];
  let writing: Promise<void> | undefined;
  let fault: string | undefined;

  /** The old file or the new one, never half of one. */
  function compactNow(): void {
    const fresh = `${path}.new`;
    rmSync(fresh, { force: true });
    const text =
      HEADER + record([...cells].map(([key, value]) => `${JSON.stringify(key)}:${value}`));
    const file = openSync(fresh, "wx", 0o600);
    try {
      writeAll(file, Buffer.from(text));
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(fresh, path);
    flushFolder(path);
    goodBytes = Buffer.byteLength(text);
    fault = undefined;
  }

  async function writePending(): Promise<void> {
    const lines = pending;
    pending = [];
    const bytes = Buffer.from(lines.map((line) => record([line])).join(""));
    try {
      // All of it, as the map is already what it will be.
      if (goodBytes === 0) return compactNow();
      handle ??= await open(path, "r+");
      // Somebody removed or cut it: what was told to be kept is written again.
      const { size, nlink } = await handle.stat();
      if (nlink === 0 || size < goodBytes) return await compactLater();
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
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") goodBytes = 0;
      fault = `Cannot write ${path}: ${(cause as Error).message}`;
      throw new MonitauriError("failed", `${fault}. Make room or correct what it says`, { cause });
    }
    if (goodBytes > COMPACT_BYTES && goodBytes > 4 * liveBytes()) await compactLater();
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
    while (pending.length > 0) await writePending();
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
      if (parts.length > 0) pending.push(parts.join());
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

interface Loaded {
  readonly cells: Map<string, string>;
  /** Up to the last whole record; 0: a new file is to be made. */
  readonly wholeBytes: number;
}

function load(path: string, warn: (message: string) => void): Loaded {
  const cells = new Map<string, string>();
  const anew = { cells, wholeBytes: 0 };
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") setAside(path, message, warn);
    return anew;
  }
  if (!text.startsWith(HEADER) || text.length > MAX_FILE_LENGTH) {
    setAside(path, "it is no file of alerts", warn);
    return anew;
  }
  const lines = text.slice(HEADER.length).split("\n");
  const end = lines.pop() ?? "";
  for (const [at, line] of lines.entries()) {
    if (apply(cells, line)) continue;
    setAside(
      path,
      `record ${at + 1} of ${lines.length} is damaged; those before it are used`,
      warn,
    );
    return anew;
  }
  // The last one, cut off while it was written: nobody was told that it is kept.
  if (end !== "") warn(`${path} ended in half a record, as after a power failure; it is left out`);
  return { cells, wholeBytes: Buffer.byteLength(text) - Buffer.byteLength(end) };
}

function apply(cells: Map<string, string>, line: string): boolean {
  const [, sum = "", text = ""] = /^([\da-f]{8}) (\{.*\})$/s.exec(line) ?? [];
  if (sum === "" || crc32(text) !== Number.parseInt(sum, 16)) return false;
  try {
    for (const [key, value] of Object.entries(JSON.parse(text) as object)) {
      if (value === null) cells.delete(key);
      else cells.set(key, JSON.stringify(value));
    }
    return true;
  } catch {
    return false;
  }
}

/** Alerts go on with what could be read. */
function setAside(path: string, why: string, warn: (message: string) => void): void {
  const aside = `${path}.broken`;
  try {
    renameSync(path, aside);
    warn(`Cannot use all of ${path}: ${why}. It is kept as ${aside}`);
  } catch {
    warn(`Cannot use ${path}: ${why}. The next change replaces it`);
  }
}

function writeAll(file: number, bytes: Buffer): void {
  let at = 0;
  while (at < bytes.length) at += writeSync(file, bytes, at);
  ftruncateSync(file, bytes.length);
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
