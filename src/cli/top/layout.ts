/** The whole screen as lines of exactly its width; pure. */

import { fit } from "../text-width.ts";
import { bodyOf } from "./body.ts";
import { filled, type Line, piece, spread, widthOf } from "./frame.ts";
import { headOf } from "./head.ts";
import { helpLines } from "./help.ts";
import { rowsOf } from "./rows.ts";
import { shownData, type TopState, VIEWS } from "./state.ts";

export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
}

export interface LayoutOptions extends ScreenSize {
  /** The terminal shows ASCII alone. */
  readonly ascii: boolean;
}

/** Screens below this height show rows and nothing around them but what is needed. */
const LOW = 12;
const WIDEST = 500;
const HIGHEST = 300;
const FILTER_LABEL = "Filter: ";

/** `rows` lines. */
export function layout(state: TopState, options: LayoutOptions): readonly Line[] {
  const width = Math.min(options.columns, WIDEST);
  const height = Math.min(options.rows, HIGHEST);
  const head = height < LOW ? lostLine(state) : [...headOf(state, { ...options, columns: width })];
  const room = Math.max(1, height - head.length - 2);
  const middle = state.help
    ? helpLines().slice(0, room + 1)
    : [tabLine(state, width), ...bodyOf(state, { ...options, columns: width, rows: room })];
  const lines = [...head, ...middle];
  while (lines.length < height - 1) lines.push([]);
  return [...lines.slice(0, height - 1), footLine(state, width)]
    .slice(-height)
    .map((line) => filled(line, width));
}

/** Rows that are seen at once, for a page up or down. */
export function pageOf({ rows }: ScreenSize): number {
  return Math.max(1, rows - 8);
}

function lostLine({ lost }: TopState): Line[] {
  return lost === undefined ? [] : [[piece(lost, "error")]];
}

function tabLine(state: TopState, width: number): Line {
  const { view, detail, filter, frozen } = state;
  if (detail !== undefined) {
    const name = shownData(state).known.get(detail)?.name ?? detail;
    return spread([piece(name, "bold")], [piece("Esc goes back ", "dim")], width);
  }
  const tabs = VIEWS.flatMap((each, at) => [
    piece(` ${at + 1} ${each[0]?.toUpperCase()}${each.slice(1)} `, each === view ? "bar" : "dim"),
  ]);
  const { rows, count } = rowsOf(state, view);
  const counted = filter === "" ? String(count) : `${rows.length} of ${count}`;
  const paused = frozen === undefined ? [] : [piece("paused  ", "warning")];
  const room = width - widthOf(tabs) - widthOf(paused) - counted.length - 4;
  const shown = filter === "" || room < 1 ? "" : `${fit(filter, room)}  `;
  const right = [...paused, piece(`${shown}${counted} `, filter === "" ? "dim" : "warning")];
  return spread(tabs, right, width);
}

function footLine({ typing, filterError, help }: TopState, width: number): Line {
  if (typing !== undefined) {
    const hint = filterError ?? "Enter keeps it, Esc drops it";
    // What is typed last has to be seen.
    const end = typing.slice(-Math.max(1, width - FILTER_LABEL.length - 1));
    const line = [piece(FILTER_LABEL, "bold"), piece(end), piece("_", "bar")];
    return [...line, piece(`  ${hint}`, filterError === undefined ? "dim" : "error")];
  }
  if (help) return [piece(" Any key goes back", "dim")];
  const keys = KEYS.filter(({ from }) => width >= from);
  return keys.flatMap(({ key, does }) => [piece(` ${key} `, "bar"), piece(`${does} `, "dim")]);
}

const KEYS: readonly { key: string; does: string; from: number }[] = [
  { key: "q", does: "quit", from: 0 },
  { key: "/", does: "filter", from: 30 },
  { key: "Enter", does: "look in", from: 50 },
  { key: "d u t n", does: "sort", from: 62 },
  { key: "i", does: "network", from: 76 },
  { key: "b", does: "bits/bytes", from: 100 },
  { key: "Space", does: "pause", from: 120 },
  { key: "?", does: "help", from: 40 },
];
