/** The rows below the head: a view, or an application with its processes and connections. */

import { clock } from "../answer.ts";
import { safe } from "../terminal.ts";
import { textWidth } from "../text-width.ts";
import { rowLine, sparkWidth, type TableForm, titleLine } from "./columns.ts";
import { type Line, piece } from "./frame.ts";
import { fullBar } from "./head.ts";
import type { LayoutOptions } from "./layout.ts";
import { rowsOf, type TopRow } from "./rows.ts";
import { processId, shownData, type TopState, type View } from "./state.ts";

/** At most `rows` lines. */
export function bodyOf(state: TopState, options: LayoutOptions): readonly Line[] {
  return state.detail === undefined
    ? viewLines(state, options)
    : detailLines(state, state.detail, options);
}

function viewLines(state: TopState, options: LayoutOptions): readonly Line[] {
  const { view } = state;
  const { rows } = rowsOf(state, view);
  const { seen } = pageAround(rows, state.chosen, options.rows - 1);
  const form = formOf(seen, state, options);
  const chosen = state.chosen ?? rows[0]?.id;
  const lines = seen.map((row) => rowLine(row, view, { ...form, chosen: row.id === chosen }));
  return [titleLine(view, form), ...(lines.length > 0 ? lines : [nothing(state)])];
}

function nothing({ filter, data }: TopState): Line {
  if (data.moments.length === 0) return [];
  const text = filter === "" ? "Nothing yet." : "Nothing fits. Esc removes the filter.";
  return [piece(`  ${text}`, "dim")];
}

interface Entry {
  readonly id: string | undefined;
  line(form: TableForm): Line;
}

function detailLines(state: TopState, key: string, options: LayoutOptions): readonly Line[] {
  const facts = factLines(state, key, options.columns);
  const processes = rowsOf(state, "processes", key).rows;
  const connections = rowsOf(state, "connections", key).rows;
  const chosen = state.chosen ?? processes[0]?.id ?? connections[0]?.id;
  const section = (title: string, view: View, rows: readonly TopRow[]): Entry[] => [
    { id: undefined, line: () => [piece(`${title} (${rows.length})`, "bold")] },
    { id: undefined, line: (form) => titleLine(view, form) },
    ...rows.map((row) => ({
      id: row.id,
      line: (form: TableForm) => rowLine(row, view, { ...form, chosen: row.id === chosen }),
    })),
  ];
  const entries: Entry[] = [
    ...facts.map((line) => ({ id: undefined, line: () => line })),
    ...section("Processes", "processes", processes),
    ...section("Connections", "connections", connections),
  ];
  const { seen } = pageAround(entries, state.chosen, options.rows);
  const form = formOf(
    [...processes.slice(0, options.rows), ...connections.slice(0, options.rows)],
    state,
    options,
  );
  return seen.map((entry) => entry.line(form));
}

function factLines(state: TopState, key: string, width: number): Line[] {
  const { known, processes } = shownData(state);
  const row = known.get(key)?.row;
  if (row === undefined) return [];
  const { path, user, unit, container, startedAtMs, carries } = row;
  const own = processes.filter((each) => each.key === key);
  const process = own.find((each) => processId(each) === state.chosen) ?? own[0];
  const facts: [title: string, text: string | null][] = [
    ["User", user],
    ["Unit", unit],
    ["Container", container && `${container.name ?? ""} ${container.id.slice(0, ID_LENGTH)}`],
    ["Since", startedAtMs === null ? null : clock(startedAtMs)],
    ["Carries", carries],
  ];
  const short = facts.flatMap(([title, text]) => fact(title, text));
  // In the table there is little room for them.
  const command = process === undefined ? "" : safe(`Command ${process.arguments.join(" ")}`);
  // A line each: paths and arguments are long.
  return [
    fact("Path", path),
    ...wrapped(command, width)
      .slice(0, MAX_COMMAND_LINES)
      .map((text) => [piece(text)]),
    short,
  ].filter((line) => line.length > 0);
}

/** As long as docker prints it. */
const ID_LENGTH = 12;

const MAX_COMMAND_LINES = 3;

/** Between any two characters: arguments are no prose. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = "";
  let used = 0;
  for (const character of text) {
    const taken = textWidth(character);
    if (used + taken > width) {
      lines.push(line);
      line = "";
      used = 0;
    }
    line += character;
    used += taken;
  }
  return line === "" ? lines : [...lines, line];
}

function fact(title: string, text: string | null): Line {
  return text === null || text === "" ? [] : [piece(`${title} `, "dim"), piece(`${text}   `)];
}

/** The page that the chosen one is on: rows stay where they are until the next page. */
function pageAround<T extends { readonly id: string | undefined }>(
  all: readonly T[],
  chosen: string | undefined,
  height: number,
): { seen: readonly T[] } {
  const page = Math.max(1, height);
  const at =
    chosen === undefined
      ? 0
      : Math.max(
          0,
          all.findIndex(({ id }) => id === chosen),
        );
  const start = Math.floor(at / page) * page;
  return { seen: all.slice(start, start + page) };
}

function formOf(seen: readonly TopRow[], state: TopState, options: LayoutOptions): TableForm {
  const { columns: width, ascii } = options;
  const spark = sparkWidth(width);
  const topRate = fullBar(seen.flatMap((row) => row.series(spark)));
  return { width, ascii, bytes: state.bytes, sort: state.sort, topRate };
}
