/** Sums rows of a period by group, and by group and step. */

import type { DatabaseSync } from "node:sqlite";
import type {
  HistoryBytes,
  HistoryFilter,
  HistoryGrouping,
  HistoryQuery,
  HistoryTraffic,
} from "../model/history.ts";
import { mapPairs, needsDetails, valuesOf } from "./dimensions.ts";
import { LEFT_OUT, mapProcesses, NO_PROCESS, needsProcesses } from "./processes.ts";
import { scan, unitMs, type Visit } from "./scan.ts";
import { LEVELS, MACHINE } from "./schema.ts";
import type { Segment } from "./segments.ts";
import { withSpans } from "./spans.ts";

/** Which group a row is in, and how to read the rows. */
export interface Groups {
  readonly kind: "usage" | "detail" | "process";
  readonly applications: readonly number[] | undefined;
  readonly except: number | undefined;
  /** Negative: none. Of kind "process" the first is the process, and EXPLAINS counts against the rest. */
  indexOf(application: number, inner: number): number;
  /** What no process explains of these applications has a group, too. */
  readonly rest?: { readonly index: number; readonly usage: Groups } | undefined;
  /** Value of the grouping, by index. */
  readonly values: readonly number[];
  isLoopback(inner: number): boolean;
  /** Of a row's bytes, and the loopback ones among them, those that are asked for. */
  readonly part: Part;
  readonly traffic: HistoryTraffic | undefined;
}

type Part = (bytes: number, loopbackBytes: number) => number;

export interface GroupSums {
  /** Five per group: received, sent, both of loopback, connections opened. */
  readonly sums: readonly number[];
  of(index: number): HistoryBytes;
}

const FIELDS = 5;

export const NO_BYTES: HistoryBytes = {
  rxBytes: 0,
  txBytes: 0,
  rxLoopbackBytes: 0,
  txLoopbackBytes: 0,
  connectionsOpened: null,
};

/** The machine's own rows, which have loopback beside the other bytes and not among them. */
export function machineGroups(traffic: HistoryTraffic | undefined): Groups {
  return {
    kind: "usage",
    applications: [MACHINE],
    except: undefined,
    indexOf: () => 0,
    values: [0],
    isLoopback: () => false,
    part: traffic === "loopback" ? (_, loopbackBytes) => loopbackBytes : (bytes) => bytes,
    traffic,
  };
}

const PARTS: Readonly<Record<HistoryTraffic | "both", Part>> = {
  both: (bytes) => bytes,
  networks: (bytes, loopbackBytes) => bytes - loopbackBytes,
  loopback: (_, loopbackBytes) => loopbackBytes,
};

/** `sinceMs`: where the first of the periods begins. */
export type GroupsAsked = Pick<HistoryQuery, "groupBy" | "traffic"> & { readonly sinceMs: number };

export function groupsOf(db: DatabaseSync, asked: GroupsAsked, filter: HistoryFilter): Groups {
  const { groupBy, traffic } = asked;
  const part = PARTS[traffic ?? "both"];
  const applications =
    filter.application === undefined
      ? undefined
      : [...valuesOf(db, "application", filter.application)];
  const except = applications === undefined ? MACHINE : undefined;
  if (needsProcesses(groupBy, filter)) return processGroupsOf(db, asked, filter);
  if (needsDetails(groupBy, filter)) {
    const { group, isLoopback, values } = mapPairs(db, groupBy, filter);
    return {
      kind: "detail",
      applications,
      except,
      indexOf: (_application, pair) => group[pair] ?? -1,
      values,
      isLoopback: (pair) => isLoopback[pair] === 1,
      part,
      traffic,
    };
  }
  const interfaces =
    filter.interface === undefined ? undefined : valuesOf(db, "interface", filter.interface);
  const values: number[] = [];
  const known = new Map<number, number>();
  return {
    kind: "usage",
    applications,
    except,
    indexOf(application, inner) {
      if (interfaces !== undefined && !interfaces.has(inner)) return -1;
      const value = groupBy === undefined ? 0 : groupBy === "interface" ? inner : application;
      const found = known.get(value);
      if (found !== undefined) return found;
      const index = values.push(value) - 1;
      known.set(value, index);
      return index;
    },
    values,
    isLoopback: () => false,
    part,
    traffic,
  };
}

