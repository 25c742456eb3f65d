/** What one row did on each interface: since the start and in the last interval. */

import type { Interval } from "./tally.ts";
import { BYTES } from "./traffic.ts";

/** Interfaces of one row; what it does on further ones stands with what it does on none. */
export const INTERFACES_PER_ROW = 32;
const ELSEWHERE = 0;

interface Cell {
  rxBytes: number;
  txBytes: number;
  rxDelta: number;
  txDelta: number;
  interval: number;
}

export class InterfaceCells {
  /** By InterfaceReading.id. */
  readonly #cells = new Map<number, Cell>();

  add(id: number, difference: Float64Array, interval: Interval): void {
    const rx = difference[BYTES] as number;
    const tx = difference[BYTES + 1] as number;
    if (rx === 0 && tx === 0) return;
    const cell = this.#begun(id, interval);
    cell.rxBytes += rx;
    cell.txBytes += tx;
    cell.rxDelta += rx;
    cell.txDelta += tx;
  }

  /** Adds what another row gained in this interval, to the totals too. */
  addDeltaOf(other: InterfaceCells, interval: Interval): void {
    for (const [id, { rxDelta, txDelta, interval: of }] of other.#cells) {
      if (of !== interval.number) continue;
      const cell = this.#begun(id, interval);
      cell.rxBytes += rxDelta;
      cell.txBytes += txDelta;
      cell.rxDelta += rxDelta;
      cell.txDelta += txDelta;
    }
  }

  /** Takes another row in: its totals, and its last interval where it is this one. */
  merge(other: InterfaceCells, interval: Interval): void {
    for (const [id, { rxBytes, txBytes, rxDelta, txDelta, interval: of }] of other.#cells) {
      const cell = this.#cell(id);
      cell.rxBytes += rxBytes;
      cell.txBytes += txBytes;
      if (of !== interval.number) continue;
      this.#begun(id, interval);
      cell.rxDelta += rxDelta;
      cell.txDelta += txDelta;
    }
  }

  /** Takes the totals of a row out again that belongs elsewhere. */
  release(other: InterfaceCells): void {
    for (const [id, { rxBytes, txBytes }] of other.#cells) {
      const cell = this.#cell(id);
      cell.rxBytes -= rxBytes;
      cell.txBytes -= txBytes;
    }
  }

  /** Sums by the name that an id has; names may be shared. */
  byName(
    nameOf: (id: number) => string | undefined,
    interval: Interval,
  ): { total: InterfaceSums; delta: InterfaceSums } {
    const total: InterfaceSums = new Map();
    const delta: InterfaceSums = new Map();
    for (const [id, cell] of this.#cells) {
      const name = nameOf(id) ?? "";
      addTo(total, name, cell.rxBytes, cell.txBytes);
      if (cell.interval === interval.number) addTo(delta, name, cell.rxDelta, cell.txDelta);
    }
    return { total, delta };
  }

  #cell(id: number): Cell {
    const usual = this.#cells.get(id);
    if (usual !== undefined) return usual;
    const at = this.#cells.size >= INTERFACES_PER_ROW ? ELSEWHERE : id;
    const known = this.#cells.get(at);
    if (known !== undefined) return known;
    const cell = { rxBytes: 0, txBytes: 0, rxDelta: 0, txDelta: 0, interval: -1 };
    this.#cells.set(at, cell);
    return cell;
  }

  #begun(id: number, interval: Interval): Cell {
    const cell = this.#cell(id);
    if (cell.interval !== interval.number) {
      cell.interval = interval.number;
      cell.rxDelta = 0;
      cell.txDelta = 0;
    }
    return cell;
  }
}

/** By name of the interface. */
export type InterfaceSums = Map<string, { rxBytes: number; txBytes: number }>;

function addTo(sums: InterfaceSums, name: string, rxBytes: number, txBytes: number): void {
  const known = sums.get(name);
  if (known === undefined) {
    sums.set(name, { rxBytes, txBytes });
    return;
  }
  known.rxBytes += rxBytes;
  known.txBytes += txBytes;
}
