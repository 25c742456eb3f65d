/** Shares of a whole as arcs (pure). */

import { largest } from "../store/largest.ts";

export interface Part {
  readonly key: string;
  readonly name: string;
  readonly bytes: number;
}

export interface Slice extends Part {
  /** 0..1 */
  readonly share: number;
  /** Path of an SVG ring segment around 0,0 with an outer radius of 1. */
  readonly path: string;
}

/** Slices with a name; the others are one. */
export const MAX_SLICES = 5;
export const OTHERS = "others";

const INNER = 0.68;
/** Between two slices, radians. */
const BREAK = 0.03;

/** The largest parts, largest first, and one for all others. Empty where nothing is there to share. */
export function donut(parts: readonly Part[], more = { count: 0, bytes: 0 }): Slice[] {
  const seen = parts.filter(({ bytes }) => bytes > 0);
  const total = sumOf(seen) + more.bytes;
  const count = seen.length + more.count;
  const named = largest(seen, count > MAX_SLICES + 1 ? MAX_SLICES : count, ({ bytes }) => bytes);
  const others = count - named.length;
  const all = [
    ...named,
    ...(others === 0
      ? []
      : [{ key: OTHERS, name: othersText(others), bytes: total - sumOf(named) }]),
  ];
  let from = 0;
  return all.map((part) => {
    const share = part.bytes / total;
    const slice = { ...part, share, path: ring(from, from + share) };
    from += share;
    return slice;
  });
}

function sumOf(parts: readonly Part[]): number {
  return parts.reduce((sum, { bytes }) => sum + bytes, 0);
}

function othersText(count: number): string {
  return count === 1 ? "1 other" : `${count} others`;
}

/** An arc that ends where it began is none, and what is written has three places. */
const WHOLE = 0.003;

function ring(from: number, to: number): string {
  const isWhole = to - from > 0.9999;
  const gap = isWhole ? 0 : Math.min(BREAK, (to - from) * Math.PI) / 2;
  const start = from * 2 * Math.PI + gap;
  const end = isWhole ? start + 2 * Math.PI - WHOLE : to * 2 * Math.PI - gap;
  const large = end - start > Math.PI ? 1 : 0;
  return [
    `M${point(start, 1)}`,
    `A1,1 0 ${large} 1 ${point(end, 1)}`,
    `L${point(end, INNER)}`,
    `A${INNER},${INNER} 0 ${large} 0 ${point(start, INNER)}`,
    "Z",
  ].join("");
}

/** Clockwise from the top. */
function point(angle: number, radius: number): string {
  return `${(Math.sin(angle) * radius).toFixed(3)},${(-Math.cos(angle) * radius).toFixed(3)}`;
}
