/** The busiest of many, without sorting them all. */

/** Active rows by what they did in the interval; behind them idle ones by what they did altogether. */
export function busyness(deltaBytes: number, totalBytes: number): number {
  return deltaBytes > 0 ? 1 + deltaBytes : 1 - 1 / (1 + totalBytes);
}

/** Positions of the `limit` highest scores, the highest first, equal ones in the order they came. */
export function busiest(scores: Float64Array, limit: number): number[] {
  const chosen = scores.length <= limit ? [...scores.keys()] : above(scores, limit);
  return chosen.sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0));
}

/** Numbers sort natively, many times faster than with a comparison. */
function above(scores: Float64Array, limit: number): number[] {
  if (limit <= 0) return [];
  const threshold = Float64Array.from(scores).sort()[scores.length - limit] ?? 0;
  const chosen: number[] = [];
  let roomForEqual = limit;
  for (const score of scores) if (score > threshold) roomForEqual -= 1;
  for (const [i, score] of scores.entries()) {
    if (score > threshold) chosen.push(i);
    else if (score === threshold && roomForEqual-- > 0) chosen.push(i);
  }
  return chosen;
}
