/** Sums rows of a period by group, and by group and step. */

import type { DatabaseSync } from "node:sqlite";
import type {
  HistoryBytes,
  HistoryFilter,
  HistoryQuery,
  HistoryTraffic,
} from "../model/history.ts";
import { mapPairs, needsDetails, valuesOf } from "./dimensions.ts";
import { scan, unitMs, type Visit } from "./scan.ts";
import { MACHINE } from "./schema.ts";
import type { Segment } from "./segments.ts";

/** Which group a row is in, and how to read the rows. */
export interface Groups {
  readonly kind: "usage" | "detail";
  readonly applications: readonly number[] | undefined;
  readonly except: number | undefined;
  /** -1: none. */
  indexOf(application: number, inner: number): number;
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

export function groupsOf(
  db: DatabaseSync,
  { groupBy, traffic }: Pick<HistoryQuery, "groupBy" | "traffic">,
  filter: HistoryFilter,
): Groups {
  const part = PARTS[traffic ?? "both"];
  const applications =
    filter.application === undefined
      ? undefined
      : [...valuesOf(db, "application", filter.application)];
  const except = applications === undefined ? MACHINE : undefined;
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

export function sumGroups(
  db: DatabaseSync,
  segments: readonly Segment[],
  groups: Groups,
): GroupSums {
  const sums: number[] = [];
  const isDetail = groups.kind === "detail";
  const { part, traffic } = groups;
  const visit: Visit = (_at, application, inner, rx, tx, rxLoopback, txLoopback, opened) => {
    const index = groups.indexOf(application, inner);
    if (index < 0) return;
    const at = index * FIELDS;
    while (sums.length <= at) sums.push(0, 0, 0, 0, 0);
    const isLoopback = isDetail && groups.isLoopback(inner);
    const [down, up] = isLoopback ? [rx, tx] : [rxLoopback, txLoopback];
    sums[at] = (sums[at] ?? 0) + part(rx, down);
    sums[at + 1] = (sums[at + 1] ?? 0) + part(tx, up);
    if (traffic !== "networks") {
      sums[at + 2] = (sums[at + 2] ?? 0) + down;
      sums[at + 3] = (sums[at + 3] ?? 0) + up;
    }
    if (traffic === undefined || isLoopback === (traffic === "loopback")) {
      sums[at + 4] = (sums[at + 4] ?? 0) + opened;
    }
  };
  for (const segment of segments) scan(db, segment, groups, visit);
  return {
    sums,
    of(index) {
      const [rxBytes = 0, txBytes = 0, rxLoopbackBytes = 0, txLoopbackBytes = 0, opened = 0] =
        sums.slice(index * FIELDS, index * FIELDS + FIELDS);
      const connectionsOpened = isDetail ? opened : null;
      return { rxBytes, txBytes, rxLoopbackBytes, txLoopbackBytes, connectionsOpened };
    },
  };
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
  segments: readonly Segment[],
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
  for (const segment of segments) {
    const unit = unitMs(segment.level);
    let lastAt = Number.NaN;
    let step = 0;
    scan(
      db,
      segment,
      groups,
      (at, application, inner, rxBytes, txBytes, rxLoopback, txLoopback) => {
        const line = lineOf(groups.indexOf(application, inner));
        if (line < 0) return;
        if (at !== lastAt) {
          lastAt = at;
          step = stepOf(startsMs, at * unit);
        }
        const cell = line * steps + step;
        const isLoopback = isDetail && groups.isLoopback(inner);
        rx[cell] = (rx[cell] ?? 0) + part(rxBytes, isLoopback ? rxBytes : rxLoopback);
        tx[cell] = (tx[cell] ?? 0) + part(txBytes, isLoopback ? txBytes : txLoopback);
      },
    );
  }
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
