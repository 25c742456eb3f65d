/** The last minute, for the chart of an event and for what caused it. */

import {
  type AlertCause,
  type AlertScopeKind,
  type AlertSeries,
  MAX_EVENT_CAUSES,
  MAX_EVENT_POINTS,
} from "../model/alert.ts";
import type { AlertFacts, Subject } from "./facts.ts";

/** Applications of an interval that are remembered; the chart of a quieter one shows nothing. */
const REMEMBERED = 40;

interface Moment {
  readonly atMs: number;
  readonly intervalMs: number;
  readonly machine: Subject;
  readonly applications: readonly Subject[];
  readonly interfaces: readonly Subject[];
}

export interface Moments {
  add(facts: AlertFacts): void;
  /** Of an application or interface, else of the machine. */
  series(kind: AlertScopeKind, key: string): AlertSeries;
  /** Of the last interval. */
  causes(): AlertCause[];
}

export function createMoments(): Moments {
  const moments: Moment[] = [];
  return {
    add({ atMs, intervalMs, machine, applications, interfaces }) {
      if (intervalMs <= 0) return;
      // The busiest come first.
      moments.push({
        atMs,
        intervalMs,
        machine,
        applications: applications.slice(0, REMEMBERED),
        interfaces,
      });
      if (moments.length > MAX_EVENT_POINTS) moments.shift();
    },
    series(kind, key) {
      const rows = moments.map((moment) => rowOf(moment, kind, key));
      const rate = (bytes: number, at: number) =>
        Math.round((bytes * 1000) / (moments[at]?.intervalMs ?? 1));
      return {
        atMs: moments.map(({ atMs }) => atMs),
        rxBytesPerSecond: rows.map((row, at) => rate(row?.rxBytes ?? 0, at)),
        txBytesPerSecond: rows.map((row, at) => rate(row?.txBytes ?? 0, at)),
      };
    },
    causes() {
      const last = moments.at(-1);
      if (last === undefined) return [];
      return last.applications
        .filter(({ rxBytes, txBytes }) => rxBytes + txBytes > 0)
        .slice(0, MAX_EVENT_CAUSES)
        .map(({ key, name, rxBytes, txBytes }) => ({
          key,
          name,
          rxBytesPerSecond: Math.round((rxBytes * 1000) / last.intervalMs),
          txBytesPerSecond: Math.round((txBytes * 1000) / last.intervalMs),
        }));
    },
  };
}

function rowOf(moment: Moment, kind: AlertScopeKind, key: string): Subject | undefined {
  if (kind === "application") return moment.applications.find((row) => row.key === key);
  if (kind === "interface") return moment.interfaces.find((row) => row.key === key);
  return moment.machine;
}
