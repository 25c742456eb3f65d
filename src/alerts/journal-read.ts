/** Reads the journal of alerts, in pieces: whatever its size, rules are read. */

import { closeSync, constants, fstatSync, openSync, readSync, renameSync } from "node:fs";
import { crc32 } from "node:zlib";

export const HEADER = "monitauri alerts 1\n";
/** A record that is longer was not written by us. */
const MAX_RECORD_BYTES = 256_000_000;
/** Keys and texts together, ten times what the bounds of all that is kept here allow. What is beyond is left out when the
 * file is read, where it is expendable: an older version had no bounds for that. */
const MAX_LENGTH = 200_000_000;
const READ_BYTES = 1024 * 1024;
const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK } = constants;

export interface LoadOptions {
  readonly path: string;
  /** Told once of what had to be set aside. */
  readonly warn: (message: string) => void;
  /** Beginnings of the keys that are left out where there is too much; all others are read. */
  readonly expendable?: readonly string[];
  readonly maxLength?: number;
}

export interface Loaded {
  readonly cells: Map<string, string>;
  /** Up to the last whole record; 0: a new file is to be made. */
  readonly wholeBytes: number;
}

/** A file that cannot be used is kept beside, with ".broken" at its end; what could be read of it is used. */
export function load(options: LoadOptions): Loaded {
  const { path, warn } = options;
  const read = createReader(options);
  let wholeBytes = 0;
  let isCut = false;
  try {
    // Not through a link or a pipe that somebody put there.
    const file = openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK);
    try {
      if (!fstatSync(file).isFile()) throw new Error("it is no file");
      for (const { bytes, isWhole } of linesOf(file)) {
        isCut = !isWhole;
        if (isCut) break;
        read.line(bytes.toString("utf8"));
        wholeBytes += bytes.length + 1;
      }
      read.end(wholeBytes);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code !== "ENOENT") setAside(path, message, warn);
    return { cells: read.cells, wholeBytes: 0 };
  }
  // The last one, cut off while it was written: nobody was told that it is kept.
  if (isCut) warn(`${path} ended in half a record, as after a power failure; it is left out`);
  return { cells: read.cells, wholeBytes };
}

/** Lines without their ends; the last may have none. @throws Error where one is too long. */
function* linesOf(file: number): Generator<{ bytes: Buffer; isWhole: boolean }> {
  let begun: Buffer[] = [];
  let length = 0;
  for (;;) {
    const piece = Buffer.allocUnsafe(READ_BYTES);
    const read = readSync(file, piece, 0, READ_BYTES, null);
    if (read === 0) break;
    let from = 0;
    for (;;) {
      const end = piece.subarray(0, read).indexOf(10, from);
      if (end < 0) break;
      yield { bytes: Buffer.concat([...begun, piece.subarray(from, end)]), isWhole: true };
      begun = [];
      length = 0;
      from = end + 1;
    }
    begun.push(piece.subarray(from, read));
    length += read - from;
    if (length > MAX_RECORD_BYTES)
      throw new Error(`a record has more than ${MAX_RECORD_BYTES} bytes`);
  }
  if (length > 0) yield { bytes: Buffer.concat(begun), isWhole: false };
}

interface Reader {
  readonly cells: Map<string, string>;
  /** @throws Error that says why the file cannot be used any further. */
  line(text: string): void;
  end(wholeBytes: number): void;
}

function createReader({ expendable = [], maxLength = MAX_LENGTH }: LoadOptions): Reader {
  const cells = new Map<string, string>();
  let lines = 0;
  let length = 0;
  let leftOut = 0;

  function set(key: string, value: unknown): void {
    length -= lengthOf(key);
    cells.delete(key);
    if (value === null) return;
    const text = JSON.stringify(value);
    const isTooMuch = length + key.length + text.length > maxLength;
    if (isTooMuch && expendable.some((beginning) => key.startsWith(beginning))) {
      leftOut += 1;
      return;
    }
    cells.set(key, text);
    length += lengthOf(key);
  }

  function lengthOf(key: string): number {
    const text = cells.get(key);
    return text === undefined ? 0 : key.length + text.length;
  }

  return {
    cells,
    line(text) {
      lines += 1;
      if (lines === 1) {
        if (`${text}\n` !== HEADER) throw new Error("it is no file of alerts");
        return;
      }
      const found = valuesOf(text);
      if (found === undefined) {
        throw new Error(`record ${lines - 1} is damaged; those before it are used`);
      }
      for (const [key, value] of Object.entries(found)) set(key, value);
    },
    end(wholeBytes) {
      if (wholeBytes === 0) throw new Error("it is no file of alerts");
      if (leftOut > 0) throw new Error(`it is too large; ${leftOut} parts are left out`);
    },
  };
}

/** undefined: it is no record. */
function valuesOf(line: string): object | undefined {
  const sum = line.slice(0, 8);
  const text = line.slice(9);
  if (!/^[\da-f]{8}$/.test(sum) || line[8] !== " " || !text.startsWith("{")) return undefined;
  if (crc32(text) !== Number.parseInt(sum, 16)) return undefined;
  try {
    return JSON.parse(text) as object;
  } catch {
    return undefined;
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
