/** The history store: ticks go in, questions are answered. Trouble with the disk never reaches who appends. */

import { statSync } from "node:fs";
import { MonitauriError } from "../model/error.ts";
import {
  type CsvLogSettings,
  DEFAULT_HISTORY_SETTINGS,
  type ExportPart,
  type ExportQuery,
  type HistoryAnswer,
  type HistoryQuery,
  type HistorySettings,
  type HistoryState,
  type HistoryTick,
  type ImportReport,
  type Period,
} from "../model/history.ts";
import type {
  CoverageAnswer,
  CoverageQuery,
  MeetingAnswer,
  MeetingQuery,
} from "../model/history-meetings.ts";
import { type Calendar, createCalendar } from "../model/local-days.ts";
import { jumpOf, STEADY_RESET } from "./clock-jump.ts";
import { type Connection, connect } from "./connection.ts";
import { coverageSteps } from "./coverage.ts";
import { createCsvLog } from "./csv-log.ts";
import type { DictionaryLimits } from "./dictionary.ts";
import { exportPart } from "./export.ts";
import { importDays } from "./import.ts";
import { readKept } from "./kept.ts";
import { createLosses } from "./losses.ts";
import { answerMeetings } from "./meetings.ts";
import { answerQuery } from "./query.ts";
import type { NewGap } from "./sessions.ts";
import { isFull, troubleOf } from "./sqlite-error.ts";
import type { ImportedDay } from "./vnstat.ts";

/** Ticks that wait while the disk takes none: two minutes of the usual interval. With more, the oldest are lost. */
export const MAX_WAITING_TICKS = 120;
/** Where nothing happens, the run's end is still noted this often. */
const HEARTBEAT_MS = 10_000;
/** Failures after which the file is opened anew: it may be another one by now. */
const REOPEN_AFTER = 30;
const MAX_WARNINGS = 20;

export interface HistoryStore {
  /** `lost`: the time before of which the ticks never came here; it becomes a gap. Writes the tick and syncs it to the disk. Never throws: what cannot be written waits, then is a gap. */
  append(tick: HistoryTick, lost?: Period | null): void;
  /** @throws MonitauriError "invalid". */
  query(query: HistoryQuery): HistoryAnswer;
  /** For alerts. @throws MonitauriError "invalid". */
  meetings(query: MeetingQuery): MeetingAnswer;
  coverage(query: CoverageQuery): CoverageAnswer;
  /** A piece of an export; the first where `cursor` is null. @throws MonitauriError "invalid". */
  exportPart(query: ExportQuery, cursor: string | null): ExportPart;
  /** Adds days that another program counted, where this one has none. */
  importDays(days: readonly ImportedDay[]): ImportReport;
  state(): HistoryState;
  /** The part of it that says what is wrong; reads nothing. */
  trouble(): Pick<HistoryState, "warnings" | "fault" | "lostTicks">;
  /** Changes what is given. @throws MonitauriError "invalid". */
  changeSettings(changes: Partial<HistorySettings>): HistorySettings;
  /** Writes what waits, and ends the run. A second call does nothing. */
  close(): void;
}

export interface StoreOptions {
  readonly path: string;
  readonly version: string;
  /** Wall clock. */
  readonly now: () => number;
  /** Time zone of the days; where not given, the system's. */
  readonly zone?: string | undefined;
  /** Beside it; where not given, none. */
  readonly csvLog?: CsvLogSettings | undefined;
  /** For tests. */
  readonly limits?: DictionaryLimits | undefined;
}