function processGroupsOf(
  db: DatabaseSync,
  { groupBy, traffic, sinceMs }: GroupsAsked,
  filter: HistoryFilter,
): Groups {
  const setOf = (by: HistoryGrouping) => {
    const keys = filter[by];
    return keys === undefined ? undefined : valuesOf(db, by, keys);
  };
  const wanted = setOf("process");
  const { group, values: mapped } = mapProcesses(
    db,
    { groupBy, sinceMs },
    {
      application: setOf("application"),
      process: wanted,
      user: setOf("user"),
      container: setOf("container"),
    },
  );
  const interfaces = setOf("interface");
  const values = groupBy === undefined ? [0] : groupBy === "interface" ? [] : [...mapped];
  const known = new Map<number, number>();
  const isRestOf = filter.user === undefined && filter.container === undefined;
  const isRestAsked = (groupBy ?? "process") === "process" && (wanted?.has(NO_PROCESS) ?? true);
  const { process: _, ...others } = filter;
  const rest =
    isRestOf && isRestAsked
      ? {
          index: groupBy === undefined ? 0 : values.push(NO_PROCESS) - 1,
          usage: groupsOf(db, { sinceMs, ...(traffic === undefined ? {} : { traffic }) }, others),
        }
      : undefined;
  return {
    kind: "process",
    applications: undefined,
    except: undefined,
    indexOf(process, inner) {
      if (interfaces !== undefined && !interfaces.has(inner)) return LEFT_OUT;
      const index = group[process] ?? LEFT_OUT;
      if (groupBy !== "interface" || index < 0) return index;
      const found = known.get(inner) ?? values.push(inner) - 1;
      known.set(inner, found);
      return found;
    },
    values,
    isLoopback: () => false,
    part: PARTS[traffic ?? "both"],
    traffic,
    rest,
  };
}

/** Where a period's rows are. */
export interface Sources {
  readonly parts: readonly Segment[];
  /** Of the same time, for what no process explains: applications are also there by day. */
  readonly restParts: readonly Segment[];
}

export function sumGroups(
  db: DatabaseSync,
  { parts, restParts }: Sources,
  groups: Groups,
): GroupSums {
  const sums: number[] = [];
  const isDetail = groups.kind === "detail";
  const { part, traffic } = groups;
  const read = { parts: isDetail ? withSpans(db, parts) : parts, restParts };
  visitGroups(db, read, groups, (index, sign, row) => {
    const { inner, rx, tx, rxLoopback, txLoopback, opened } = row;
    const at = index * FIELDS;
    while (sums.length <= at) sums.push(0, 0, 0, 0, 0);
    const isLoopback = isDetail && groups.isLoopback(inner);
    const down = isLoopback ? rx : rxLoopback;
    const up = isLoopback ? tx : txLoopback;
    sums[at] = (sums[at] ?? 0) + sign * part(rx, down);
    sums[at + 1] = (sums[at + 1] ?? 0) + sign * part(tx, up);
    if (traffic !== "networks") {
      sums[at + 2] = (sums[at + 2] ?? 0) + sign * down;
      sums[at + 3] = (sums[at + 3] ?? 0) + sign * up;
    }
    if (traffic === undefined || isLoopback === (traffic === "loopback")) {
      sums[at + 4] = (sums[at + 4] ?? 0) + opened;
    }
  });
  return {
    sums,
    of(index) {
      const at = index * FIELDS;
      return {
        rxBytes: sums[at] ?? 0,
        txBytes: sums[at + 1] ?? 0,
        rxLoopbackBytes: sums[at + 2] ?? 0,
        txLoopbackBytes: sums[at + 3] ?? 0,
        connectionsOpened: isDetail ? (sums[at + 4] ?? 0) : null,
      };
    },
  };
}

