/** Everything a user can ask of Monitauri: implemented in process by the daemon, over HTTP by the client. */

import type { Container } from "./process.ts";
import type { Connection, Gap, Grouping, GroupRow, InterfaceCoverage, Traffic } from "./sample.ts";
import type { Bound, CollectorHealth } from "./snapshot.ts";
import type { Unavailable } from "./unavailable.ts";

export interface Status {
  readonly version: string;
  readonly pid: number;
  readonly startedAtMs: number;
  readonly atMs: number;
  readonly privileged: boolean;
  readonly intervalMs: number;
  readonly collector: CollectorHealth | undefined;
  readonly total: Traffic;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  readonly interfaces: readonly InterfaceCoverage[];
  readonly gaps: readonly Gap[];
  readonly threads: readonly ThreadStatus[];
  readonly own: OwnCost;
}

export interface ThreadStatus {
  readonly name: string;
  readonly state: "running" | "restarting" | "stopped";
  readonly restarts: number;
  readonly lastError: string | undefined;
}

/** What the daemon itself uses. */
export interface OwnCost {
  /** CPU time of the process since it started, milliseconds. */
  readonly cpuMs: number;
  readonly residentBytes: number;
  readonly lastTickMs: number | undefined;
}

/** A row of `ps`: an application or a process, its totals since the daemon started and its rates now. */
export interface PsRow {
  readonly application: string;
  readonly path: string | null;
  /** null for an application row with several processes. */
  readonly pid: number | null;
  readonly pids: readonly number[];
  readonly user: string | null;
  readonly container: Container | null;
  readonly unit: string | null;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxPayloadBytes: number;
  readonly txPayloadBytes: number;
  readonly rxBytesPerSecond: number;
  readonly txBytesPerSecond: number;
  /** The part of rxBytes and txBytes that never left this machine. */
  readonly rxLoopbackBytes: number;
  readonly txLoopbackBytes: number;
  readonly connections: number;
  readonly startedAtMs: number | null;
  readonly lastActiveAtMs: number;
  /** False: all its processes have exited. */
  readonly running: boolean;
  /** Set for rows that are no process: kernel, forwarded, ... */
  readonly remainder: string | null;
  /** Name of the tunnel whose outer packets this program carries; those are left out of the machine's totals. */
  readonly carries: string | null;
}

export interface PsQuery {
  readonly by?: "application" | "process";
}

export interface ConnectionsQuery {
  /** Most rows to return, the busiest first; 10,000 where not given. */
  readonly limit?: number;
}

export interface ConnectionList {
  readonly connections: readonly Connection[];
  /** How many there are, also when fewer are returned. */
  readonly count: number;
}

/** One line of `doctor`: an ability of this machine, and what to do where it is missing. */
export interface Finding {
  readonly feature: string;
  readonly state: "ok" | "limited" | "missing";
  readonly detail: string;
  readonly remedy: string | undefined;
}

export interface Diagnosis {
  readonly findings: readonly Finding[];
  readonly bounds: readonly Bound[];
  readonly missing: readonly Unavailable[];
}

export interface Monitauri {
  status(): Promise<Status>;
  ps(query?: PsQuery): Promise<readonly PsRow[]>;
  connections(query?: ConnectionsQuery): Promise<ConnectionList>;
  groups(by: Grouping): Promise<readonly GroupRow[]>;
  doctor(): Promise<Diagnosis>;
}
