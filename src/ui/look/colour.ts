/** A quiet colour for each application, the same wherever it shows; never blue or orange, which mean a direction. */

/** White letters keep a contrast of 4.5 on each (WCAG 1.4.3). Left out: red, which means a fault. */
export const COLOURS = [
  "#7c5cc4",
  "#1d7f77",
  "#b04a8f",
  "#7c6a14",
  "#3f8046",
  "#8d5a9e",
  "#5b6a7d",
  "#a84a6e",
  "#2f6f58",
  "#7a5f50",
  "#5f4f9a",
  "#66752c",
  "#8a4a5c",
  "#557a5b",
  "#7d6587",
] as const;

/** Traffic without a program. */
export const PLAIN = "#6b7480";

/** Position in COLOURS: the one that the key's text stands for, or the next of those that are used least. */
export function pickColour(key: string, uses: readonly number[]): number {
  const least = Math.min(...COLOURS.map((_, at) => uses[at] ?? 0));
  const wanted = hashOf(key) % COLOURS.length;
  for (let step = 0; step < COLOURS.length; step += 1) {
    const at = (wanted + step) % COLOURS.length;
    if ((uses[at] ?? 0) === least) return at;
  }
  return wanted;
}

export function isPlain(key: string): boolean {
  return key.startsWith("remainder:") || key === "kernel" || key === "unknown";
}

/** The first letter or digit of a name, for its mark. */
export function initialOf(name: string): string {
  const [first = "?"] = /[\p{L}\p{N}]/u.exec(name) ?? [];
  return first.toLocaleUpperCase("en");
}

/** FNV-1a, mixed once more: its low bits alone are alike for names that end alike. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let at = 0; at < text.length; at += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
