/** Rates on a slider (pure): as far from 64 to 128 kbit/s as from 1 to 2 Gbit/s. */

/** Positions; the last one is "no cap". */
export const STEPS = 200;
const LEAST = 1_000;
/** 10 Gbit/s: more can be typed. */
const MOST = 1_250_000_000;

/** Bytes a second at a position, in round bits. */
export function rateAt(position: number): number {
  const share = Math.max(0, Math.min(STEPS - 1, position)) / (STEPS - 1);
  const bits = 8 * LEAST * (MOST / LEAST) ** share;
  const unit = 10 ** (Math.floor(Math.log10(bits) + 1e-9) - 1);
  return (Math.round(bits / unit) * unit) / 8;
}

export function positionOf(bytesPerSecond: number): number {
  const share = Math.log(bytesPerSecond / LEAST) / Math.log(MOST / LEAST);
  return Math.round(Math.max(0, Math.min(1, share)) * (STEPS - 1));
}
