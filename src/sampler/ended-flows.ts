/** Connections that have ended, for as long as they are still shown. */

import type { FlowFacts } from "../model/naming.ts";
import { copyRow, createColumns } from "./flow-columns.ts";
import type { FlowMemory } from "./flow-memory.ts";

/** The oldest is overwritten; its bytes are in the sums anyway. */
export const ENDED_FLOWS_KEPT = 1_000;
export const ENDED_FLOWS_SHOWN_MS = 10_000;

export class EndedFlows {
  readonly columns = createColumns(ENDED_FLOWS_KEPT);
  readonly facts: (FlowFacts | undefined)[] = [];
  readonly #endedAtMs = new Float64Array(ENDED_FLOWS_KEPT).fill(Number.NEGATIVE_INFINITY);
  #next = 0;

  /** `atMonotonicMs`: a wall clock that is set must neither keep them for hours nor drop them. */
  add(memory: FlowMemory, flow: number, atMonotonicMs: number): void {
    copyRow(memory.columns, flow, { target: this.columns, to: this.#next });
    this.facts[this.#next] = memory.facts[flow];
    this.#endedAtMs[this.#next] = atMonotonicMs;
    this.#next = (this.#next + 1) % ENDED_FLOWS_KEPT;
  }

  /** Rows of `columns` that ended less than ten seconds ago. */
  rows(nowMonotonicMs: number): number[] {
    const rows: number[] = [];
    for (const [row, endedAtMs] of this.#endedAtMs.entries()) {
      if (nowMonotonicMs - endedAtMs < ENDED_FLOWS_SHOWN_MS) rows.push(row);
    }
    return rows;
  }
}
