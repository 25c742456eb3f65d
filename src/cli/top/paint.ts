/** Lines of the live screen as text with the escape sequences of this terminal. */

import { textWidth } from "../text-width.ts";
import type { Line, Tone } from "./frame.ts";

export interface PaintOptions {
  /** Bits of a colour, as a stream's getColorDepth() says; 1: none. */
  readonly colorDepth: number;
  readonly ascii: boolean;
}

export function paint(line: Line, { colorDepth, ascii }: PaintOptions): string {
  const codes = colorDepth >= 8 ? MANY : colorDepth > 1 ? FEW : NONE;
  return line
    .map(({ text, tone }) => {
      const shown = ascii ? toAscii(text) : text;
      const code = codes[tone];
      return code === "" ? shown : `\x1b[${code}m${shown}\x1b[0m`;
    })
    .join("");
}

/** Whether the terminal of this environment shows more than ASCII: the first that is set decides, as in setlocale(3). */
export function isUnicode({ LC_ALL, LC_CTYPE, LANG }: NodeJS.ProcessEnv): boolean {
  return /utf-?8/i.test(LC_ALL || LC_CTYPE || LANG || "");
}

type Codes = Readonly<Record<Tone, string>>;

// NO_COLOR asks for no colours; bold and inverse text are none.
const NONE: Codes = {
  plain: "",
  bold: "1",
  dim: "2",
  down: "",
  up: "",
  error: "1",
  warning: "1",
  chosen: "7",
  bar: "7",
};
const FEW: Codes = { ...NONE, down: "94", up: "33", error: "91", warning: "33" };
// Blue and orange differ for every kind of colour blindness.
const MANY: Codes = { ...FEW, down: "38;5;75", up: "38;5;214" };

function toAscii(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  const characters = [...text].map((character) => {
    if (character === "…") return "~";
    return /^[\x20-\x7e]$/.test(character) ? character : "?".repeat(textWidth(character));
  });
  return characters.join("");
}
