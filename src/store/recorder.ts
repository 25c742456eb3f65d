/** Writes ticks: seconds and minutes at once, hours and days when a minute is over. */

import type { DatabaseSync, StatementSync } from "node:sqlite";
import {
  type HistoryLevel,
  type HistoryRemotes,
  type HistoryTick,
  MAX_TICK_PROCESSES,
} from "../model/history.ts";
import type { Calendar } from "../model/local-days.ts";
import { createDayBook, hourOf } from "./day-book.ts";
import { createDictionary, type DictionaryLimits } from "./dictionary.ts";
import { cellsOf, createProcessBook } from "./processes.ts";
import { type PlainDetail, reconcile, whole } from "./reconcile.ts";
import { LEVELS, MACHINE, TEXT_NONE } from "./schema.ts";
import { createSpanBook } from "./spans.ts";
import type { State } from "./state.ts";

export interface Recorder {
  /** To be called in a transaction. */
  record(tick: HistoryTick, remotes: HistoryRemotes): void;
  /** After a rollback. */
  forget(): void;
}

export interface RecorderOptions {
  readonly state: State;
  readonly calendar: Calendar;
  readonly limits?: DictionaryLimits | undefined;
}

/** The second that an interval belongs to: the one in which it ends. */
export function secondOf(atMs: number): number {
  return Math.ceil(atMs / 1000) - 1;
}

/**
 * Of the minutes one is open: its rows are in the minute tables only, and are added to its hour and day when another begins.
 * So a tick touches a page or two, and a crash loses nothing, since the minute is there. A minute that was open before
 * (the clock was set back) is not opened again; its ticks are added to all levels at once.
 */
export function createRecorder(
  db: DatabaseSync,
  { state, calendar, limits }: RecorderOptions,
): Recorder {
  const dictionary = createDictionary(db, limits);
  const processes = createProcessBook(db, dictionary, limits?.processesADay);
  const days = createDayBook(db, calendar);
  const spans = createSpanBook(db, state);
  const writers = {
    second: writersOf(db, "second"),
    minute: writersOf(db, "minute"),
    hour: writersOf(db, "hour"),
    day: writersOf(db, "day"),
  };
  const folds = (["hour", "day"] as const).map((level) => ({ level, run: foldsOf(db, level) }));
  const isUsed = (["usage", "coverage"] as const).map((kind) =>
    db.prepare(`SELECT 1 FROM ${LEVELS.minute[kind]} WHERE at = ? LIMIT 1`),
  );

  /** Where the rows of a tick go: each level with its start. */
  function targets(second: number): [Writers, number][] {
    const minute = Math.floor(second / 60);
    const day = days.dayOf(minute);
    const found: [Writers, number][] = [
      [writers.second, second],
      [writers.minute, minute],
    ];
    const isOpen = makeOpen(minute);
    spans.begin(day.from);
    if (!isOpen) {
      spans.changed(day.from);
      found.push([writers.hour, hourOf(minute, day)], [writers.day, day.from]);
    }
    return found;
  }

  /** False where the minute was open before. */
  function makeOpen(minute: number): boolean {
    const open = state.get("open_minute");
    if (open === minute) return true;
    if (state.get("closed_minute") === minute) return false;
    if (open !== undefined) close(open);
    if (isUsed.some((statement) => statement.get(minute) !== undefined)) {
      state.remove("open_minute");
      state.set("closed_minute", minute);
      return false;
    }
    state.set("open_minute", minute);
    return true;
  }

  function close(minute: number): void {
    const day = days.dayOf(minute);
    spans.changed(day.from);
    for (const { level, run } of folds) {
      const at = level === "hour" ? hourOf(minute, day) : day.from;
      for (const statement of run) statement.run(at, minute);
    }
  }

  return {
    record(tick, remotes) {
      const second = secondOf(tick.atMs);
      const goals = targets(second);
      const day = days.dayOf(Math.floor(second / 60)).from;
      const { usage, details } = reconcile(tick);
      const ids = new Map<string, number>();
      const machine = Object.values(machineBytes(tick));
      if (machine.some((bytes) => bytes > 0)) {
        for (const [{ usage: write }, at] of goals) write.run(at, MACHINE, TEXT_NONE, ...machine);
      }
      for (const cell of usage) {
        const application = dictionary.application(cell.application, cell.name);
        ids.set(cell.application, application);
        const { rxBytes, txBytes, rxLoopbackBytes, txLoopbackBytes } = cell;
        if (rxBytes === 0 && txBytes === 0) continue;
        const on = dictionary.text(cell.interface);
        for (const [{ usage: write }, at] of goals) {
          write.run(at, application, on, rxBytes, txBytes, rxLoopbackBytes, txLoopbackBytes);
        }
      }
      for (const detail of details) {
        const { rxBytes, txBytes, connectionsOpened } = detail;
        if (rxBytes === 0 && txBytes === 0 && connectionsOpened === 0) continue;
        const application = ids.get(detail.application) ?? MACHINE;
        const pair = dictionary.pair(
          { ...detail, remote: remoteOf(detail, remotes) },
          {
            application,
            interface: dictionary.text(detail.interface),
            day,
          },
        );
        for (const [{ detail: write }, at] of goals) {
          write?.run(at, application, pair, rxBytes, txBytes, connectionsOpened);
        }
      }
      for (const process of tick.processes.slice(0, MAX_TICK_PROCESSES)) {
        const application = ids.get(process.application);
        if (application === undefined) continue;
        const id = processes.idOf(process, { application, day });
        if (id === undefined) continue;
        for (const { interface: name, ...bytes } of cellsOf(process)) {
          const { rxBytes, txBytes, rxLoopbackBytes, txLoopbackBytes } = bytes;
          if (rxBytes === 0 && txBytes === 0) continue;
          const on = dictionary.text(name);
          for (const [{ process: write }, at] of goals) {
            write?.run(at, id, on, rxBytes, txBytes, rxLoopbackBytes, txLoopbackBytes);
          }
        }
      }
      for (const one of tick.coverage) {
        const bytes = [
          whole(one.rxCountedBytes),
          whole(one.txCountedBytes),
          whole(one.rxAttributedBytes),
          whole(one.txAttributedBytes),
        ];
        if (bytes.every((value) => value === 0)) continue;
        const on = dictionary.text(one.interface);
        for (const [{ coverage: write }, at] of goals) write.run(at, on, ...bytes);
      }
    },
    forget() {
      dictionary.forget();
      processes.forget();
      days.forget();
      spans.forget();
    },
  };
}

