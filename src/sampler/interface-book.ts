/** The interfaces and what crossed each of them: by its own counters, and by the flows that name it. */

import type { InterfaceCoverage } from "../model/sample.ts";
import { FLOW_KINDS, type InterfaceReading } from "../model/snapshot.ts";
import {
  coverageOf,
  mergeCoverage,
  PART_DEVICE_BYTES,
  PART_DEVICE_PACKETS,
  PART_WIDTH,
  PART_WIRE_BYTES,
  PART_WIRE_PACKETS,
  PARTS,
} from "./coverage.ts";
import { type Interval, Tally } from "./tally.ts";
import { addNumbers, BYTES, DEVICE, PACKETS, PACKETS_ON_DEVICE } from "./traffic.ts";

/** The one that vanished first is folded into the row of earlier interfaces. */
export const VANISHED_INTERFACES_KEPT = 256;
const EARLIER = "earlier interfaces";

export interface InterfaceEntry {
  reading: InterfaceReading;
  /** By the interface's own counters, since its first reading. */
  rxBytes: number;
  txBytes: number;
  readonly parts: Float64Array;
  /** All traffic of its flows. */
  readonly tally: Tally;
  /** Interval of the first reading: what flows did until then is not in the interface's difference either. */
  readonly firstInterval: number;
}

export class InterfaceBook {
  readonly #entries = new Map<number, InterfaceEntry>();
  /** In the order they vanished. */
  readonly #vanished = new Set<number>();
  #earlierCoverage: InterfaceCoverage | undefined;
  readonly earlier = new Tally();
  /** Traffic of flows without an interface of this machine: payload of unconnected sockets, containers. */
  readonly elsewhere = new Tally();
  #interval: Interval = { number: 0, atMs: 0 };

  begin(interval: Interval, readings: readonly InterfaceReading[]): void {
    this.#interval = interval;
    for (const reading of readings) this.#take(reading);
  }

  /** Folds what is over the limit. After the interval's last flow: one may name an interface that vanished in it. */
  finish(): void {
    for (const id of this.#vanished) {
      if (this.#vanished.size <= VANISHED_INTERFACES_KEPT) break;
      this.#fold(id);
    }
  }

  /** The interface that a flow names; undefined: none of this machine's, or one long gone. */
  get(id: number): InterfaceEntry | undefined {
    return this.#entries.get(id);
  }

  name(id: number): string | undefined {
    return this.#entries.get(id)?.reading.name;
  }

  /** Adds to what is compared with the interface's counters. The difference is without second copies. */
  cover(entry: InterfaceEntry, kind: number, difference: Float64Array): void {
    // What an interface that vanished counted after its last reading is not known.
    if (entry.firstInterval === this.#interval.number || !entry.reading.present) return;
    const at = (PART_OF_KIND[kind] ?? 0) * PART_WIDTH;
    addNumbers(entry.parts, at + PART_DEVICE_BYTES, difference, DEVICE, 2);
    addNumbers(entry.parts, at + PART_WIRE_BYTES, difference, BYTES, 2);
    addNumbers(entry.parts, at + PART_DEVICE_PACKETS, difference, PACKETS_ON_DEVICE, 2);
    addNumbers(entry.parts, at + PART_WIRE_PACKETS, difference, PACKETS, 2);
  }

  /** One row per name; those that are gone keep theirs. */
  coverage(): InterfaceCoverage[] {
    const rows = [...this.byName().values()].map((entries) => {
      return mergeCoverage(entries.map((entry) => coverageOf({ ...entry.reading, ...entry })));
    });
    if (this.#earlierCoverage !== undefined) rows.push(this.#earlierCoverage);
    return rows.filter((row) => row !== undefined);
  }

  /** In the order of their first reading. */
  byName(): Map<string, InterfaceEntry[]> {
    const names = new Map<string, InterfaceEntry[]>();
    for (const entry of this.#entries.values()) {
      const { name } = entry.reading;
      const entries = names.get(name) ?? [];
      entries.push(entry);
      names.set(name, entries);
    }
    return names;
  }

  #take(reading: InterfaceReading): void {
    const { id, rxBytes, txBytes } = reading;
    const known = this.#entries.get(id);
    if (known === undefined) {
      this.#entries.set(id, {
        reading,
        rxBytes: 0,
        txBytes: 0,
        parts: new Float64Array(PARTS.length * PART_WIDTH),
        tally: new Tally(),
        firstInterval: this.#interval.number,
      });
    } else {
      known.rxBytes += growth(known.reading.rxBytes, rxBytes);
      known.txBytes += growth(known.reading.txBytes, txBytes);
      known.reading = reading;
    }
    if (reading.present) this.#vanished.delete(id);
    else this.#vanished.add(id);
  }

  #fold(id: number): void {
    const entry = this.#entries.get(id);
    this.#vanished.delete(id);
    this.#entries.delete(id);
    if (entry === undefined) return;
    this.earlier.merge(entry.tally, this.#interval);
    const gone = { ...coverageOf({ ...entry.reading, ...entry }), name: EARLIER, present: false };
    const before = this.#earlierCoverage === undefined ? [] : [this.#earlierCoverage];
    this.#earlierCoverage = mergeCoverage([...before, gone]);
  }
}

/** A driver that was reset counts from zero again: then all it shows is new. */
function growth(before: number, now: number): number {
  return now >= before ? now - before : now;
}

const PART_OF_KIND = FLOW_KINDS.map((kind) =>
  Math.max(0, (PARTS as readonly string[]).indexOf(kind)),
);
