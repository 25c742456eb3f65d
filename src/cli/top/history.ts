/** The last minutes of the live stream, for sparklines; bounded in time and in programs. */

import type { ActivityRow, LiveSample } from "../../model/live.ts";
import { type Bytes, bytesIn, machineBytes, type Scope } from "./scope.ts";

/** Ten minutes of samples at the usual interval; the oldest goes. */
export const MAX_MOMENTS = 600;
/** The busiest programs of each moment; sparklines of others stay flat. */
const MAX_PROGRAMS = 200;

/** A sample that can be asked for a program. */
export interface Moment {
  readonly sample: LiveSample;
  readonly byKey: ReadonlyMap<string, ActivityRow>;
}

/** @returns a new array. The newest moment knows all its programs, older ones only the busiest. */
export function remember(moments: readonly Moment[], sample: LiveSample): readonly Moment[] {
  const kept = moments.slice(-(MAX_MOMENTS - 1));
  const last = kept.at(-1);
  if (last !== undefined && last.byKey.size > MAX_PROGRAMS) {
    kept[kept.length - 1] = momentOf({
      ...last.sample,
      applications: last.sample.applications.slice(0, MAX_PROGRAMS),
    });
  }
  return [...kept, momentOf(sample)];
}

function momentOf(sample: LiveSample): Moment {
  return { sample, byKey: new Map(sample.applications.map((row) => [row.key, row])) };
}

export interface Rates {
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
}

/** Of a program in the newest sample. */
export function ratesNow(moments: readonly Moment[], key: string, scope: Scope): Rates {
  const last = moments.at(-1);
  const row = last?.byKey.get(key);
  if (last === undefined || row === undefined) return { rxBytesPerSecond: 0, txBytesPerSecond: 0 };
  return perSecond(bytesIn(row, scope), last.sample.intervalMs);
}

/** Of the machine in the newest sample. */
export function machineRates(moments: readonly Moment[], scope: Scope): Rates {
  const last = moments.at(-1)?.sample;
  if (last === undefined) return { rxBytesPerSecond: 0, txBytesPerSecond: 0 };
  return perSecond(machineBytes(last, scope), last.intervalMs);
}

/** The last `count` samples of a program, oldest first; fewer where there are fewer. */
export function programSeries(
  moments: readonly Moment[],
  { key, scope, count }: { key: string; scope: Scope; count: number },
): readonly Rates[] {
  return moments.slice(-count).map(({ sample, byKey }) => {
    const row = byKey.get(key);
    const bytes = row === undefined ? { rxBytes: 0, txBytes: 0 } : bytesIn(row, scope);
    return perSecond(bytes, sample.intervalMs);
  });
}

/**
 * The machine's mean rates in `count` cells of `cellMs` each, oldest first. Cells begin at multiples of their length, so
 * that a bar keeps its height while it moves to the left.
 */
export function machineSeries(
  moments: readonly Moment[],
  { scope, count, cellMs }: { scope: Scope; count: number; cellMs: number },
): readonly Rates[] {
  const last = moments.at(-1);
  if (last === undefined) return [];
  const newest = Math.floor(last.sample.atMs / cellMs);
  const cells = Array.from({ length: count }, () => ({ rxBytes: 0, txBytes: 0, ms: 0 }));
  for (const { sample } of moments) {
    const cell = cells[count - 1 - (newest - Math.floor(sample.atMs / cellMs))];
    if (cell === undefined) continue;
    const { rxBytes, txBytes } = machineBytes(sample, scope);
    cell.rxBytes += rxBytes;
    cell.txBytes += txBytes;
    cell.ms += sample.intervalMs;
  }
  return cells.map((cell) => perSecond(cell, cell.ms));
}

function perSecond({ rxBytes, txBytes }: Bytes, intervalMs: number): Rates {
  const factor = intervalMs > 0 ? 1000 / intervalMs : 0;
  return { rxBytesPerSecond: rxBytes * factor, txBytesPerSecond: txBytes * factor };
}
