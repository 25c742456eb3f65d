/** The accounts of processes and applications, and of traffic without a process, since the start.
 *
 * No byte is lost: a process that is forgotten stays in the sums of its application, its user, its container and its
 * unit; an application that is forgotten stays in the row of earlier applications. Rows hold all traffic of their
 * flows: second copies, loopback and a tunnel's outer packets too. */

import type { Process } from "../model/process.ts";
import type { RemainderKind } from "../model/sample.ts";
import type { InterfaceReading } from "../model/snapshot.ts";
import { FacetHistory } from "./facets.ts";
import {
  type ApplicationEntry,
  describe,
  newApplication,
  newProcess,
  type ProcessEntry,
  unannounced,
} from "./ledger-entries.ts";
import { REMAINDER_OF_KIND } from "./remainders.ts";
import { type Interval, Tally } from "./tally.ts";

/** The one that exited first is folded into the row of earlier applications. */
export const EXITED_APPLICATIONS_KEPT = 2_000;
/** The one that exited first is folded into its application. */
export const EXITED_PROCESSES_KEPT = 4_000;

export class Ledger {
  readonly processes = new Map<number, ProcessEntry>();
  readonly applications = new Map<string, ApplicationEntry>();
  readonly remainders: Readonly<Record<RemainderKind, Tally>> = {
    kernel: new Tally(),
    forwarded: new Tally(),
    carried: new Tally(),
    limited: new Tally(),
    overflow: new Tally(),
    unknown: new Tally(),
  };
  /** Applications that were folded. */
  readonly earlierApplications = new Tally();
  /** Processes that were folded. */
  readonly earlierProcesses = new Tally();
  readonly facets = new FacetHistory();
  /** Processes that carry a tunnel now, by id. */
  readonly carriers = new Map<number, ProcessEntry>();
  #interval: Interval = { number: 0, atMs: 0 };
  /** Processes with traffic in this interval. */
  #touched: ProcessEntry[] = [];
  /** In the order they exited. */
  readonly #exitedProcesses = new Set<ProcessEntry>();
  readonly #exitedApplications = new Set<ApplicationEntry>();
  readonly #byPid = new Map<number, ProcessEntry>();

  begin(interval: Interval): void {
    this.#interval = interval;
    this.#touched = [];
  }

  /** A new process, or one of which more is known: what it has so far moves along to the application it belongs to. */
  announce(process: Process): void {
    const entry = this.processes.get(process.id) ?? this.#open(process);
    this.#home(entry);
    entry.process = process;
    if (entry.application.application.key !== process.application.key) this.#move(entry);
    describe(entry.application, process);
    this.#setRunning(entry, true);
    this.#byPid.set(process.pid, entry);
  }

