/** The drawing of an alert's moment: a bar for each point, mirrored, with the threshold as a line (pure). */

import type { AlertEvent } from "../../../model/alert.ts";

export interface EventPaths {
  readonly down: string;
  readonly up: string;
  readonly axis: string;
  /** "" where the rule has none, or one far above all that moved. */
  readonly threshold: string;
  readonly peak: number;
}

export function eventPaths(
  { series, measure }: Pick<AlertEvent, "series" | "measure">,
  { width, height }: { readonly width: number; readonly height: number },
): EventPaths {
  const rx = series.rxBytesPerSecond;
  const tx = series.txBytesPerSecond;
  const rxPeak = Math.max(0, ...rx);
  const txPeak = Math.max(0, ...tx);
  const limit = measure.thresholdBytesPerSecond ?? 0;
  // A threshold far above all bars would press them flat.
  const isNear = limit > 0 && limit <= 3 * Math.max(rxPeak, txPeak);
  const top = Math.max(rxPeak, isNear ? limit : 0);
  const room = height - 2;
  const scale = top + txPeak === 0 ? 0 : room / (top + txPeak);
  const middle = round(1 + top * scale);
  const slot = width / Math.max(1, rx.length);
  const bars = (values: readonly number[], sign: 1 | -1) =>
    values
      .map((value, at) => {
        const tall = round(value * scale) * sign;
        return tall === 0
          ? ""
          : `M${round(at * slot)} ${middle}v${tall}h${round(slot * 0.7)}v${-tall}z`;
      })
      .join("");
  return {
    down: bars(rx, -1),
    up: bars(tx, 1),
    axis: `M0 ${middle}h${width}`,
    threshold: isNear ? `M0 ${round(middle - limit * scale)}h${width}` : "",
    peak: Math.max(rxPeak, txPeak),
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
