/** The history as plain files, one a local day: what `export --level minute` prints, written when a minute is over. It is made
 * from the database: it begins with the day on which it is switched on, after a crash it goes on where the file ends, and
 * nothing is missing. */

import * as fs from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import type { CsvLogSettings } from "../model/history.ts";
import type { Calendar } from "../model/local-days.ts";
import { exportPart } from "./export.ts";
import { localDay } from "./import.ts";
import { secondOf } from "./recorder.ts";

export interface CsvLog {
  /** Writes minutes that are over after a tick that ended then, some at a time. Never throws. */
  follow(db: DatabaseSync, atMs: number): void;
  /** What is wrong now, as a sentence; empty: nothing. */
  fault(): readonly string[];
}

const NAME = /^monitauri-(\d{4}-\d\d-\d\d)\.csv$/;
/** Of an export; one tick writes so many after a long time away. */
const PARTS_A_TICK = 4;
const READ_BYTES = 64 * 1_024;
const LINE_END = "\r\n";
const MINUTE_MS = 60_000;

/** Where a file goes on: its whole minutes end at `bytes`, and `minute` is the first that is not in it. */
interface Place {
  readonly name: string;
  bytes: number;
  minute: number;
  /** Of its day no more is written: what did not fit. */
  full?: string;
}

export function createCsvLog(
  { folder, keepDays, maxBytes }: CsvLogSettings,
  calendar: Calendar,
): CsvLog {
  let place: Place | undefined;
  /** Of the export that is under way in the place's file. */
  let cursor: string | null = null;
  let isBegun = false;
  let fault: string | undefined;

  function begin(until: number): void {
    fs.mkdirSync(folder, { recursive: true, mode: 0o700 });
    const latest = filesIn(folder, calendar(until).date).at(-1);
    place = latest === undefined ? undefined : repair(folder, latest, calendar);
    cursor = null;
    isBegun = true;
  }

  function placeFor(minute: number): Place {
    const name = `monitauri-${calendar(minute).date}.csv`;
    if (place?.name === name) return place;
    place = { name, bytes: sizeOf(join(folder, name)), minute };
    cursor = null;
    removeOld(folder, { keepDays, maxBytes, latest: name });
    return place;
  }

  /** One part more; false: all is written. */
  function step(db: DatabaseSync, until: number): boolean {
    const from = place?.minute ?? calendar(until - 1).midnightMinute;
    if (from >= until) return false;
    const at = placeFor(from);
    const { endMinute } = calendar(from);
    const to = Math.min(until, endMinute);
    const period = { fromMs: from * MINUTE_MS, toMs: to * MINUTE_MS };
    const part = exportPart(db, { ...period, level: "minute", format: "csv" }, cursor);
    const isNew = at.bytes === 0;
    // The title is in the first part of an export; a file has one.
    const text = cursor === null && !isNew ? withoutTitle(part.text) : part.text;
    if (at.bytes + Buffer.byteLength(text) > maxBytes) {
      at.full = `${at.name} has reached maxBytes, ${maxBytes}; no more is written of that day`;
      at.minute = endMinute;
      cursor = null;
      return true;
    }
    at.bytes += write(join(folder, at.name), at.bytes, text);
    cursor = part.next;
    if (cursor === null) at.minute = to;
    return true;
  }

  return {
    follow(db, atMs) {
      // The minute of the tick's second is open.
      const minute = Math.floor(secondOf(atMs) / 60);
      try {
        // A clock that was put back: what is said of days to come is left alone.
        if (place !== undefined && place.minute > calendar(minute).endMinute) isBegun = false;
        if (!isBegun) begin(minute);
        for (let n = 0; n < PARTS_A_TICK && step(db, minute); n += 1);
        fault = undefined;
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        fault = `Cannot write the CSV log in ${folder}: ${reason}. The history itself goes on; the log is continued by itself`;
        // What is written goes on where it was. Where the file is gone: from what is there, as after a crash.
        if (GONE.has((error as NodeJS.ErrnoException).code ?? "")) isBegun = false;
      }
    },
    fault() {
      if (fault !== undefined) return [fault];
      return place?.full === undefined
        ? []
        : [`Cannot write the CSV log in ${folder}: ${place.full}. The history itself goes on`];
    },
  };
}