  /** The process is gone and has no flow any more. */
  exit(id: number): void {
    const entry = this.processes.get(id);
    if (entry === undefined) return;
    this.#setRunning(entry, false);
    if (this.#byPid.get(entry.process.pid) === entry) this.#byPid.delete(entry.process.pid);
  }

  /** The row that traffic of a flow belongs to in this interval. `kind` is a position in FLOW_KINDS. */
  row(kind: number, processId: number): Tally {
    const remainder = REMAINDER_OF_KIND[kind] ?? (processId === 0 ? "unknown" : undefined);
    if (remainder !== undefined) return this.remainders[remainder];
    const entry = this.#entry(processId);
    if (!entry.tally.isOf(this.#interval)) {
      this.#home(entry);
      this.#touched.push(entry);
    }
    return entry.tally;
  }

  connections(processId: number, change: 1 | -1): void {
    if (processId === 0) return;
    const entry = this.#entry(processId);
    entry.connections += change;
    entry.application.connections += change;
  }

  /** Notes which processes carry a tunnel: their packets on other interfaces are the tunnel's outer ones. */
  setCarriers(interfaces: readonly InterfaceReading[]): void {
    this.carriers.clear();
    for (const { name, kind, present, carrierPids } of interfaces) {
      if (kind !== "tunnel" || !present) continue;
      for (const pid of carrierPids) {
        const entry = this.#byPid.get(pid);
        if (entry === undefined) continue;
        entry.carries = name;
        this.carriers.set(entry.process.id, entry);
      }
    }
  }

  /** Sums processes up to applications and forgets what is over the limits. Once per interval, after all readings. */
  finish(): void {
    for (const { tally, application } of this.#touched) {
      application.tally.addDeltaOf(tally, this.#interval);
    }
    for (const entry of this.#exitedProcesses) {
      if (this.#exitedProcesses.size <= EXITED_PROCESSES_KEPT) break;
      this.#foldProcess(entry);
    }
    for (const entry of this.#exitedApplications) {
      if (this.#exitedApplications.size <= EXITED_APPLICATIONS_KEPT) break;
      this.#foldApplication(entry);
    }
  }

  /** Processes with traffic in this interval. */
  activeProcesses(): readonly ProcessEntry[] {
    return this.#touched;
  }

  /** Applications with traffic in this interval. */
  activeApplications(): Set<ApplicationEntry> {
    return new Set(this.#touched.map(({ application }) => application));
  }

  #entry(processId: number): ProcessEntry {
    const known = this.processes.get(processId);
    if (known !== undefined) return known;
    this.announce(unannounced(processId));
    return this.#entry(processId);
  }

  #open(process: Process): ProcessEntry {
    const application = this.#application(process);
    const entry = newProcess(process, application);
    application.processes.add(entry);
    this.processes.set(process.id, entry);
    return entry;
  }

  #application({ application }: Process): ApplicationEntry {
    const known = this.applications.get(application.key);
    if (known !== undefined) return known;
    const entry = newApplication(application);
    this.applications.set(application.key, entry);
    return entry;
  }

  /** A process whose application was folded comes back to life: its share leaves the row of earlier applications. */
  #home(entry: ProcessEntry): void {
    if (entry.application.folded) this.#move(entry);
  }

  /** Takes a process with all it has to the application that its description names. Before traffic is added. */
  #move(entry: ProcessEntry): void {
    const from = entry.application;
    const to = this.#application(entry.process);
    (from.folded ? this.earlierApplications : from.tally).release(entry.tally);
    to.tally.merge(entry.tally, this.#interval);
    from.connections -= entry.connections;
    to.connections += entry.connections;
    from.processes.delete(entry);
    to.processes.add(entry);
    if (entry.running) {
      this.#countRunning(from, -1);
      this.#countRunning(to, 1);
    } else {
      this.#countRunning(to, 0);
    }
    entry.application = to;
    if (!from.folded && from.processes.size === 0 && isEmpty(from.tally)) this.#drop(from);
  }

  #setRunning(entry: ProcessEntry, running: boolean): void {
    if (running) this.#exitedProcesses.delete(entry);
    else this.#exitedProcesses.add(entry);
    if (entry.running === running) return;
    entry.running = running;
    this.#countRunning(entry.application, running ? 1 : -1);
  }

  #countRunning(entry: ApplicationEntry, change: number): void {
    entry.running += change;
    if (entry.running > 0) this.#exitedApplications.delete(entry);
    else if (!entry.folded) this.#exitedApplications.add(entry);
  }

  #foldProcess(entry: ProcessEntry): void {
    this.earlierProcesses.merge(entry.tally, this.#interval);
    this.facets.add(entry.process, { tally: entry.tally, interval: this.#interval });
    this.#exitedProcesses.delete(entry);
    this.processes.delete(entry.process.id);
    entry.application.processes.delete(entry);
    entry.application.connections -= entry.connections;
  }

  #foldApplication(entry: ApplicationEntry): void {
    this.earlierApplications.merge(entry.tally, this.#interval);
    entry.folded = true;
    this.#drop(entry);
  }

  #drop(entry: ApplicationEntry): void {
    this.#exitedApplications.delete(entry);
    this.applications.delete(entry.application.key);
  }
}

/** Nothing was ever counted. */
export function isEmpty(tally: Tally): boolean {
  return tally.total.every((value) => value === 0);
}
