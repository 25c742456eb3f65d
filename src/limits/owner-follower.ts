/** Follows which process is under which rules, and tells the kernel. */

import type { LimitRule } from "../model/limit.ts";
import type { TrafficFacts } from "../model/limit-match.ts";
import type { FoundExecutables } from "./executables.ts";
import type { KernelSide } from "./kernel-side.ts";
import { ORIGIN_EXEMPT, type ProcessEntry } from "./layout.ts";
import type { LimitedProcess } from "./limiter.ts";
import { createNumbers } from "./numbers.ts";
import { createOwnerBook, heritageOf } from "./owners.ts";
import { createProcessScan, type ScannedProcess } from "./processes.ts";

export interface OwnerFollower {
  /** Rules of every process that is under one now. */
  assign(
    rules: readonly LimitRule[],
    byPath: FoundExecutables["byPath"],
  ): Map<number, readonly LimitRule[]>;
  /** Looks at all processes; before the others. */
  look(rules: readonly LimitRule[]): Promise<void>;
  write(
    assigned: ReadonlyMap<number, readonly LimitRule[]>,
    subjectOf: (rules: readonly LimitRule[]) => number,
  ): void;
  /** Executables that run now. */
  paths(): Set<string>;
  /** Identifiers of containers by their names. */
  containerIds(): ReadonlyMap<string, string>;
}

export function createOwnerFollower(
  kernel: KernelSide,
  processes: () => Promise<readonly LimitedProcess[]>,
): OwnerFollower {
  let known = new Map<number, TrafficFacts>();
  const scan = createProcessScan({ known: () => known });
  const book = createOwnerBook();
  const origins = createNumbers(ORIGIN_EXEMPT - 2);
  let scanned: ReadonlyMap<number, ScannedProcess> = new Map();
  let entries = new Map<number, ProcessEntry>();
  let byOrigin = new Map<number, LimitRule>();

  return {
    async look(rules) {
      // Only what the engines' files say is not in /proc: how a container is called.
      if (rules.some(({ target }) => target.kind === "container" || isContainerPattern(target)))
        known = keepSame(known, await factsOf(processes, known));
      scanned = scan.read();
    },
    assign(rules, byPath) {
      entries = kernel.readProcesses();
      origins.keepOnly(new Set(rules.map(originName)));
      byOrigin = new Map(rules.map((rule) => [origins.of(originName(rule)), rule]));
      return book.assign(scanned, {
        rules,
        byPath,
        exemptPid: process.pid,
        inherited(pid, startTicks) {
          const entry = entries.get(pid);
          return entry?.startTicks === startTicks ? byOrigin.get(entry.origin) : undefined;
        },
      });
    },
    write(assigned, subjectOf) {
      let changed = false;
      for (const [pid, rules] of assigned) {
        const found = scanned.get(pid);
        if (found === undefined) continue;
        const { startTicks } = found;
        const heritage = heritageOf(rules);
        const origin = heritage === undefined ? 0 : origins.of(originName(heritage));
        const fresh: ProcessEntry = {
          startTicks,
          subject: subjectOf(rules),
          origin: rules.length === 0 ? ORIGIN_EXEMPT : origin,
        };
        // One that has just become another program is the kernel's to know until the next reading.
        if (isSame(entries.get(pid), fresh) || !scan.isUnchanged(found)) continue;
        kernel.writeProcess(pid, fresh);
        changed = true;
      }
      for (const [pid, { startTicks, subject, origin }] of entries) {
        if (assigned.has(pid)) continue;
        const found = scanned.get(pid);
        // The same for a child that was born since.
        const isOther = found === undefined || found.startTicks !== startTicks;
        if (isOther ? isAlive(pid) : !scan.isUnchanged(found)) continue;
        if (isOther) kernel.removeProcess(pid);
        // Its sockets remember the rule that it was under, unless they are told that there is none.
        else if (subject !== 0 || origin !== 0)
          kernel.writeProcess(pid, { startTicks, subject: 0, origin: 0 });
        else continue;
        changed = true;
      }
      if (changed) kernel.newGeneration();
    },
    paths() {
      const found = new Set<string>();
      for (const { facts } of scanned.values()) {
        const { application } = facts;
        if (application?.path && application.key === `path:${application.path}`)
          found.add(application.path);
      }
      return found;
    },
    containerIds() {
      const found = new Map<string, string>();
      for (const { container } of known.values())
        if (container?.name !== undefined) found.set(container.name, container.id);
      return found;
    },
  };
}

/** A rule with another target is another rule to those who inherited it. */
function originName({ id, target }: LimitRule): string {
  return `${id} ${JSON.stringify(target)}`;
}

function isSame(a: ProcessEntry | undefined, b: ProcessEntry): boolean {
  return a?.startTicks === b.startTicks && a.subject === b.subject && a.origin === b.origin;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

/** "container:web" */
function isContainerPattern(target: LimitRule["target"]): boolean {
  return target.kind === "application" && /^(container:|\*)/.test(target.pattern);
}

/** What was known before where the sampler does not answer. */
async function factsOf(
  processes: () => Promise<readonly LimitedProcess[]>,
  before: Map<number, TrafficFacts>,
): Promise<Map<number, TrafficFacts>> {
  const found = new Map<number, TrafficFacts>();
  const rows = await processes().catch(() => undefined);
  if (rows === undefined) return before;
  for (const { pid, key, application, path, container, unit, user } of rows) {
    found.set(pid, { application: { key, name: application, path }, container, unit, user });
  }
  return found;
}

/** The objects of before where nothing changed: what was found out for them stays valid. */
function keepSame(
  before: ReadonlyMap<number, TrafficFacts>,
  after: Map<number, TrafficFacts>,
): Map<number, TrafficFacts> {
  for (const [pid, facts] of after) {
    const old = before.get(pid);
    if (old !== undefined && JSON.stringify(old) === JSON.stringify(facts)) after.set(pid, old);
  }
  return after;
}
