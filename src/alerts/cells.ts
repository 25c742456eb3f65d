/** What is remembered of each rule and subject: whether it goes on, since when it is so, when it may fire again. */

import type { AlertMeasure, AlertRule, AlertSubject } from "../model/alert.ts";

/** Cells that are kept; those that were made first go, unless their event goes on. */
export const MAX_CELLS = 50_000;

export interface Cell {
  readonly ruleId: string;
  readonly subjectKey: string;
  /** How long it is bad, and how long it is good again, without a break. */
  heldMs: number;
  clearMs: number;
  /** Number of the tick that touched it last. */
  tick: number;
  /** Id of the event that goes on. */
  ongoing: string | null;
  /** Wall clock; does not fire before. */
  coolUntilMs: number;
}

/** What a condition found. */
export interface Finding {
  readonly rule: AlertRule;
  readonly subject: AlertSubject;
  /** Distinguishes what may fire at the same time for one subject: an aspect, a remote. */
  readonly detail?: string;
  readonly title: string;
  readonly text: string;
  readonly measure: Partial<AlertMeasure>;
}

export interface Cells {
  /** Made where there is none. */
  touch(ruleId: string, subjectKey: string, tick: number): Cell;
  get(ruleId: string, subjectKey: string): Cell | undefined;
  /** Of a rule. */
  of(ruleId: string): readonly Cell[];
  delete(cell: Cell): void;
  all(): Iterable<Cell>;
  readonly size: number;
}

export function createCells(): Cells {
  const cells = new Map<string, Map<string, Cell>>();
  let size = 0;

  function remove(cell: Cell): void {
    const own = cells.get(cell.ruleId);
    if (own?.delete(cell.subjectKey) !== true) return;
    size -= 1;
    if (own.size === 0) cells.delete(cell.ruleId);
  }

  function* all(): Generator<Cell> {
    for (const own of cells.values()) yield* own.values();
  }

  /** A tenth at once, so that this is rare. */
  function makeRoom(): void {
    let left = MAX_CELLS / 10;
    for (const cell of all()) {
      if (left === 0) return;
      if (cell.ongoing !== null) continue;
      remove(cell);
      left -= 1;
    }
  }

  return {
    touch(ruleId, subjectKey, tick) {
      let own = cells.get(ruleId);
      if (own === undefined) {
        own = new Map();
        cells.set(ruleId, own);
      }
      let cell = own.get(subjectKey);
      if (cell === undefined) {
        if (size >= MAX_CELLS) makeRoom();
        cell = { ruleId, subjectKey, heldMs: 0, clearMs: 0, tick, ongoing: null, coolUntilMs: 0 };
        own.set(subjectKey, cell);
        if (!cells.has(ruleId)) cells.set(ruleId, own);
        size += 1;
      }
      cell.tick = tick;
      return cell;
    },
    get: (ruleId, subjectKey) => cells.get(ruleId)?.get(subjectKey),
    of: (ruleId) => [...(cells.get(ruleId)?.values() ?? [])],
    delete: remove,
    all,
    get size() {
      return size;
    },
  };
}
