/** A file of records that survives the end of the process at any instant: what flushed() has promised is read again. */

import { constants } from "node:fs";
import { type FileHandle, open, readFile, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { crc32 } from "node:zlib";
import { MonitauriError } from "../../model/error.ts";

/** A file of at least this size is written anew when only a quarter of it still matters. */
const SMALLEST_REWRITE_BYTES = 256 * 1024;
const REWRITE_FACTOR = 4;
/** More than the queue can hold by its own limits; a longer file is not ours. */
const MAX_FILE_BYTES = 256 * 1024 * 1024;

export interface Journal {
  /** What the file held, in order. */
  readonly records: readonly unknown[];
  /** Lines that were no records: the one that a killed process did not finish, or damage. */
  readonly brokenLines: number;
  /** Takes a record; it is on the disk when a flushed() that was called afterwards resolves. */
  append(record: unknown): void;
  /** @throws MonitauriError "failed" where the disk refuses; what was not written is tried again with the next. */
  flushed(): Promise<void>;
  /** Why the last writing failed; undefined: it did not. */
  fault(): string | undefined;
  bytes(): number;
  close(): Promise<void>;
}

export interface JournalOptions {
  /** Everything that has been appended so far as few records: what a rewritten file holds. */
  readonly snapshot: () => readonly unknown[];
  readonly smallestRewriteBytes?: number;
}

/** The file is there and cannot be read. */
export class UnreadableQueue extends MonitauriError {
  /** The file may be well all the same. */
  readonly isPassing: boolean;

  constructor(path: string, cause: unknown) {
    const state = cause instanceof Error ? cause.message : String(cause);
    super(
      "failed",
      `Cannot read the queue of alerts ${path}: ${state}. Move it away, then start again`,
      { cause },
    );
    this.isPassing = PASSING.has((cause as NodeJS.ErrnoException).code);
  }
}

const PASSING: ReadonlySet<string | undefined> = new Set(["EMFILE", "ENFILE", "ENOMEM", "EIO"]);

/**
 * One writer at a time, which the lock of the data folder sees to. Whoever appends many records at once waits for one
 * write and one fdatasync together.
 * @throws MonitauriError "failed" where the file cannot be read or made.
 */
export async function openJournal(path: string, options: JournalOptions): Promise<Journal> {
  const { records, brokenLines, bytes } = await readJournal(path);
  let handle: FileHandle | undefined;
  let size = bytes;
  // Appending behind a line that was cut would spoil the next record too: such a file is written anew first.
  let mustRewrite = brokenLines > 0 || bytes === 0;
  let keptBytes = bytes;
  let waiting: string[] = [];
  let waiters: PromiseWithResolvers<void>[] = [];
  let writing: Promise<void> | undefined;
  let fault: string | undefined;

  async function writeAll(): Promise<void> {
    while (waiters.length > 0) {
      const served = waiters;
      waiters = [];
      try {
        await (mustRewrite || isDue() ? rewrite() : appendWaiting());
        fault = undefined;
        for (const { resolve } of served) resolve();
      } catch (error) {
        // Half a line may be in the file. The records are in the snapshot too, so nothing has to be kept here.
        mustRewrite = true;
        fault = error instanceof Error ? error.message : String(error);
        const failure = new MonitauriError("failed", `Cannot write ${path}: ${fault}`);
        for (const { reject } of served) reject(failure);
      }
    }
    writing = undefined;
  }

  function isDue(): boolean {
    const smallest = options.smallestRewriteBytes ?? SMALLEST_REWRITE_BYTES;
    return size > Math.max(smallest, REWRITE_FACTOR * keptBytes);
  }

  async function appendWaiting(): Promise<void> {
    const text = waiting.join("");
    waiting = [];
    if (text === "") return;
    handle ??= await openForAppending(path);
    // Somebody removed the file: what is appended to it would be gone with us. Or put a pipe there.
    const found = await handle.stat();
    if (found.nlink === 0 || !found.isFile()) return rewrite();
    await handle.appendFile(text);
    await handle.datasync();
    size += Buffer.byteLength(text);
  }

  async function rewrite(): Promise<void> {
    const fresh = `${path}.new`;
    // Both at the same moment: the snapshot holds what waits.
    const text = options.snapshot().map(lineOf).join("");
    waiting = [];
    await rm(fresh, { force: true });
    const file = await open(fresh, "wx", 0o600);
    try {
      await file.appendFile(text);
      await file.datasync();
    } catch (error) {
      // Half of one takes room where there is none.
      await rm(fresh, { force: true });
      throw error;
    } finally {
      await file.close();
    }
    await rename(fresh, path);
    await syncFolder(dirname(path));
    await handle?.close();
    handle = undefined;
    size = Buffer.byteLength(text);
    keptBytes = size;
    mustRewrite = false;
  }

  return {
    records,
    brokenLines,
    append(record) {
      waiting.push(lineOf(record));
    },
    flushed() {
      const waiter = Promise.withResolvers<void>();
      waiters.push(waiter);
      // Whatever else is appended in this turn of the event loop goes along.
      writing ??= Promise.resolve().then(writeAll);
      return waiter.promise;
    },
    fault: () => fault,
    bytes: () => size,
    async close() {
      await writing;
      await handle?.close();
      handle = undefined;
    },
  };
}

/** A checksum and the record: a line that was cut anywhere is recognised. */
function lineOf(record: unknown): string {
  const text = JSON.stringify(record);
  return `${checksum(text)} ${text}\n`;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}

async function readJournal(
  path: string,
): Promise<Pick<Journal, "records" | "brokenLines"> & { bytes: number }> {
  let text: string;
  try {
    // Not through a link or a pipe that somebody put there.
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const found = await file.stat();
      if (!found.isFile()) throw new Error("it is no file");
      if (found.size > MAX_FILE_BYTES) throw new Error(`it has more than ${MAX_FILE_BYTES} bytes`);
      text = await readFile(file, "utf8");
    } finally {
      await file.close();
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") {
      return { records: [], brokenLines: 0, bytes: 0 };
    }
    throw new UnreadableQueue(path, cause);
  }
  const lines = text.split("\n");
  const rest = lines.pop() ?? "";
  const read = lines.map(recordOf);
  const records = read.filter((record) => record !== undefined);
  const brokenLines = read.length - records.length + (rest === "" ? 0 : 1);
  return { records, brokenLines, bytes: Buffer.byteLength(text) };
}

function recordOf(line: string): unknown {
  const text = line.slice(9);
  if (line[8] !== " " || checksum(text) !== line.slice(0, 8)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function openForAppending(path: string): Promise<FileHandle> {
  const { O_WRONLY, O_APPEND, O_NOFOLLOW, O_NONBLOCK } = constants;
  return open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK);
}

// A new name is only safe when its folder is (fsync(2)).
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
