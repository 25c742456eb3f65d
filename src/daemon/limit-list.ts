/** What `limit list` shows, from the rules, what the limiter measures and who uses the network (pure). */

import {
  APPLIES_TO_SHOWN,
  type LimitAchieved,
  type LimitCapabilities,
  type LimitRule,
  type LimitState,
  type LimitStateName,
} from "../model/limit.ts";
import {
  narrowestFirst,
  programOf,
  ruleFits,
  rulesFor,
  type TrafficFacts,
} from "../model/limit-match.ts";
import { nextChangeMs, standing, wallTime } from "../model/limit-schedule.ts";
import type { PsRow } from "../model/monitauri.ts";
import type { Connection } from "../model/sample.ts";
import type { PendingChange } from "./limit-file.ts";
import { type NetworkUser, trafficWarnings } from "./limit-warnings.ts";

export interface ListParts {
  readonly rules: readonly LimitRule[];
  readonly pending: readonly PendingChange[];
  readonly achieved: readonly LimitAchieved[];
  readonly capabilities: LimitCapabilities;
  /** Why the rules that should hold do not. */
  readonly fault: string | undefined;
  /** Of processes that run. */
  readonly processes: readonly PsRow[];
  /** Where rules are about remotes or ports; else none. */
  readonly connections: readonly Connection[];
  /** Interfaces that rules do not reach. */
  readonly unlimited: readonly string[];
  readonly atMs: number;
  readonly zone?: string | undefined;
}

export function limitStates(parts: ListParts): LimitState[] {
  const { rules, atMs, zone } = parts;
  const wall = wallTime(atMs, zone);
  const standings = new Map(rules.map((rule) => [rule, standing(rule, atMs, wall)]));
  const inForce = rules.filter((rule) => standings.get(rule) === "in-force");
  const users = usersOf(parts);
  const achieved = new Map(parts.achieved.map((one) => [one.id, one]));
  const pending = new Map(parts.pending.map((one) => [one.id, one]));
  return rules.map((rule) => {
    const isInForce = standings.get(rule) === "in-force";
    const now = isInForce ? achieved.get(rule.id) : undefined;
    const named = userNames(rule, users);
    return {
      rule,
      ...named,
      ...withWarnings(stateOf(parts, now, standings.get(rule) ?? "in-force"), () =>
        trafficWarnings(rule, users, parts.unlimited),
      ),
      within: isInForce ? widerThan(rule, inForce, users) : [],
      achieved: now,
      confirmByMs: pending.get(rule.id)?.undoAtMs ?? null,
      changesAtMs: nextChangeMs(rule, atMs, zone),
    };
  });
}

function stateOf(
  { capabilities, fault }: ListParts,
  achieved: LimitAchieved | undefined,
  stands: ReturnType<typeof standing>,
): { readonly state: LimitStateName; readonly reason: string | null } {
  if (stands !== "in-force") return { state: stands, reason: null };
  if (capabilities.missing !== null) {
    return { state: "unenforced", reason: capabilities.missing.reason };
  }
  if (achieved !== undefined) return { state: achieved.state, reason: achieved.reason };
  return { state: "unenforced", reason: fault ?? "it is not in the kernel yet" };
}

/** What gets around a rule is said beside what the enforcing part says. */
function withWarnings<Told extends { state: LimitStateName; reason: string | null }>(
  told: Told,
  warnings: () => readonly string[],
): Told {
  if (told.state !== "active") return told;
  const all = [...(told.reason === null ? [] : [told.reason]), ...warnings()];
  return { ...told, reason: all.length === 0 ? null : all.join("; ") };
}

function usersOf({ processes, connections }: ListParts): readonly NetworkUser[] {
  const ofProcesses = processes.flatMap((row): NetworkUser[] =>
    (row.interfaces.length === 0 ? [undefined] : row.interfaces).map((at) => ({
      name: row.application,
      carries: row.carries,
      facts: { ...processFacts(row), ...(at === undefined ? {} : { interface: at.name }) },
    })),
  );
  const ofConnections = connections.map(
    (one): NetworkUser => ({
      name: one.application,
      carries: null,
      facts: connectionFacts(one),
    }),
  );
  return [...ofProcesses, ...ofConnections];
}

export function processFacts(row: PsRow): TrafficFacts {
  const { key, application: name, path, pid, startedAtMs, user, container, unit } = row;
  return {
    application: { key, name, path },
    lineage: pid === null || startedAtMs === null ? [] : [{ pid, startedAtMs }],
    user,
    container,
    unit,
  };
}

export function connectionFacts(one: Connection): TrafficFacts {
  return {
    application: programOf(one.applicationKey, one.application),
    user: one.user,
    container: one.container === undefined ? null : { id: one.container, name: one.container },
    unit: one.unit,
    interface: one.interface,
    remoteAddress: one.remoteAddress,
    localPort: one.localPort,
    remotePort: one.remotePort,
    protocol: one.protocol.replace(/6$/, ""),
  };
}

function userNames(rule: LimitRule, users: readonly NetworkUser[]) {
  // Everybody is under a rule of the machine: no list of names says more.
  if (rule.target.kind === "machine") return { appliesTo: [], appliesToCount: 0 };
  const names = new Set(users.filter(({ facts }) => ruleFits(rule, facts)).map(({ name }) => name));
  return { appliesTo: [...names].slice(0, APPLIES_TO_SHOWN), appliesToCount: names.size };
}

/** Wider rules that hold around this one, for somebody who is under it now, the narrowest first. */
function widerThan(
  rule: LimitRule,
  inForce: readonly LimitRule[],
  users: readonly NetworkUser[],
): string[] {
  const wider = inForce.filter(
    (other) => other.id !== rule.id && narrowestFirst(rule, other) < 0 && isCap(other),
  );
  if (wider.length === 0) return [];
  const under = users.filter(({ facts }) => ruleFits(rule, facts)).slice(0, APPLIES_TO_SHOWN);
  const around = new Set(under.flatMap(({ facts }) => rulesFor(wider, facts)));
  for (const other of wider) if (other.target.kind === "machine") around.add(other);
  return wider
    .filter((other) => around.has(other))
    .sort(narrowestFirst)
    .map(({ id }) => id);
}

function isCap({ block, rxBytesPerSecond, txBytesPerSecond }: LimitRule): boolean {
  return block || rxBytesPerSecond !== null || txBytesPerSecond !== null;
}
