/** What a key does to the state of the live screen; pure. */

import { rowsOf } from "./rows.ts";
import { nextScope } from "./scope.ts";
import { processId, type SortKey, shownData, type TopState, VIEWS, withFilter } from "./state.ts";

/** A key with a name, or text as it was typed. */
export type Press = { readonly key: NamedKey } | { readonly text: string };
export type NamedKey =
  | "up"
  | "down"
  | "pageUp"
  | "pageDown"
  | "home"
  | "end"
  | "enter"
  | "escape"
  | "tab"
  | "backTab"
  | "backspace";

const MAX_TYPED = 200;

const SORTS: Readonly<Record<string, SortKey>> = {
  a: "rate",
  d: "down",
  u: "up",
  t: "total",
  n: "name",
};

/** `page`: rows that are seen at once. */
export function pressed(state: TopState, press: Press, page: number): TopState {
  if (state.typing !== undefined) return typed(state, press, state.typing);
  if (state.help) return { ...state, help: false };
  return "key" in press ? moved(state, press.key, page) : commanded(state, press.text);
}

function typed(state: TopState, press: Press, typing: string): TopState {
  if ("text" in press) {
    const text = `${typing}${press.text.replace(/\p{C}/gu, "")}`.slice(0, MAX_TYPED);
    return withFilter({ ...state, typing: text }, text);
  }
  switch (press.key) {
    case "enter":
      return state.filterError === undefined ? { ...state, typing: undefined } : state;
    case "escape":
      return withFilter({ ...state, typing: undefined }, "");
    case "backspace": {
      const text = [...typing].slice(0, -1).join("");
      return withFilter({ ...state, typing: text }, text);
    }
    default:
      return state;
  }
}

function moved(state: TopState, key: NamedKey, page: number): TopState {
  switch (key) {
    case "up":
      return choose(state, (at) => at - 1);
    case "down":
      return choose(state, (at) => at + 1);
    case "pageUp":
      return choose(state, (at) => at - page);
    case "pageDown":
      return choose(state, (at) => at + page);
    case "home":
      return choose(state, () => 0);
    case "end":
      return choose(state, () => Number.POSITIVE_INFINITY);
    case "enter":
      return entered(state);
    case "escape":
      return left(state);
    case "tab":
      return withView(state, 1);
    case "backTab":
      return withView(state, VIEWS.length - 1);
    case "backspace":
      return left(state);
  }
}

function commanded(state: TopState, text: string): TopState {
  const sort = SORTS[text];
  if (sort !== undefined) return { ...state, sort, reverse: false };
  const view = VIEWS[Number(text) - 1];
  if (view !== undefined) return { ...state, view, detail: undefined, chosen: undefined };
  switch (text) {
    case "r":
      return { ...state, reverse: !state.reverse };
    case "/":
      return { ...state, typing: state.filter, detail: undefined };
    case "i": {
      const interfaces = shownData(state).moments.at(-1)?.sample.interfaces ?? [];
      return { ...state, scope: nextScope(state.scope, interfaces) };
    }
    case "b":
      return { ...state, bytes: !state.bytes };
    case " ":
      return { ...state, frozen: state.frozen === undefined ? state.data : undefined };
    case "?":
    case "h":
      return { ...state, help: true };
    case "j":
      return choose(state, (at) => at + 1);
    case "k":
      return choose(state, (at) => at - 1);
    case "g":
      return choose(state, () => 0);
    case "G":
      return choose(state, () => Number.POSITIVE_INFINITY);
    default:
      return state;
  }
}

/** Rows that can be chosen, from top to bottom. */
export function idsOf(state: TopState): readonly string[] {
  const { detail, view } = state;
  const views = detail === undefined ? [view] : (["processes", "connections"] as const);
  return views.flatMap((each) => rowsOf(state, each, detail).rows.map(({ id }) => id));
}

function choose(state: TopState, to: (at: number) => number): TopState {
  const ids = idsOf(state);
  const at = state.chosen === undefined ? 0 : Math.max(0, ids.indexOf(state.chosen));
  return { ...state, chosen: ids[Math.max(0, Math.min(ids.length - 1, to(at)))] };
}

function entered(state: TopState): TopState {
  if (state.detail !== undefined) return state;
  const chosen = state.chosen ?? idsOf(state)[0];
  const key = chosen === undefined ? undefined : keyOf(state, chosen);
  return key === undefined ? state : { ...state, detail: key, chosen: undefined };
}

/** The application of a row. */
function keyOf(state: TopState, id: string): string | undefined {
  const { processes, connections } = shownData(state);
  if (state.view === "applications") return id;
  if (state.view === "connections")
    return connections.find((each) => each.id === id)?.applicationKey;
  return processes.find((row) => processId(row) === id)?.key;
}

/** Back by one step: out of an application, else rid of the filter. */
function left(state: TopState): TopState {
  const { detail } = state;
  if (detail === undefined) return withFilter(state, "");
  return {
    ...state,
    detail: undefined,
    chosen: state.view === "applications" ? detail : undefined,
  };
}

function withView(state: TopState, step: number): TopState {
  const view = VIEWS[(VIEWS.indexOf(state.view) + step) % VIEWS.length] ?? "applications";
  return { ...state, view, detail: undefined, chosen: undefined };
}
