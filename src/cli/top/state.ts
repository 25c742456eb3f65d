/** What the live screen knows and shows; pure: every change makes a new state. */

import { parseFilter } from "../../model/filter.ts";
import type { ActivityRow, LiveSample, OwnedBytes } from "../../model/live.ts";
import type { PsRow } from "../../model/monitauri.ts";
import type { Connection } from "../../model/sample.ts";
import { type Moment, remember } from "./history.ts";
import { NETWORKS, type Scope } from "./scope.ts";
import { type Trails, withRates } from "./trails.ts";

export const VIEWS = ["applications", "processes", "connections"] as const;
export type View = (typeof VIEWS)[number];
/** "rate": both directions together. */
export type SortKey = "rate" | "down" | "up" | "total" | "name";

/** An application, as far as it is known. */
export interface Known {
  readonly key: string;
  readonly name: string;
  readonly total: OwnedBytes;
  readonly connections: number;
  /** The last answer of `ps` about it: up to ten seconds old; undefined: not asked yet. */
  readonly row: PsRow | undefined;
}

/** What came from the daemon. */
export interface TopData {
  readonly moments: readonly Moment[];
  readonly known: ReadonlyMap<string, Known>;
  readonly processes: readonly PsRow[];
  readonly connections: readonly Connection[];
  readonly trails: Trails;
}

export interface TopState {
  readonly data: TopData;
  /** What was shown when it was paused. */
  readonly frozen: TopData | undefined;
  readonly view: View;
  /** Key of the application that is looked into. */
  readonly detail: string | undefined;
  readonly sort: SortKey;
  readonly reverse: boolean;
  readonly filter: string;
  /** What is being typed; undefined: nothing. */
  readonly typing: string | undefined;
  readonly filterError: string | undefined;
  readonly scope: Scope;
  readonly bytes: boolean;
  readonly help: boolean;
  /** Id of the chosen row; undefined: the first. */
  readonly chosen: string | undefined;
  /** Why nothing new comes; undefined while it does. */
  readonly lost: string | undefined;
}

export function firstState(options: Pick<TopState, "bytes" | "filter">): TopState {
  return {
    data: {
      moments: [],
      known: new Map(),
      processes: [],
      connections: [],
      trails: new Map(),
    },
    frozen: undefined,
    view: "applications",
    detail: undefined,
    sort: "rate",
    reverse: false,
    typing: undefined,
    filterError: undefined,
    scope: NETWORKS,
    help: false,
    chosen: undefined,
    lost: undefined,
    ...options,
  };
}

/** What is on the screen: the newest, or what was there at the pause. */
export function shownData({ frozen, data }: TopState): TopData {
  return frozen ?? data;
}

export function withSample(state: TopState, sample: LiveSample): TopState {
  const known = new Map(state.data.known);
  for (const row of sample.applications) known.set(row.key, met(row, known.get(row.key)));
  const data = { ...state.data, moments: remember(state.data.moments, sample), known };
  return { ...state, data, lost: undefined };
}

/** `rows`: of applications, all there are; what is not among them is forgotten. */
export function withApplications(state: TopState, rows: readonly PsRow[]): TopState {
  const now = state.data.moments.at(-1)?.byKey;
  const known = new Map<string, Known>();
  for (const row of rows) {
    const { key, application: name, connections } = row;
    // The live stream is newer where it has said something.
    const live = now?.get(key);
    known.set(
      key,
      live === undefined ? { key, name, total: row, connections, row } : met(live, { row }),
    );
  }
  for (const row of now?.values() ?? []) {
    if (!known.has(row.key)) known.set(row.key, met(row, state.data.known.get(row.key)));
  }
  return { ...state, data: { ...state.data, known } };
}

export function withProcesses(state: TopState, processes: readonly PsRow[]): TopState {
  const trails = withRates(
    state.data.trails,
    "process",
    processes.map((row) => ({ id: processId(row), ...row })),
  );
  return { ...state, data: { ...state.data, processes, trails } };
}

export function withConnections(state: TopState, connections: readonly Connection[]): TopState {
  const trails = withRates(state.data.trails, "connection", connections);
  return { ...state, data: { ...state.data, connections, trails } };
}

export function withFilter(state: TopState, filter: string): TopState {
  try {
    parseFilter(filter);
    return { ...state, filter, filterError: undefined, chosen: undefined };
  } catch (error) {
    // What fitted before stays until the new one is complete.
    return { ...state, filterError: (error as Error).message };
  }
}

/** A pid alone is used again by others. */
export function processId({ key, pid, startedAtMs }: PsRow): string {
  return `${pid ?? key}@${startedAtMs ?? 0}`;
}

/** True: the sample names applications that nothing but their name is known of. */
export function hasUnknown({ data }: TopState): boolean {
  return [...(data.moments.at(-1)?.byKey.keys() ?? [])].some(
    (key) => data.known.get(key)?.row === undefined,
  );
}

function met(live: ActivityRow, before: Pick<Known, "row"> | undefined): Known {
  const { key, name, total, connections } = live;
  return { key, name, total, connections, row: before?.row };
}