/** @throws MonitauriError "unsupported" for a history of a newer version, "forbidden" or "failed". */
export function openHistoryStore(options: StoreOptions): HistoryStore {
  const { path, version, now, zone, limits } = options;
  const calendar: Calendar = createCalendar(zone);
  let damage: unknown;
  const open = () => connect({ path, atMs: now(), version, calendar, limits }, damage);
  const warnings: string[] = [];
  const losses = createLosses();
  const csvLog = options.csvLog && createCsvLog(options.csvLog, calendar);
  let connection: Connection | undefined = open();
  let waiting: HistoryTick[] = [];
  let waitingGaps: NewGap[] = [];
  let fault: string | undefined;
  let failures = 0;
  let previous: HistoryTick | undefined;
  let writtenAtMs = Number.NEGATIVE_INFINITY;
  let steadyMs = 0;
  let isClosed = false;
  warn(connection.warnings);

  function warn(more: readonly string[]): void {
    for (const one of more) {
      if (!warnings.includes(one) && warnings.length < MAX_WARNINGS) warnings.push(one);
    }
  }

  function opened(): Connection {
    if (connection !== undefined) return connection;
    connection = open();
    damage = undefined;
    warn(connection.warnings);
    return connection;
  }

  function append(tick: HistoryTick, lost: Period | null = null): void {
    if (isClosed) return;
    if (lost !== null) {
      waitingGaps.push({ ...lost, reason: "not-kept", detail: NEVER_CAME });
      // What was lost is no jump of the clock.
      if (previous !== undefined) previous = { ...previous, atMs: lost.toMs };
    }
    const jump = jumpOf(tick, previous);
    steadyMs =
      jump === STEADY_RESET || tick.gap?.reason === "clock-changed"
        ? 0
        : steadyMs + tick.intervalMs;
    if (tick.gap !== null) waitingGaps.push({ ...tick.gap, detail: "" });
    else if (jump !== undefined && jump !== STEADY_RESET) {
      steadyMs = 0;
      waitingGaps.push(jump);
    }
    previous = tick;
    const isIdle = tick.applications.length + tick.details.length + tick.coverage.length === 0;
    if (!isIdle) waiting.push(tick);
    waitingGaps = waitingGaps.slice(-MAX_WAITING_TICKS);
    const isQuiet = waiting.length + waitingGaps.length === 0 && fault === undefined;
    if (isQuiet && Math.abs(tick.atMs - writtenAtMs) < HEARTBEAT_MS) return;
    write(tick.atMs);
    if (fault === undefined && connection !== undefined) csvLog?.follow(connection.db, tick.atMs);
    while (waiting.length > MAX_WAITING_TICKS) losses.add(waiting.shift(), fault ?? "");
  }

  function write(atMs: number): void {
    try {
      const gaps = [...waitingGaps, ...losses.gaps()];
      const intervalMs = previous?.intervalMs ?? 0;
      opened().write({ ticks: waiting, gaps, seenAtMs: atMs, steadyMs, intervalMs });
      waiting = [];
      waitingGaps = [];
      losses.written();
      writtenAtMs = atMs;
      fault = undefined;
      failures = 0;
    } catch (error) {
      failed(error, atMs);
    }
  }

  function failed(error: unknown, atMs: number): void {
    failures += 1;
    fault = error instanceof Error ? error.message : String(error);
    const trouble = troubleOf(error);
    // A tick that can never be written must not hold up the others.
    if (trouble === "fault" && connection !== undefined && waiting.length > 0) {
      if (waiting.length === 1) losses.add(waiting.shift(), fault);
      else writeOneByOne(atMs);
      return;
    }
    if (trouble === "corrupt") {
      release();
      damage = error;
      if (failures === 1) write(atMs);
    } else if (failures % REOPEN_AFTER === 0 && !isFull(error)) {
      reopen();
    }
  }

  // What is open still answers questions where nothing can be opened.
  function reopen(): void {
    const old = connection;
    connection = undefined;
    try {
      opened();
      old?.close(false);
    } catch {
      connection = old;
    }
  }

  function writeOneByOne(atMs: number): void {
    const all = waiting;
    for (const tick of all) {
      waiting = [tick];
      write(atMs);
      if (waiting.length === 0) continue;
      // The disk's fault, not the tick's.
      waiting = all.slice(all.indexOf(tick));
      return;
    }
  }

  function release(): void {
    try {
      connection?.close(false);
    } catch {
      // Nothing more can be done for it.
    }
    connection = undefined;
  }

  /** Questions need the file now. */
  function reading<Result>(work: (connection: Connection) => Result, action = "read"): Result {
    try {
      return work(opened());
    } catch (error) {
      if (error instanceof MonitauriError) throw error;
      if (troubleOf(error) === "corrupt") {
        damage = error;
        release();
      }
      const reason = error instanceof Error ? error.message : String(error);
      throw new MonitauriError(
        "failed",
        `Cannot ${action} the history: ${reason}. See what status says about it`,
        { cause: error },
      );
    }
  }

  function changeSettings(changes: Partial<HistorySettings>): HistorySettings {
    try {
      return opened().settings(changes);
    } catch (error) {
      if (error instanceof MonitauriError) throw error;
      // Until something is written again, which is when they are sent again.
      fault = error instanceof Error ? error.message : String(error);
      throw new MonitauriError(
        "failed",
        `Cannot keep the settings of the history: ${fault}. The old ones hold until it is written again`,
        { cause: error },
      );
    }
  }

  function trouble(): Pick<HistoryState, "warnings" | "fault" | "lostTicks"> {
    const isOver = connection?.isOverCap() === true;
    const now = [...(isOver ? [OVER_CAP] : []), ...(csvLog?.fault() ?? [])];
    return { warnings: [...warnings, ...now], fault, lostTicks: losses.count() };
  }

  /** The defaults while nothing can be read: then `fault` says why. */
  function stored(): Pick<HistoryState, "settings" | "firstAtMs" | "lastAtMs" | "keptFromMs"> {
    try {
      return reading(({ db, settings }) => {
        const { firstAtMs, lastAtMs, keptFromMs } = readKept(db);
        return { settings: settings(), firstAtMs, lastAtMs, keptFromMs };
      });
    } catch (error) {
      fault ??= error instanceof Error ? error.message : String(error);
      const keptFromMs = { second: 0, minute: 0, hour: 0, day: 0 };
      const settings = DEFAULT_HISTORY_SETTINGS;
      return { settings, firstAtMs: undefined, lastAtMs: undefined, keptFromMs };
    }
  }

  return {
    append,
    query: (query) => reading(({ db }) => answerQuery(db, query, { nowMs: now(), calendar })),
    meetings: (query) => reading(({ db }) => answerMeetings(db, query, now())),
    coverage: (query) => reading(({ db }) => coverageSteps(db, query, now())),
    exportPart: (query, cursor) => reading(({ db }) => exportPart(db, query, cursor)),
    importDays: (days) =>
      reading(
        ({ db, inTransaction }) => inTransaction(() => importDays(db, days, calendar)),
        "add to",
      ),
    state: () => ({
      ...stored(),
      path,
      zone: zone ?? new Intl.DateTimeFormat().resolvedOptions().timeZone,
      fileBytes: sizeOf(path),
      ...trouble(),
      waitingTicks: waiting.length,
    }),
    trouble,
    changeSettings,
    close() {
      if (isClosed) return;
      isClosed = true;
      if (previous !== undefined) write(previous.atMs);
      try {
        connection?.close(fault === undefined);
      } catch {
        release();
      }
    },
  };
}

const NEVER_CAME = "The history could not keep up, or was started again";
const OVER_CAP =
  "The history is larger than maxBytes although only days are left; days are never deleted for size. Raise maxBytes, or set dayDays";

function sizeOf(path: string): number {
  return [path, `${path}-wal`].reduce(
    (sum, name) => sum + (statSync(name, { throwIfNoEntry: false })?.size ?? 0),
    0,
  );
}
