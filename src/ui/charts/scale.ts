/** The axis of a mirrored chart: download above the line, upload below (pure). */

export interface GridLine {
  /** Where it is drawn, in plot units: bytes per second of download above, minus scaled upload below. */
  readonly at: number;
  readonly bytesPerSecond: number;
}

export interface Scale {
  readonly top: number;
  readonly bottom: number;
  /** Upload is drawn so many times larger than download; 1: one scale for both. */
  readonly factor: number;
  readonly lines: readonly GridLine[];
}

export interface Peaks {
  readonly rx: number;
  readonly tx: number;
  /** Values of the axis are round in this unit: 1/8 for bits, 1 for bytes. */
  readonly unit: number;
  /** Whether there were two scales before: the change back waits for a clear reason. */
  readonly wasSplit: boolean;
}

/** Directions that differ more get a scale each. */
const SPLIT_RATIO = 10;
const JOIN_RATIO = 7;
/** An idle chart must not magnify single packets: 1 kbit/s at least. */
const LEAST_BYTES_PER_SECOND = 125;
/** The smaller direction keeps this share of the larger one's height, to be seen at all. */
const LEAST_SHARE = 0.3;
/** A line nearer to the edge has no room for its label. */
const ROOM = 0.9;
const TOPS = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10] as const;
const STEPS = [1, 2, 2.5, 5, 10] as const;

export function chooseScale({ rx, tx, unit, wasSplit }: Peaks): Scale {
  const top = roundTop(rx, unit);
  const bottom = roundTop(tx, unit);
  const larger = Math.max(top, bottom);
  const ratio = larger / Math.min(top, bottom);
  const isSplit = rx > 0 && tx > 0 && ratio > (wasSplit ? JOIN_RATIO : SPLIT_RATIO);
  if (!isSplit) {
    const least = larger * LEAST_SHARE;
    const step = stepOf(larger, unit);
    return {
      top: Math.max(top, least),
      bottom: -Math.max(bottom, least),
      factor: 1,
      lines: [
        ...linesUpTo(Math.max(top, least), step, 1),
        ...linesUpTo(Math.max(bottom, least), step, -1),
      ],
    };
  }
  // The larger direction gets three fifths.
  const factor = ((top >= bottom ? 2 / 3 : 3 / 2) * top) / bottom;
  return {
    top,
    bottom: -bottom * factor,
    factor,
    lines: [
      ...linesUpTo(top, stepOf(top, unit), 1),
      ...linesUpTo(bottom, stepOf(bottom, unit), -factor),
    ],
  };
}

function roundTop(peak: number, unit: number): number {
  return roundUp(Math.max(peak * 1.06, LEAST_BYTES_PER_SECOND), { unit, ladder: TOPS });
}

/** One to three lines. */
function stepOf(top: number, unit: number): number {
  return roundUp(top / 4, { unit, ladder: STEPS });
}

function roundUp(
  bytesPerSecond: number,
  { unit, ladder }: { unit: number; ladder: readonly number[] },
): number {
  const value = bytesPerSecond / unit;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = ladder.find((one) => one * power >= value * (1 - 1e-9)) ?? 10;
  return step * power * unit;
}

function linesUpTo(top: number, step: number, factor: number): GridLine[] {
  const lines: GridLine[] = [];
  for (let count = 1; count * step <= top * ROOM; count += 1) {
    lines.push({ at: count * step * factor, bytesPerSecond: count * step });
  }
  return lines;
}

/** Times for the axis, at round moments of the clock between both ends, milliseconds. */
export function timeLines(fromMs: number, toMs: number): number[] {
  const stepMs = TIME_STEPS_MS.find((step) => (toMs - fromMs) / step <= 5) ?? 300_000;
  const found: number[] = [];
  for (let at = Math.ceil(fromMs / stepMs) * stepMs; at < toMs; at += stepMs) found.push(at);
  return found;
}

const TIME_STEPS_MS = [15_000, 30_000, 60_000, 180_000, 300_000] as const;