function remoteOf({ remote, address }: PlainDetail, remotes: HistoryRemotes): string {
  if (remotes === "names") return remote;
  return remotes === "addresses" ? address : "";
}

function machineBytes({ machine }: HistoryTick) {
  return {
    rx: whole(machine.rxBytes),
    tx: whole(machine.txBytes),
    rxLoopback: whole(machine.rxLoopbackBytes),
    txLoopback: whole(machine.txLoopbackBytes),
  };
}

interface Writers {
  readonly usage: StatementSync;
  readonly coverage: StatementSync;
  readonly detail: StatementSync | undefined;
  readonly process: StatementSync | undefined;
}

const USAGE = ["rx_bytes", "tx_bytes", "rx_loopback_bytes", "tx_loopback_bytes"];
const DETAIL = ["rx_bytes", "tx_bytes", "connections_opened"];
const COVERAGE = [
  "rx_counted_bytes",
  "tx_counted_bytes",
  "rx_attributed_bytes",
  "tx_attributed_bytes",
];

function writersOf(db: DatabaseSync, level: HistoryLevel): Writers {
  const { usage, detail, process, coverage } = LEVELS[level];
  return {
    usage: db.prepare(`INSERT INTO ${usage} VALUES (?, ?, ?, ?, ?, ?, ?) ${adding(USAGE)}`),
    coverage: db.prepare(`INSERT INTO ${coverage} VALUES (?, ?, ?, ?, ?, ?) ${adding(COVERAGE)}`),
    detail:
      detail === undefined
        ? undefined
        : db.prepare(`INSERT INTO ${detail} VALUES (?, ?, ?, ?, ?, ?) ${adding(DETAIL)}`),
    process:
      process === undefined
        ? undefined
        : db.prepare(`INSERT INTO ${process} VALUES (?, ?, ?, ?, ?, ?, ?) ${adding(USAGE)}`),
  };
}

/** Adds a minute to its hour or day. */
function foldsOf(db: DatabaseSync, level: "hour" | "day"): StatementSync[] {
  const { minute } = LEVELS;
  const kinds = [
    { from: minute.usage, to: LEVELS[level].usage, key: ["application", "interface"], sums: USAGE },
    { from: minute.detail, to: LEVELS[level].detail, key: ["application", "pair"], sums: DETAIL },
    {
      from: minute.process,
      to: LEVELS[level].process,
      key: ["process", "interface"],
      sums: USAGE,
    },
    { from: minute.coverage, to: LEVELS[level].coverage, key: ["interface"], sums: COVERAGE },
  ];
  return kinds.flatMap(({ from, to, key, sums }) =>
    to === undefined
      ? []
      : db.prepare(
          `INSERT INTO ${to} SELECT ?, ${[...key, ...sums].join(", ")} FROM ${from} WHERE at = ? ${adding(sums)}`,
        ),
  );
}

function adding(columns: readonly string[]): string {
  const sums = columns.map((column) => `${column} = ${column} + excluded.${column}`);
  return `ON CONFLICT DO UPDATE SET ${sums.join(", ")}`;
}
