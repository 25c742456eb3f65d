/** What the ledger holds: an account for each process and application. */

import type { Application, Container, Process } from "../model/process.ts";
import { Tally } from "./tally.ts";

export interface ProcessEntry {
  process: Process;
  application: ApplicationEntry;
  readonly tally: Tally;
  /** Live connections. */
  connections: number;
  running: boolean;
  /** Name of the tunnel whose outer packets this process sends and receives, or did: its sums hold them still. */
  carries: string | undefined;
}

export interface ApplicationEntry {
  application: Application;
  readonly tally: Tally;
  connections: number;
  /** Processes of it that run. */
  running: number;
  /** All that are remembered, exited ones too. */
  readonly processes: Set<ProcessEntry>;
  /** True: its sums are in the row of earlier applications. */
  folded: boolean;
  /** null: its processes differ. undefined: none was seen yet. */
  user: string | null | undefined;
  container: Container | null | undefined;
  unit: string | null | undefined;
}

export function newProcess(process: Process, application: ApplicationEntry): ProcessEntry {
  const tally = new Tally();
  return { process, application, tally, connections: 0, running: false, carries: undefined };
}

export function newApplication(application: Application): ApplicationEntry {
  return {
    application,
    tally: new Tally(),
    connections: 0,
    running: 0,
    processes: new Set(),
    folded: false,
    user: undefined,
    container: undefined,
    unit: undefined,
  };
}

/** Keeps what all processes of an application agree on. */
export function describe(entry: ApplicationEntry, process: Process): void {
  entry.application = process.application;
  entry.user = common(entry.user, process.user ?? null);
  entry.unit = common(entry.unit, process.unit ?? null);
  const container = process.container ?? null;
  const same = entry.container?.id === container?.id;
  entry.container = entry.container === undefined || same ? container : null;
}

function common<T>(known: T | null | undefined, next: T | null): T | null {
  return known === undefined || known === next ? next : null;
}

/** Stands for a process that the collector uses without having announced it. */
export function unannounced(id: number): Process {
  return {
    id,
    pid: 0,
    startedAtMs: 0,
    name: "unknown",
    path: undefined,
    pathVerified: false,
    arguments: [],
    uid: undefined,
    user: undefined,
    parentPid: undefined,
    kernelThread: false,
    container: undefined,
    unit: undefined,
    application: { key: "unknown", name: "unknown", path: undefined },
  };
}