/** One row, the same object for all. */
interface Visited {
  at: number;
  inner: number;
  rx: number;
  tx: number;
  rxLoopback: number;
  txLoopback: number;
  opened: number;
}

/** Each row with its group, and what processes explain of their applications once more against the rest. */
function visitGroups(
  db: DatabaseSync,
  { parts, restParts }: Sources,
  groups: Groups,
  each: (index: number, sign: 1 | -1, row: Visited, unit: number) => void,
): void {
  const row: Visited = { at: 0, inner: 0, rx: 0, tx: 0, rxLoopback: 0, txLoopback: 0, opened: 0 };
  const { rest } = groups;
  const visitOf = (told: (of: number, inner: number) => void): Visit => {
    return (at, of, inner, rx, tx, rxLoopback, txLoopback, opened) => {
      row.at = at;
      row.inner = inner;
      row.rx = rx;
      row.tx = tx;
      row.rxLoopback = rxLoopback;
      row.txLoopback = txLoopback;
      row.opened = opened;
      told(of, inner);
    };
  };
  for (const segment of parts) {
    if (groups.kind === "process" && LEVELS[segment.level].process === undefined) continue;
    const unit = unitMs(segment.level);
    const visit = visitOf((of, inner) => {
      const index = groups.indexOf(of, inner);
      if (index >= 0) each(index, 1, row, unit);
      if (rest !== undefined && index !== LEFT_OUT) each(rest.index, -1, row, unit);
    });
    scan(db, segment, groups, visit);
  }
  if (rest === undefined) return;
  for (const segment of restParts) {
    const unit = unitMs(segment.level);
    const visit = visitOf((application, inner) => {
      if (rest.usage.indexOf(application, inner) >= 0) each(rest.index, 1, row, unit);
    });
    scan(db, segment, rest.usage, visit);
  }
}

export function addBytes(a: HistoryBytes, b: HistoryBytes): HistoryBytes {
  const opened =
    a.connectionsOpened === null && b.connectionsOpened === null
      ? null
      : (a.connectionsOpened ?? 0) + (b.connectionsOpened ?? 0);
  return {
    rxBytes: a.rxBytes + b.rxBytes,
    txBytes: a.txBytes + b.txBytes,
    rxLoopbackBytes: a.rxLoopbackBytes + b.rxLoopbackBytes,
    txLoopbackBytes: a.txLoopbackBytes + b.txLoopbackBytes,
    connectionsOpened: opened,
  };
}

export interface StepSums {
  readonly rx: Float64Array;
  readonly tx: Float64Array;
}

/** By line, as `lineOf` says of a group, and step: line * steps + step. -1 is no line. */
export function sumSteps(
  db: DatabaseSync,
  sources: Sources,
  options: {
    groups: Groups;
    lines: number;
    lineOf: (index: number) => number;
    startsMs: readonly number[];
  },
): StepSums {
  const { groups, lines, lineOf, startsMs } = options;
  const { part } = groups;
  const isDetail = groups.kind === "detail";
  const steps = startsMs.length;
  const rx = new Float64Array(lines * steps);
  const tx = new Float64Array(lines * steps);
  let lastMs = Number.NaN;
  let step = 0;
  visitGroups(db, sources, groups, (index, sign, row, unit) => {
    const line = lineOf(index);
    if (line < 0) return;
    const atMs = row.at * unit;
    if (atMs !== lastMs) {
      lastMs = atMs;
      step = stepOf(startsMs, atMs);
    }
    const cell = line * steps + step;
    const isLoopback = isDetail && groups.isLoopback(row.inner);
    rx[cell] = (rx[cell] ?? 0) + sign * part(row.rx, isLoopback ? row.rx : row.rxLoopback);
    tx[cell] = (tx[cell] ?? 0) + sign * part(row.tx, isLoopback ? row.tx : row.txLoopback);
  });
  return { rx, tx };
}

/** The last that begins at or before; a bucket that was widened begins before the first. */
function stepOf(startsMs: readonly number[], atMs: number): number {
  let low = 0;
  let high = startsMs.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((startsMs[middle] ?? 0) <= atMs) low = middle;
    else high = middle;
  }
  return low;
}
