/** Reads what classes and refusals did, and whether something gets past them. */

import { existsSync } from "node:fs";
import type { LimitAchieved, LimitRule } from "../model/limit.ts";
import { type ClassCounters, readClasses } from "../native/traffic-control.ts";
import { achievedOf, type Judged, type RuleCounters, rateOf, sumByRule } from "./achieved.ts";
import { capOf, effectiveChain, guaranteeOf } from "./classes.ts";
import type { KernelCounters, KernelSide } from "./kernel-side.ts";
import {
  type Attachment,
  attachmentText,
  type Desired,
  SHAPERS,
  type Shaping,
} from "./linux-plan.ts";
import { inspect, shaperIndex } from "./traffic-control.ts";
import { type PlacesOfRule, placesOfRules, weaknesses } from "./weaknesses.ts";

export interface Meter {
  /** Reads all counters: rates are those since the reading before. `members`: rules that a process is under. */
  read(now: Desired, members: ReadonlySet<string>): void;
  achieved(rules: readonly LimitRule[], slotOf: (id: string) => number): LimitAchieved[];
  /** Whether the filter of an attachment was where it was put, at the last reading. */
  isThere(one: Attachment): boolean;
}

type Sums = Readonly<Record<Shaping, ReadonlyMap<string, RuleCounters>>>;

const NO_SUMS: Sums = { rx: new Map(), tx: new Map() };

interface Reading {
  readonly atMs: number;
  readonly sums: Sums;
  readonly places: Readonly<Record<Shaping, PlacesOfRule>>;
  readonly passed: KernelCounters;
}
const NO_COUNTERS: ReadonlyMap<number, ClassCounters> = new Map();
/** Rates over less than this would jump. */
const SHORTEST_MS = 400;

export function createMeter(kernel: KernelSide): Meter {
  let before: Reading | undefined;
  let latest: Reading | undefined;
  let now: Desired | undefined;
  let members: ReadonlySet<string> = new Set();
  let inspected = new Map<string, { isThere: boolean; others: number }>();

  return {
    read(desired, ids) {
      members = ids;
      const atMs = performance.now();
      now = desired;
      inspected = new Map(desired.attachments.map((one) => [attachmentText(one), inspect(one)]));
      if (latest !== undefined && atMs - latest.atMs < SHORTEST_MS) return;
      const { rx, tx } = desired.trees;
      const counters = {
        rx: desired.shapers.has("rx") ? countersOf("rx") : NO_COUNTERS,
        tx: desired.shapers.has("tx") ? countersOf("tx") : NO_COUNTERS,
      };
      before = latest;
      latest = {
        atMs,
        sums: { rx: sumByRule(rx, counters.rx), tx: sumByRule(tx, counters.tx) },
        places: { rx: placesOfRules(rx, counters.rx), tx: placesOfRules(tx, counters.tx) },
        passed: kernel.counters(),
      };
    },
    achieved(rules, slotOf) {
      const sums = latest?.sums ?? NO_SUMS;
      return rules.map((rule) => {
        const rate = (shaping: Shaping) =>
          before === undefined
            ? null
            : rateOf(before.sums[shaping].get(rule.id), sums[shaping].get(rule.id), elapsedMs());
        return achievedOf(rule, {
          rates: { rx: rate("rx"), tx: rate("tx") },
          sums: { rx: sums.rx.get(rule.id), tx: sums.tx.get(rule.id) },
          refused: kernel.refusals(slotOf(rule.id)),
          judged: judge(rule, rules),
        });
      });
    },
    isThere: (one) => (inspected.get(attachmentText(one)) ?? inspect(one)).isThere,
  };

  function judge(rule: LimitRule, rules: readonly LimitRule[]): Judged {
    const away = absence(rule, { now, members });
    if (away !== undefined) return { state: "waiting", reason: away };
    if (now?.attachments.length === 0) {
      const isMeant = now.keys.some(({ rx, tx }) => rx !== 0 || tx !== 0);
      const reason = isMeant ? "no interface of this machine is active" : "nobody is under it now";
      return { state: "waiting", reason };
    }
    if ([...inspected.values()].some(({ isThere }) => !isThere)) {
      return {
        state: "defeated",
        reason: "another program removed the filters; they are put on again",
      };
    }
    if (needsCap(rule, rules)) {
      return {
        state: "active",
        reason:
          "a guarantee or priority alone does nothing: give the machine or the interface a cap to share",
      };
    }
    const passed = grownOf("lapsedPackets");
    if (passed > 0) {
      return {
        state: "defeated",
        reason: "Monitauri had no time for two seconds, so that everything passed meanwhile",
      };
    }
    const weak = weaknesses(rule, {
      places: latest?.places ?? { rx: new Map(), tx: new Map() },
      unownedBytesPerSecond: (grownOf("unownedBytes") * 1000) / Math.max(1, elapsedMs()),
      processOverflow: latest?.passed.processOverflow ?? 0,
    });
    const others = now?.attachments.filter(
      (one) => (inspected.get(attachmentText(one))?.others ?? 0) > 0,
    );
    if (others !== undefined && others.length > 0) {
      const where = [...new Set(others.map(({ name }) => name))].join(", ");
      weak.push(
        `other programs have filters at ${where}: a packet that they accept for good passes the limit`,
      );
    }
    return { state: "active", reason: weak.length === 0 ? null : weak.join("; ") };
  }

  function elapsedMs(): number {
    return (latest?.atMs ?? 0) - (before?.atMs ?? 0);
  }

  /** Between the last two readings. */
  function grownOf(what: "lapsedPackets" | "unownedBytes"): number {
    return before === undefined ? 0 : (latest?.passed[what] ?? 0) - before.passed[what];
  }
}

function countersOf(shaping: Shaping): Map<number, ClassCounters> {
  const found = new Map<number, ClassCounters>();
  try {
    for (const one of readClasses(shaperIndex(SHAPERS[shaping])))
      found.set(one.handle & 0xffff, one);
  } catch {
    // Removed by somebody: the next reconciliation makes it again.
  }
  return found;
}

/** Why the target of a rule is not there; undefined: it is, or may come at any time. */
function absence(
  { id, target }: LimitRule,
  { now, members }: { now: Desired | undefined; members: ReadonlySet<string> },
): string | undefined {
  if (target.kind === "interface") {
    const isThere = now?.attachments.some(({ name }) => name === target.name) ?? false;
    return isThere ? undefined : `there is no active interface ${target.name}`;
  }
  if (target.kind === "process" && !existsSync(`/proc/${target.pid}`)) {
    return `process ${target.pid} has ended; what it started stays limited`;
  }
  if (members.has(id)) return undefined;
  if (target.kind === "unit") return `no process of ${target.unit} runs`;
  if (target.kind === "container")
    return `no process of the container ${target.container} is known`;
  return undefined;
}

function needsCap(rule: LimitRule, rules: readonly LimitRule[]): boolean {
  const has = (shaping: Shaping) => capOf(rule, shaping) !== null;
  if (rule.block || has("rx") || has("tx")) return false;
  const wider = rules.filter(
    (one) => one !== rule && (capOf(one, "rx") ?? capOf(one, "tx")) !== null,
  );
  const hasShare = guaranteeOf(rule, "rx") !== null || guaranteeOf(rule, "tx") !== null;
  const isInside = wider.some((one) =>
    (["rx", "tx"] as const).some((shaping) => effectiveChain([one, rule], shaping).includes(rule)),
  );
  return (hasShare || rule.priority !== 3) && !isInside;
}
