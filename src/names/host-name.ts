/** What counts as a host name. Everything else that a network or a program calls a name is refused, never repaired. */

import { latin1Text } from "./byte-reader.ts";

const NAME_LIMIT = 253;
const LABEL = /^[A-Za-z\d_*-]{1,63}$/;

/** Each byte that a name may hold, in lower case; 0: none. Underscores and stars are in real DNS names. */
const LETTERS = letters();

/** Lower case, without the last dot. Undefined where it is no name: other characters than letters, digits, "-", "_"
 * and "*", empty or long labels, or an address (RFC 6066 section 3: an address is no server name). */
export function hostName(text: string): string | undefined {
  const name = text.endsWith(".") ? text.slice(0, -1) : text;
  if (name === "" || text.length > NAME_LIMIT + 1 || name.length > NAME_LIMIT) return undefined;
  const labels = name.split(".");
  if (!labels.every((label) => LABEL.test(label))) return undefined;
  return /^\d+$/.test(labels[labels.length - 1] ?? "") ? undefined : name.toLowerCase();
}

/** The same for bytes. */
export function hostNameOfBytes(bytes: Uint8Array): string | undefined {
  if (bytes.length > NAME_LIMIT + 1) return undefined;
  return hostName(latin1Text(bytes));
}

/** The byte as a name has it, in lower case; 0 where no name may have it. */
export function nameLetter(byte: number): number {
  return LETTERS[byte] as number;
}

function letters(): Uint8Array {
  const table = new Uint8Array(256);
  for (const letter of "abcdefghijklmnopqrstuvwxyz0123456789-_*") {
    table[letter.charCodeAt(0)] = letter.charCodeAt(0);
    table[letter.toUpperCase().charCodeAt(0)] = letter.charCodeAt(0);
  }
  return table;
}