const GONE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR"]);

/** The oldest first, none of a day after this one: a clock that went wrong has made it, or somebody else. */
function filesIn(folder: string, date: string): string[] {
  return fs
    .readdirSync(folder)
    .filter((name) => (NAME.exec(name)?.[1] ?? "~") <= date)
    .sort();
}

function sizeOf(path: string): number {
  return fs.statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Where the file's last whole minute but one ends: the last, of which lines may be missing, is written again in its place. */
function repair(folder: string, name: string, calendar: Calendar): Place {
  const path = join(folder, name);
  const file = fs.openSync(path, fs.constants.O_RDONLY | fs.constants.O_NOFOLLOW);
  try {
    const { size } = fs.fstatSync(file);
    for (let length = READ_BYTES; ; length *= 4) {
      const from = Math.max(0, size - length);
      const tail = Buffer.alloc(size - from);
      fs.readSync(file, tail, 0, tail.length, from);
      const found = lastMinute(tail.toString("latin1"), from === 0);
      if (found === undefined && from > 0) continue;
      const bytes = found === undefined ? 0 : from + found.at;
      return { name, bytes, minute: found?.minute ?? firstMinute(name, calendar) };
    }
  } finally {
    fs.closeSync(file);
  }
}

/** Of the day that the name says. */
function firstMinute(name: string, calendar: Calendar): number {
  const date = NAME.exec(name)?.[1] ?? "";
  return localDay(calendar, date)?.midnightMinute ?? Date.parse(date) / MINUTE_MS;
}

/** The last minute that has a whole line, and where its first line begins; undefined where the text does not show it. */
function lastMinute(text: string, isWhole: boolean): { at: number; minute: number } | undefined {
  let found: { at: number; minute: number } | undefined;
  let minutes = 0;
  for (let at = isWhole ? 0 : text.indexOf(LINE_END) + LINE_END.length; ; ) {
    const end = text.indexOf(LINE_END, at);
    if (end < 0) break;
    const minute = Date.parse(text.slice(at, text.indexOf(",", at))) / MINUTE_MS;
    if (!Number.isNaN(minute) && minute !== found?.minute) {
      found = { at, minute };
      minutes += 1;
    }
    at = end + LINE_END.length;
  }
  return isWhole || minutes > 1 ? found : undefined;
}

function withoutTitle(text: string): string {
  return text.slice(text.indexOf(LINE_END) + LINE_END.length);
}

/** At `at`, in the place of whatever is behind. Returns how many bytes. */
function write(path: string, at: number, text: string): number {
  if (text === "") return 0;
  const { O_RDWR, O_CREAT, O_NOFOLLOW } = fs.constants;
  const file = fs.openSync(path, O_RDWR | O_CREAT | O_NOFOLLOW, 0o600);
  try {
    if (fs.fstatSync(file).size < at) {
      throw Object.assign(new Error(`somebody has shortened ${path}`), { code: "ENOENT" });
    }
    fs.ftruncateSync(file, at);
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) {
      done += fs.writeSync(file, bytes, done, bytes.length - done, at + done);
    }
    fs.fdatasyncSync(file);
    return bytes.length;
  } catch (error) {
    if (fs.fstatSync(file).size > at) fs.ftruncateSync(file, at);
    throw error;
  } finally {
    fs.closeSync(file);
  }
}

function removeOld(
  folder: string,
  { keepDays, maxBytes, latest }: { keepDays: number; maxBytes: number; latest: string },
): void {
  const date = NAME.exec(latest)?.[1] ?? "";
  const files = filesIn(folder, date).filter((name) => name !== latest);
  let sum = sizeOf(join(folder, latest));
  for (const [n, name] of files.toReversed().entries()) {
    sum += sizeOf(join(folder, name));
    if (n + 1 >= keepDays || sum > maxBytes) fs.rmSync(join(folder, name));
  }
}
