/** What an error of SQLite means for the history. */

/** Primary result codes, https://www.sqlite.org/rescode.html; extended ones have them in their lowest byte. */
const PERM = 3;
const BUSY = 5;
const LOCKED = 6;
const NOMEM = 7;
const READONLY = 8;
const IOERR = 10;
const CORRUPT = 11;
const FULL = 13;
const CANTOPEN = 14;
const NOTADB = 26;

/** corrupt: the file's content is wrong. disk: it may work again later. fault: our own mistake. */
export type SqliteTrouble = "corrupt" | "forbidden" | "disk" | "fault";

const DISK = [BUSY, LOCKED, NOMEM, IOERR, FULL, CANTOPEN];

export function troubleOf(error: unknown): SqliteTrouble {
  const code = primaryCode(error);
  if (code === CORRUPT || code === NOTADB) return "corrupt";
  if (code === PERM || code === READONLY) return "forbidden";
  return code !== undefined && DISK.includes(code) ? "disk" : "fault";
}

export function isFull(error: unknown): boolean {
  return primaryCode(error) === FULL;
}

function primaryCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error)) return undefined;
  return typeof error.errcode === "number" ? error.errcode & 0xff : undefined;
}
