/** One row of sums: since the start, and in the last interval. */

import { InterfaceCells } from "./interface-cells.ts";
import { addNumbers, BYTES, TRAFFIC_WIDTH } from "./traffic.ts";

/** Positions behind the eight of a Traffic: bytes that never left this machine, received, then sent. */
export const LOOPBACK = TRAFFIC_WIDTH;
export const TALLY_WIDTH = TRAFFIC_WIDTH + 2;

/** The interval that is being summed: its number, and the wall clock at its end. */
export interface Interval {
  readonly number: number;
  readonly atMs: number;
}

/** Eight sums each. */
export interface FlowSums {
  readonly total: Float64Array;
  /** undefined: nothing in this interval. */
  readonly delta: Float64Array | undefined;
}

/** Sums of one row. What was added in an interval counts as zero in every other, so rows without traffic need no
 * attention. */
export class Tally {
  readonly total = new Float64Array(TALLY_WIDTH);
  lastActiveAtMs = 0;
  /** Only of rows that are kept apart by interface. */
  cells: InterfaceCells | undefined;
  readonly #delta = new Float64Array(TALLY_WIDTH);
  #interval = -1;

  /** True where something was added in this interval. */
  isOf(interval: Interval): boolean {
    return this.#interval === interval.number;
  }

  /** What was added in the interval. Valid until the next change. */
  delta(interval: Interval): Float64Array {
    return this.isOf(interval) ? this.#delta : NOTHING;
  }

  /** Adds a flow's difference. */
  add(difference: Float64Array, interval: Interval): void {
    this.#begin(interval);
    addNumbers(this.total, 0, difference);
    addNumbers(this.#delta, 0, difference);
    this.lastActiveAtMs = interval.atMs;
  }

  /** Notes that a difference, added as well, never left this machine. */
  addLoopback(difference: Float64Array, interval: Interval): void {
    this.#begin(interval);
    addNumbers(this.total, LOOPBACK, difference, BYTES, 2);
    addNumbers(this.#delta, LOOPBACK, difference, BYTES, 2);
  }

  /** Notes the interface of a difference that is added as well; 0: none of this machine's. */
  addOn(interfaceId: number, difference: Float64Array, interval: Interval): void {
    this.#cells().add(interfaceId, difference, interval);
  }

  /** Adds what another row gained in this interval, to the total too. */
  addDeltaOf(other: Tally, interval: Interval): void {
    this.#begin(interval);
    const from = other.delta(interval);
    addNumbers(this.total, 0, from, 0, TALLY_WIDTH);
    addNumbers(this.#delta, 0, from, 0, TALLY_WIDTH);
    if (other.cells !== undefined) this.#cells().addDeltaOf(other.cells, interval);
    this.lastActiveAtMs = Math.max(this.lastActiveAtMs, other.lastActiveAtMs);
  }

  /** Takes another row in: its total, and its last interval where it is this one. */
  merge(other: Tally, interval: Interval): void {
    addNumbers(this.total, 0, other.total, 0, TALLY_WIDTH);
    if (other.isOf(interval)) {
      this.#begin(interval);
      addNumbers(this.#delta, 0, other.#delta, 0, TALLY_WIDTH);
    }
    if (other.cells !== undefined) this.#cells().merge(other.cells, interval);
    this.lastActiveAtMs = Math.max(this.lastActiveAtMs, other.lastActiveAtMs);
  }

  /** Takes the total of a row out again that belongs elsewhere; only before the interval's traffic is added. */
  release(other: Tally): void {
    for (let i = 0; i < TALLY_WIDTH; i++) {
      this.total[i] = (this.total[i] as number) - (other.total[i] as number);
    }
    if (other.cells !== undefined) this.#cells().release(other.cells);
  }

  /** Puts in what a flow sums to, or takes it out with -1: it belongs to another row. */
  shift({ total, delta }: FlowSums, sign: 1 | -1, interval: Interval): void {
    this.#begin(interval);
    for (let i = 0; i < TRAFFIC_WIDTH; i++) {
      this.total[i] = (this.total[i] as number) + sign * (total[i] as number);
      this.#delta[i] = (this.#delta[i] as number) + sign * (delta?.[i] ?? 0);
    }
    if (sign > 0) this.lastActiveAtMs = interval.atMs;
  }

  #cells(): InterfaceCells {
    this.cells ??= new InterfaceCells();
    return this.cells;
  }

  #begin(interval: Interval): void {
    if (this.#interval === interval.number) return;
    this.#interval = interval.number;
    this.#delta.fill(0);
  }
}

const NOTHING = new Float64Array(TALLY_WIDTH);
