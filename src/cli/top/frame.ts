/** Lines of styled text, each exactly as wide as the screen. */

import { safe } from "../terminal.ts";
import { fit, pad, textWidth } from "../text-width.ts";

export type Tone =
  | "plain"
  | "bold"
  | "dim"
  | "down"
  | "up"
  | "error"
  | "warning"
  | "chosen"
  | "bar";

export interface Piece {
  readonly text: string;
  readonly tone: Tone;
}

export type Line = readonly Piece[];

/** Text from anywhere: what could move the cursor is written out. */
export function piece(text: string, tone: Tone = "plain"): Piece {
  return { text: safe(text), tone };
}

/** A cell of fixed width: nothing beside it ever moves. */
export function cell(
  text: string,
  width: number,
  { align = "left", tone = "plain" }: CellForm = {},
): Piece {
  return { text: pad(fit(safe(text), width), width, align), tone };
}

export interface CellForm {
  readonly align?: "left" | "right";
  readonly tone?: Tone;
}

/** `left` and `right` at the edges of the screen; where both do not fit, `right` is left out, then `left` is cut. */
export function spread(left: Line, right: Line, width: number): Line {
  const gap = width - widthOf(left) - widthOf(right);
  if (gap < 1) return filled(left, width);
  return [...left, { text: " ".repeat(gap), tone: "plain" }, ...right];
}

/** Cut or filled up to the width. */
export function filled(line: Line, width: number): Line {
  const kept: Piece[] = [];
  let left = width;
  for (const { text, tone } of line) {
    if (left <= 0) break;
    const shown = textWidth(text) <= left ? text : pad(fit(text, left), left, "left");
    kept.push({ text: shown, tone });
    left -= textWidth(shown);
  }
  if (left > 0)
    kept.push({
      text: " ".repeat(left),
      tone: kept.at(-1)?.tone === "chosen" ? "chosen" : "plain",
    });
  return kept;
}

export function widthOf(line: Line): number {
  return line.reduce((sum, { text }) => sum + textWidth(text), 0);
}
