/** Snapshots in, samples out: what happened between two readings, and everything since the start. */

import type { HistoryProcess } from "../model/history.ts";
import type { ConnectionList, ConnectionsQuery, PsQuery, PsRow } from "../model/monitauri.ts";
import type { HostName, LearnedFacts, NetworkOf } from "../model/naming.ts";
import type { GroupRow, Sample, SampledGrouping, Traffic } from "../model/sample.ts";
import type { Snapshot } from "../model/snapshot.ts";
import { Accounts } from "./accounts.ts";
import { activityRows, interfaceActivity } from "./activity.ts";
import { connectionList } from "./connections.ts";
import { type FlowDetail, flowDetails } from "./details.ts";
import { groupRows } from "./groups.ts";
import { processDetails } from "./process-details.ts";
import { psRows } from "./ps.ts";
import { bytesPerSecond, type Moment, measureInterval } from "./rates.ts";
import { trafficOf } from "./traffic.ts";

export interface SamplerOptions {
  /** The interval asked for; see `setIntervalMs`. */
  readonly intervalMs: number;
  /** A clock for the cost of a tick only, milliseconds; all other times come with the snapshots. */
  readonly now: () => number;
  /** Wall clock of the last sample of a sampler that ran before this one and failed; makes the first sample say so. */
  readonly restartedAfterMs?: number;
}

export interface TakeOptions {
  /** `now()` before the snapshot was read, so that `tickMs` covers the reading too. */
  readonly startedMs?: number;
  /** What the snapshot's first packets told of its flows. */
  readonly learned?: readonly LearnedFacts[];
}

/** What is known of an address beside its flows: it comes with the rows, and filters look at it. */
export interface LookUps {
  readonly networkOf?: (address: string) => NetworkOf | undefined;
  /** Asked for where its packets told no name. */
  readonly hostOf?: (address: string) => HostName | undefined;
}

export interface Sampler {
  /** Takes the next snapshot in. The first one has no rates: nothing says since when its counters ran. */
  take(snapshot: Snapshot, options?: TakeOptions): Sample;
  setIntervalMs(intervalMs: number): void;
  ps(query?: PsQuery, lookUps?: LookUps): PsRow[];
  connections(query?: ConnectionsQuery, lookUps?: LookUps): ConnectionList;
  groups(by: SampledGrouping, limit?: number): GroupRow[];
  /** The busiest flows of the last interval. */
  details(): FlowDetail[];
  /** The busiest processes of the last interval. */
  processDetails(): HistoryProcess[];
  /** Since the start: the machine's total and, apart from it, loopback. */
  totals(): { readonly network: Traffic; readonly loopback: Traffic };
  /** Flows remembered, of the limit; for `doctor`. */
  readonly flows: number;
}

export function createSampler(options: SamplerOptions): Sampler {
  const accounts = new Accounts();
  let previous: Moment | undefined;
  let askedMs = options.intervalMs;
  // A change of the interval counts from the next tick on; until then the longer one is no delay.
  let expectedMs = askedMs;

  function take(snapshot: Snapshot, how: TakeOptions = {}): Sample {
    const { startedMs = options.now(), learned = [] } = how;
    const { restartedAfterMs } = options;
    const asked = { intervalMs: expectedMs, restartedAfterMs };
    const { intervalMs, gap } = measureInterval(previous, snapshot, asked);
    const { atMs, monotonicMs, bootMs, health } = snapshot;
    previous = { atMs, monotonicMs, bootMs };
    expectedMs = askedMs;
    accounts.take(snapshot, intervalMs, learned);
    const delta = trafficOf(accounts.network.delta(accounts.interval));
    return {
      atMs,
      intervalMs,
      gap,
      delta,
      total: trafficOf(accounts.network.total),
      loopbackDelta: trafficOf(accounts.loopback.delta(accounts.interval)),
      loopbackTotal: trafficOf(accounts.loopback.total),
      rxBytesPerSecond: bytesPerSecond(delta.rxBytes, intervalMs),
      txBytesPerSecond: bytesPerSecond(delta.txBytes, intervalMs),
      applications: activityRows(accounts),
      interfaces: interfaceActivity(accounts),
      coverage: accounts.interfaces.coverage(),
      health,
      tickMs: options.now() - startedMs,
    };
  }

  function setIntervalMs(intervalMs: number): void {
    expectedMs = Math.max(expectedMs, intervalMs);
    askedMs = intervalMs;
  }

  function totals(): { network: Traffic; loopback: Traffic } {
    return {
      network: trafficOf(accounts.network.total),
      loopback: trafficOf(accounts.loopback.total),
    };
  }

  return {
    take,
    setIntervalMs,
    ps: (query, lookUps) => psRows(accounts, query, lookUps),
    connections: (query, lookUps) => connectionList(accounts, query, lookUps),
    groups: (by, limit) => groupRows(accounts, by, limit),
    details: () => flowDetails(accounts),
    processDetails: () => processDetails(accounts),
    totals,
    get flows() {
      return accounts.memory.size;
    },
  };
}
