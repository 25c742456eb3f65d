/** The terminal: its width, whether it has colours, and what happens when nobody reads any more. */

import { styleText } from "node:util";
import { printable } from "../model/printable.ts";

export interface Terminal {
  /** Columns; undefined where output goes to a file or a program, which get lines in full. */
  readonly columns: number | undefined;
  paint(style: Style, text: string): string;
  /** Prints whole lines. */
  print(text: string): void;
}

export type Style = "bold" | "dim" | "red" | "green" | "yellow";

export function createTerminal(stream: NodeJS.WriteStream = process.stdout): Terminal {
  // `monitauri ps | head`: the reader has what it wanted.
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(0);
    throw error;
  });
  return {
    columns: stream.isTTY ? stream.columns : undefined,
    // Looks at the stream, NO_COLOR and FORCE_COLOR by itself.
    paint: (style, text) => styleText(style, text, { stream }),
    print: (text) => void stream.write(`${text}\n`),
  };
}

/** Names come from programs that may be hostile: escape sequences never reach the terminal. */
export function safe(text: string): string {
  return printable(text, 1_000);
}
