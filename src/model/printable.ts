/** Makes text from a hostile process safe to print: names, arguments and paths may hold any bytes. */

const DEFAULT_LIMIT = 256;

/** Control characters (C0, DEL, C1, the ESC of ANSI sequences), line separators, and everything that is invisible
 * or turns the reading direction: bidi controls, zero-width characters, variation selectors, blank fillers. */
const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;

// Browsers and Node both have it; the types of neither are loaded here.
declare const TextDecoder: new (
  label: string,
  options: { ignoreBOM: boolean },
) => { decode(bytes: Uint8Array): string };

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });

/** `value` with what cannot be seen written as \xNN or \u{...} and invalid UTF-8 as U+FFFD, at most `limit` characters;
 * longer text ends in "…". Applying it twice changes nothing. */
export function printable(value: string | Uint8Array, limit = DEFAULT_LIMIT): string {
  const text = typeof value === "string" ? value : decodeStart(value, limit);
  if (text.length <= limit && text.isWellFormed() && !UNPRINTABLE.test(text)) return text;
  const written: string[] = [];
  let length = 0;
  let fitting = 0; // pieces that leave room for the "…"
  for (const character of text.slice(0, 2 * limit + 2).toWellFormed()) {
    const piece = UNPRINTABLE.test(character) ? escaped(character) : character;
    length += piece === character ? 1 : piece.length;
    written.push(piece);
    if (length <= limit - 1) fitting = written.length;
    if (length > limit) return `${written.slice(0, fitting).join("")}…`;
  }
  return written.join("");
}

// No more bytes than can matter: a UTF-8 character has four at most.
function decodeStart(bytes: Uint8Array, limit: number): string {
  return decoder.decode(bytes.length > 4 * limit + 4 ? bytes.subarray(0, 4 * limit + 4) : bytes);
}

function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  const digits = code.toString(16);
  return code < 0x100 ? `\\x${digits.padStart(2, "0")}` : `\\u{${digits}}`;
}
