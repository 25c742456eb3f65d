// What a series of measurements says: pure functions, no clock and no chance.

/** A median and the interval that holds the true one with at least 95 %, as far as the pairs allow. */
export interface Estimate {
  readonly median: number;
  readonly low: number;
  readonly high: number;
  /** Probability that the interval holds the true median; below 0.95 with fewer than six pairs. */
  readonly confidence: number;
  readonly pairs: number;
}

const WANTED_CONFIDENCE = 0.95;

/**
 * The median of `with / without` over pairs measured back to back, with a distribution-free interval: the two order
 * statistics between which the median lies by the binomial distribution (Conover, Practical Nonparametric Statistics,
 * 3.2). Drift of the machine cancels within a pair, so ratios are ranked and not the two series.
 * @throws RangeError where there are no pairs, or one has no ratio.
 */
export function ratioOfPairs(pairs: readonly { with: number; without: number }[]): Estimate {
  return estimateMedian(pairs.map((pair) => pair.with / pair.without));
}

/** As `ratioOfPairs`, of the values themselves. */
export function estimateMedian(values: readonly number[]): Estimate {
  if (values.length === 0) throw new RangeError("No pairs: nothing to estimate");
  if (!values.every(Number.isFinite)) throw new RangeError("A pair has no ratio");
  const sorted = values.toSorted((a, b) => a - b);
  const { cut, confidence } = cutOff(sorted.length);
  return {
    median: median(sorted),
    low: sorted[cut] as number,
    high: sorted[sorted.length - 1 - cut] as number,
    confidence,
    pairs: sorted.length,
  };
}

/** NaN of nothing. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** Growth of `y` for each unit of `x` by least squares; 0 where there is no second `x`. */
export function slope(points: readonly { x: number; y: number }[]): number {
  const meanOf = (of: (point: { x: number; y: number }) => number) =>
    points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const meanX = meanOf(({ x }) => x);
  const meanY = meanOf(({ y }) => y);
  const spread = points.reduce((sum, { x }) => sum + (x - meanX) ** 2, 0);
  if (points.length === 0 || spread === 0) return 0;
  return points.reduce((sum, { x, y }) => sum + (x - meanX) * (y - meanY), 0) / spread;
}

/** How many of the smallest and of the largest may be left out. With few pairs none, and the confidence says it. */
function cutOff(count: number): { cut: number; confidence: number } {
  let probability = 0.5 ** count; // Of exactly `cut` values below the median.
  let tail = probability; // Of at most as many.
  let cut = 0;
  let confidence = 1 - 2 * tail;
  for (let next = 1; next <= (count - 1) / 2; next++) {
    probability *= (count - next + 1) / next;
    tail += probability;
    if (1 - 2 * tail < WANTED_CONFIDENCE) break;
    cut = next;
    confidence = 1 - 2 * tail;
  }
  return { cut, confidence };
}
