/** A mirrored chart as data, so that another thread can paint it. */

import type { Palette } from "../look/palette.ts";
import type { Scale } from "./scale.ts";

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** A word under the time axis. */
export interface TimeWord {
  readonly atMs: number;
  readonly text: string;
  /** "left": it begins there. In the middle it is left out where it would reach beyond an edge. */
  readonly align: "left" | "center" | "right";
}

/** Rates at each time; NaN: nothing is known. Crosses to another thread as a block of memory. */
export interface Rates {
  readonly atMs: Float64Array;
  readonly rx: Float64Array;
  readonly tx: Float64Array;
}

export interface Picture extends Span {
  readonly rates: Rates;
  readonly scale: Scale;
  /** The lines' own words, in their order. */
  readonly lineTexts: readonly string[];
  /** Where both directions have a scale of their own: how they differ. */
  readonly splitText: string | undefined;
  readonly times: readonly TimeWord[];
  /** Another time laid over this one, as a thin line: what it is compared with. */
  readonly other: Rates | undefined;
  /** Hatched: nothing is known of them. */
  readonly holes: readonly Span[];
  /** Small triangles on the lower edge. */
  readonly marks: readonly number[];
  /** The point that the pointer is nearest to. */
  readonly pointed: number | undefined;
}

export interface Look {
  readonly colours: Palette;
  /** CSS pixels. */
  readonly width: number;
  readonly height: number;
  /** Device pixels in a CSS pixel. */
  readonly ratio: number;
}

/** Of all words on a chart, in device pixels. */
export function fontOf({ colours, ratio }: Look): string {
  return colours.font.replace(/^\d+/, String(11 * ratio));
}

/** Room above the plot, and under it for the times, CSS pixels. */
export const ABOVE = 10;
export const BELOW = 24;
