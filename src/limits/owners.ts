/** Which rules each process is under (pure): its own, and those that it inherits from the one that started it. */

import type { LimitRule } from "../model/limit.ts";
import { targetFits } from "../model/limit-match.ts";
import { isOwnerRule, widestFirst } from "./keys.ts";
import type { ScannedProcess } from "./processes.ts";

export interface OwnerRules {
  /** Rules about owners, among others. */
  readonly rules: readonly LimitRule[];
  /** Application rules by the executable that they lead to; the same object while nothing changes. */
  readonly byPath: ReadonlyMap<string, readonly LimitRule[]>;
  /** Of a process whose parent is gone: the rule that the kernel saw it inherit. */
  inherited(pid: number, startTicks: number): LimitRule | undefined;
  /** This program itself: no rule about owners fits it or what it starts. */
  readonly exemptPid: number;
}

export interface OwnerBook {
  /** The rules of every process that is under one, the widest first; an empty list for those that are exempt. */
  assign(
    processes: ReadonlyMap<number, ScannedProcess>,
    owners: OwnerRules,
  ): Map<number, readonly LimitRule[]>;
}

/** Remembers what fits a process for as long as neither it nor the rules change. */
export function createOwnerBook(): OwnerBook {
  let version: readonly LimitRule[] = [];
  let paths: OwnerRules["byPath"] = new Map();
  let fitting = new Map<number, { facts: unknown; rules: readonly LimitRule[] }>();

  function ownRules(process: ScannedProcess, rules: readonly LimitRule[]): readonly LimitRule[] {
    const known = fitting.get(process.pid);
    if (known?.facts === process.facts) return known.rules;
    const linked = new Set(paths.get(plainPath(process) ?? ""));
    const found = rules.filter(
      (rule) => targetFits(rule.target, process.facts) || linked.has(rule),
    );
    fitting.set(process.pid, { facts: process.facts, rules: found });
    return found;
  }

  return {
    assign(processes, owners) {
      if (owners.rules !== version || owners.byPath !== paths) fitting = new Map();
      version = owners.rules;
      paths = owners.byPath;
      const rules = owners.rules.filter(isOwnerRule);
      const resolved = new Map<number, Resolved>();
      const resolve = (process: ScannedProcess, depth: number): Resolved => {
        const done = resolved.get(process.pid);
        if (done !== undefined) return done;
        const parent = depth < LINEAGE_LIMIT ? processes.get(process.parentPid) : undefined;
        const above = parent === undefined ? NOTHING : resolve(parent, depth + 1);
        const isExempt = process.pid === owners.exemptPid || above.isExempt;
        const answer = isExempt
          ? EXEMPT
          : combine(ownRules(process, rules), above, () =>
              owners.inherited(process.pid, process.startTicks),
            );
        resolved.set(process.pid, answer);
        return answer;
      };
      const assigned = new Map<number, readonly LimitRule[]>();
      for (const process of processes.values()) {
        const { isExempt, process: one, application, others } = resolve(process, 0);
        const all = [...one, ...application, ...others];
        if (isExempt || all.length > 0) assigned.set(process.pid, all.sort(widestFirst));
      }
      for (const pid of fitting.keys()) if (!processes.has(pid)) fitting.delete(pid);
      return assigned;
    },
  };
}

/** The rule that children keep when their parent is gone. */
export function heritageOf(rules: readonly LimitRule[]): LimitRule | undefined {
  return rules.findLast(({ target }) => isInherited(target.kind));
}

/** The executable of a process that stands for itself, and does not run somebody's script. */
function plainPath({ facts: { application } }: ScannedProcess): string | undefined {
  return application?.key === `path:${application?.path}`
    ? (application.path ?? undefined)
    : undefined;
}

/** Deeper trees of processes do not occur. */
const LINEAGE_LIMIT = 64;

interface Resolved {
  readonly isExempt: boolean;
  readonly process: readonly LimitRule[];
  readonly application: readonly LimitRule[];
  readonly others: readonly LimitRule[];
}

const NOTHING: Resolved = { isExempt: false, process: [], application: [], others: [] };
const EXEMPT: Resolved = { ...NOTHING, isExempt: true };

function isInherited(kind: LimitRule["target"]["kind"]): boolean {
  return kind === "process" || kind === "application";
}

/** A program with a rule of its own is no longer under the application rule of the one that started it. */
function combine(
  own: readonly LimitRule[],
  above: Resolved,
  heritage: () => LimitRule | undefined,
): Resolved {
  const of = (kind: LimitRule["target"]["kind"]) =>
    own.filter(({ target }) => target.kind === kind);
  let process: readonly LimitRule[] = [...new Set([...of("process"), ...above.process])];
  let application: readonly LimitRule[] = of("application");
  if (application.length === 0) application = above.application;
  if (process.length === 0 && application.length === 0) {
    const inherited = heritage();
    if (inherited?.target.kind === "process") process = [inherited];
    else if (inherited !== undefined) application = [inherited];
  }
  const others = own.filter(({ target }) => !isInherited(target.kind));
  return { isExempt: false, process, application, others };
}
