/** The terminal: its size, whether it has colours, and what happens when nobody reads any more. */

import { stripVTControlCharacters, styleText } from "node:util";
import { printable } from "../model/printable.ts";
import { textWidth } from "./text-width.ts";

export interface Terminal {
  /** Columns; undefined where output goes to a file or a program, which get lines in full. */
  readonly columns: number | undefined;
  /** Lines; undefined as above. */
  readonly rows: number | undefined;
  paint(style: Style, text: string): string;
  /** Prints whole lines. */
  print(text: string): void;
  /** Prints lines in the place of those that this function printed last; only where there are columns. */
  redraw(lines: readonly string[]): void;
}

export type Style = "bold" | "dim" | "red" | "green" | "yellow" | "blue";

export function createTerminal(stream: NodeJS.WriteStream = process.stdout): Terminal {
  // `monitauri ps | head`: the reader has what it wanted.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  let drawn: readonly string[] = [];
  return {
    get columns() {
      return stream.isTTY ? stream.columns : undefined;
    },
    get rows() {
      return stream.isTTY ? stream.rows : undefined;
    },
    // Looks at the stream, NO_COLOR and FORCE_COLOR by itself.
    paint: (style, text) => styleText(style, text, { stream }),
    print: (text) => void stream.write(`${text}\n`),
    redraw(lines) {
      const shown = thatFit(lines, stream);
      stream.write(`${above(drawn, stream)}${shown.join("\n")}\n`);
      drawn = shown;
    },
  };
}

/** Names come from programs that may be hostile: escape sequences never reach the terminal. */
export function safe(text: string): string {
  return printable(text, 1_000);
}

/** What is above the screen cannot be drawn over, so no more lines than the screen has. */
function thatFit(lines: readonly string[], { columns, rows }: NodeJS.WriteStream): string[] {
  const room = Math.max(1, rows - 2);
  let used = 0;
  const kept = lines.findIndex((line) => {
    used += linesOnScreen(line, columns);
    return used > room;
  });
  if (kept === -1) return [...lines];
  return [...lines.slice(0, kept), `(${lines.length - kept} more lines; --limit shows fewer)`];
}

// The width is asked anew: a terminal that was made narrower has broken the lines it shows.
function above(drawn: readonly string[], { columns }: NodeJS.WriteStream): string {
  const count = drawn.reduce((sum, line) => sum + linesOnScreen(line, columns), 0);
  return count === 0 ? "" : `\x1b[${count}A\r\x1b[J`;
}

function linesOnScreen(line: string, columns: number): number {
  return Math.max(1, Math.ceil(textWidth(stripVTControlCharacters(line)) / columns));
}
