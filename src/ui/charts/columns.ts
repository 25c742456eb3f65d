/** What is asked of the columns of a chart (pure). */

import type { Columns } from "../store/series.ts";
import type { Rates, Span } from "./mirror-picture.ts";

export function peakOf(values: readonly (number | null)[]): number {
  let peak = 0;
  for (const value of values) if (value !== null && value > peak) peak = value;
  return peak;
}

/** The point that is nearest to a place, where 0 is the left edge and 1 the right. */
export function nearest(
  { columns: { atMs }, fromMs, toMs }: Span & { readonly columns: Columns },
  share: number,
): number | undefined {
  const wanted = fromMs + share * (toMs - fromMs);
  let found: number | undefined;
  let least = Number.POSITIVE_INFINITY;
  atMs.forEach((at, index) => {
    const distance = Math.abs(at - wanted);
    if (at < fromMs || distance >= least) return;
    [found, least] = [index, distance];
  });
  return found;
}

export function ratesOf({ atMs, rx, tx }: Columns): Rates {
  const known = (values: readonly (number | null)[]) =>
    Float64Array.from(values, (value) => value ?? Number.NaN);
  return { atMs: Float64Array.from(atMs), rx: known(rx), tx: known(tx) };
}
