/** Sums a series up to bars of equal time (pure). */

import type { Columns } from "../store/series.ts";

export interface Bars {
  /** Mean bytes per second of each bar. */
  readonly rx: readonly number[];
  readonly tx: readonly number[];
  readonly rxPeak: number;
  readonly txPeak: number;
  readonly peak: number;
}

export function bars(
  { atMs, rx, tx }: Columns,
  { fromMs, toMs, count }: { fromMs: number; toMs: number; count: number },
): Bars {
  const down = new Array<number>(count).fill(0);
  const up = new Array<number>(count).fill(0);
  const seen = new Array<number>(count).fill(0);
  const barMs = (toMs - fromMs) / count;
  // Bars stand at round times: they move on as a whole and never change once they are past.
  const lastBar = Math.floor(toMs / barMs);
  atMs.forEach((at, index) => {
    const bar = count - 1 - (lastBar - Math.floor(at / barMs));
    if (bar < 0 || rx[index] === null) return;
    down[bar] = (down[bar] ?? 0) + (rx[index] ?? 0);
    up[bar] = (up[bar] ?? 0) + (tx[index] ?? 0);
    seen[bar] = (seen[bar] ?? 0) + 1;
  });
  const mean = (sum: number, bar: number) => sum / Math.max(1, seen[bar] ?? 1);
  const means = { rx: down.map(mean), tx: up.map(mean) };
  const rxPeak = Math.max(...means.rx);
  const txPeak = Math.max(...means.tx);
  return { ...means, rxPeak, txPeak, peak: Math.max(rxPeak, txPeak) };
}

/** Outlines of all bars of a direction in one path each, and the line between them. */
export interface SparkPaths {
  readonly down: string;
  readonly up: string;
  readonly axis: string;
}

/** One scale for both: the line lies where each direction has the room it needs. */
export function sparkPaths(
  { rx, tx, rxPeak, txPeak }: Bars,
  { width, height }: { readonly width: number; readonly height: number },
): SparkPaths {
  const room = height - 2;
  const scale = room / (rxPeak + txPeak);
  const middle = 1 + Math.round(rxPeak * scale * 2) / 2;
  const slot = width / rx.length;
  const bar = Math.round(slot * 6.6) / 10;
  const outline = (values: readonly number[], sign: 1 | -1) => {
    let path = "";
    for (let at = 0; at < values.length; at += 1) {
      const value = values[at] ?? 0;
      if (value === 0) continue;
      const tall = Math.max(LEAST, Math.round(value * scale * 2) / 2) * sign;
      path += `M${Math.round(at * slot * 10) / 10} ${middle}v${tall}h${bar}v${-tall}z`;
    }
    return path;
  };
  return { down: outline(rx, -1), up: outline(tx, 1), axis: `M0 ${middle}h${width}` };
}

/** What moved at all is seen. */
const LEAST = 1;
