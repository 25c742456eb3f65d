/** Small bars that fit into a line of text. */

const BARS = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const;
/** For terminals without Unicode: lower and taller. */
const ASCII_BARS = [" ", "_", ".", ",", "-", "=", "+", "*", "#"] as const;

export interface SparklineForm {
  readonly width: number;
  /** The value of a full bar. */
  readonly top: number;
  readonly ascii: boolean;
}

/** The last values, the newest at the right; blanks where there is none, and the lowest bar for the least of bytes. */
export function sparkline(values: readonly number[], { width, top, ascii }: SparklineForm): string {
  const bars = ascii ? ASCII_BARS : BARS;
  const shown = values.slice(-width).map((value) => bars[level(value, top)] ?? " ");
  return shown.join("").padStart(width);
}

// The square root keeps a small flow visible beside a large one, and 0 apart from all.
function level(value: number, top: number): number {
  if (!(value > 0) || !(top > 0)) return 0;
  return Math.max(1, Math.min(8, Math.ceil(8 * Math.sqrt(value / top))));
}
