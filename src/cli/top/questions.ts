/** What the live screen asks besides the stream, and how often: no more than it shows, and never at the daemon's cost. */

import type {
  ConnectionOrder,
  ConnectionsQuery,
  Monitauri,
  PsQuery,
} from "../../model/monitauri.ts";
import {
  hasUnknown,
  type SortKey,
  type TopState,
  withApplications,
  withConnections,
  withProcesses,
} from "./state.ts";

/** Names and owners of applications change slowly. */
const APPLICATIONS_EVERY_MS = 10_000;
/** An application that was never seen before is looked up sooner. */
const UNKNOWN_EVERY_MS = 2_000;
/** Rows of the connections view: more than a screen and some pages. */
const MAX_CONNECTIONS = 500;
/** An answer may take this share of the time until the next question. */
const BUSY_SHARE = 0.02;

export interface Wanted {
  readonly processes: PsQuery | undefined;
  readonly connections: ConnectionsQuery | undefined;
}

/** What a view needs that the stream does not have. */
export function wantedBy({ view, detail, sort, reverse, filter }: TopState): Wanted {
  const order = { sort: ORDERS[sort], reverse, limit: MAX_CONNECTIONS };
  if (detail !== undefined) {
    const only = keyFilter(detail);
    return {
      processes: { by: "process", filter: only },
      connections: { ...order, filter: only },
    };
  }
  const fitting = filter === "" ? {} : { filter };
  return {
    processes: view === "processes" ? { by: "process" } : undefined,
    connections: view === "connections" ? { ...order, ...fitting } : undefined,
  };
}

// The daemon has no order by both totals.
const ORDERS: Readonly<Record<SortKey, ConnectionOrder>> = {
  rate: "rate",
  down: "rx",
  up: "tx",
  total: "rxTotal",
  name: "application",
};

/** As a filter, a key may hold what separates terms: its longest piece without is enough, the rest is looked at here. */
function keyFilter(key: string): string {
  const pieces = key.split(/[",]/).toSorted((a, b) => b.length - a.length);
  return `app:"${pieces[0] ?? ""}"`;
}

export interface Questions {
  /** Asks what is due; resolves to what the answers make of a state. `nowMs`: a clock that never goes back. */
  ask(state: TopState, nowMs: number): Promise<(state: TopState) => TopState>;
  /** A daemon that was started again knows other things. */
  forget(): void;
}

export function createQuestions(daemon: Monitauri, now: () => number): Questions {
  let applicationsAtMs = Number.NEGATIVE_INFINITY;
  let notBeforeMs = Number.NEGATIVE_INFINITY;
  let asked = "";

  return {
    async ask(state, nowMs) {
      const wanted = wantedBy(state);
      const text = JSON.stringify(wanted);
      const sinceMs = nowMs - applicationsAtMs;
      const applicationsDue =
        sinceMs >= APPLICATIONS_EVERY_MS || (sinceMs >= UNKNOWN_EVERY_MS && hasUnknown(state));
      const viewDue = text !== asked || nowMs >= notBeforeMs;
      if (applicationsDue) applicationsAtMs = nowMs;
      const beganMs = now();
      const [applications, processes, connections] = await Promise.all([
        applicationsDue ? daemon.ps({ by: "application" }) : undefined,
        viewDue && wanted.processes ? daemon.ps(wanted.processes) : undefined,
        viewDue && wanted.connections ? daemon.connections(wanted.connections) : undefined,
      ]);
      if (viewDue) {
        asked = text;
        notBeforeMs = nowMs + (now() - beganMs) / BUSY_SHARE;
      }
      return (latest) => {
        let next = latest;
        if (applications !== undefined) next = withApplications(next, applications);
        // The answer to what is no longer looked at would be shown in the wrong place.
        if (JSON.stringify(wantedBy(next)) !== text) return next;
        if (processes !== undefined) next = withProcesses(next, processes);
        if (connections !== undefined) next = withConnections(next, connections.connections);
        return next;
      };
    },
    forget() {
      applicationsAtMs = Number.NEGATIVE_INFINITY;
      notBeforeMs = Number.NEGATIVE_INFINITY;
    },
  };
}
