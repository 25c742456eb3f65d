/** Which application has which colour: kept by the browser, so that it is the same tomorrow. */

import { COLOURS, isPlain, PLAIN, pickColour } from "../look/colour.ts";

const STORED = "monitauri.colours";
/** Applications whose colour is remembered; later ones get the colour that their key stands for. */
const MAX_REMEMBERED = 300;
/** New ones come in bunches: they are written together. */
const SAVE_MS = 2_000;

const known = restore();
const uses = new Array<number>(COLOURS.length).fill(0);
for (const at of known.values()) uses[at] = (uses[at] ?? 0) + 1;
let saving: ReturnType<typeof setTimeout> | undefined;

export function colourOf(key: string): string {
  if (isPlain(key)) return PLAIN;
  let at = known.get(key);
  if (at === undefined) {
    const isFull = known.size >= MAX_REMEMBERED;
    at = pickColour(key, isFull ? [] : uses);
    if (!isFull) remember(key, at);
  }
  return COLOURS[at] ?? PLAIN;
}

/** Of what is no application: the first that was seen of a kind has the first colour, so that neighbours differ. */
export function colourIn(kind: string, key: string): string {
  if (isPlain(key) || key.startsWith(":")) return PLAIN;
  const seen = kinds.get(kind) ?? [];
  kinds.set(kind, seen);
  let at = seen.indexOf(key);
  if (at < 0 && seen.length < MAX_SEEN) at = seen.push(key) - 1;
  return at < 0 ? PLAIN : (COLOURS[(at * STEP) % COLOURS.length] ?? PLAIN);
}

const kinds = new Map<string, string[]>();
/** Of one kind, as long as the page is open. */
const MAX_SEEN = 300;
/** Has no divisor in common with the number of colours: all are used, and neighbours in the list are far apart. */
const STEP = 4;

function remember(key: string, at: number): void {
  known.set(key, at);
  uses[at] = (uses[at] ?? 0) + 1;
  if (saving === undefined) saving = setTimeout(save, SAVE_MS);
}

function save(): void {
  saving = undefined;
  try {
    localStorage.setItem(STORED, JSON.stringify([...known]));
  } catch {
    // Without storage colours are the same as long as the page is open.
  }
}

function restore(): Map<string, number> {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORED) ?? "[]");
    if (!Array.isArray(stored)) return new Map();
    return new Map(stored.filter(isEntry).slice(0, MAX_REMEMBERED));
  } catch {
    return new Map();
  }
}

function isEntry(value: unknown): value is [string, number] {
  if (!Array.isArray(value)) return false;
  const [key, at] = value as unknown[];
  return typeof key === "string" && typeof at === "number" && COLOURS[at] !== undefined;
}
