/** Whole numbers that the history keeps about itself. */

import type { DatabaseSync } from "node:sqlite";

export type StateName =
  | "open_minute" // the minute that is not in its hour and day yet
  | "closed_minute" // one that is written to for a second time
  | "process_minute_from" // minutes of processes are complete from here on
  | "minute_remote_from" // details before have no remotes any more
  | "hour_remote_from"
  | "day_remote_from"
  | "span_built" // the latest span that is over
  | "last_second" // of the latest tick
  | "second_from" // each level is complete from here on, in its own unit
  | "minute_from"
  | "hour_from"
  | "day_from";

export interface State {
  get(name: StateName): number | undefined;
  set(name: StateName, value: number): void;
  remove(name: StateName): void;
}

export function readState(db: DatabaseSync): ReadonlyMap<string, number> {
  const rows = db.prepare("SELECT name, value FROM state").all();
  return new Map(rows.map(({ name, value }) => [String(name), Number(value)]));
}

/** Reads once and remembers, for the one who writes. */
export function createRememberedState(db: DatabaseSync): State & { forget(): void } {
  const write = db.prepare(
    "INSERT INTO state VALUES (?, ?) ON CONFLICT DO UPDATE SET value = excluded.value",
  );
  const erase = db.prepare("DELETE FROM state WHERE name = ?");
  let values: Map<string, number> | undefined;

  function known(): Map<string, number> {
    values ??= new Map(readState(db));
    return values;
  }

  return {
    get: (name) => known().get(name),
    set(name, value) {
      if (known().get(name) === value) return;
      write.run(name, value);
      known().set(name, value);
    },
    remove(name) {
      if (known().delete(name)) erase.run(name);
    },
    forget() {
      values = undefined;
    },
  };
}
