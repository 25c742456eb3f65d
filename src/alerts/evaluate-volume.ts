/** Volumes: each percentage of a cap once in its period. Of several that are reached at once only the highest is told. */

import type { AlertRule, VolumeCondition } from "../model/alert.ts";
import { periodWords } from "../model/alert-words.ts";
import { formatBytes } from "../model/format.ts";
import { bytesOf } from "./evaluate-rate.ts";
import { createMarks, type Marks } from "./marks.ts";
import type { Meter, MeterGroup } from "./meters.ts";
import { dayWords } from "./periods.ts";
import type { Conditions, EvaluationState, Turn } from "./turn.ts";

type VolumeRule = AlertRule & { readonly condition: VolumeCondition };

export function volumeConditions(state: EvaluationState): Conditions {
  const marks = createMarks(state, "volume");
  let rules: readonly VolumeRule[] = [];
  /** The next threshold of each meter: until it is reached nothing is looked at. */
  const next = new WeakMap<Meter, number>();
  let revision = {};
  const known = new WeakMap<Meter, object>();

  function take(turn: Turn, group: MeterGroup, meter: Meter): void {
    const total = meter.rxBytes + meter.txBytes;
    if (known.get(meter) === revision && total < (next.get(meter) ?? 0)) return;
    let least = Number.POSITIVE_INFINITY;
    for (const rule of rulesOf(group, meter)) {
      least = Math.min(least, judge(turn, { rule, group, meter, marks }));
    }
    next.set(meter, least);
    known.set(meter, revision);
  }

  return {
    setRules(given) {
      rules = given as readonly VolumeRule[];
      revision = {};
    },
    take(turn) {
      if (rules.length === 0) return;
      for (const group of turn.meters.groups()) {
        if (group.state !== "ready" || group.period === "hour") continue;
        for (const meter of group.meters.values()) take(turn, group, meter);
      }
    },
  };
}

function rulesOf({ index, scope }: MeterGroup, meter: Meter): readonly VolumeRule[] {
  return [...index.any(scope), ...index.naming(scope, meter)].filter(
    (rule): rule is VolumeRule => rule.condition.kind === "volume",
  );
}

interface Judged {
  readonly rule: VolumeRule;
  readonly group: MeterGroup;
  readonly meter: Meter;
  readonly marks: Marks;
}

/** The sum of both directions below which nothing can come of this rule. */
function judge(turn: Turn, { rule, group, meter, marks }: Judged): number {
  const { capBytes, direction, percentages } = rule.condition;
  const bytes = bytesOf(meter, direction);
  const percent = (bytes / capBytes) * 100;
  const reached = percentages.findLast((each) => each <= percent) ?? 0;
  // With another cap it is another question.
  const key = `${rule.id} ${capBytes} ${direction} ${rule.condition.period}\n${meter.key}`;
  const told = marks.level(key, group.fromMs);
  const total = meter.rxBytes + meter.txBytes;
  if (reached > told) {
    // Snoozed, or no room in this tick: looked at again in the next.
    if (!turn.mayFire(rule) || !turn.fire(findingOf({ rule, group, meter, marks }, reached))) {
      return total;
    }
    marks.set(key, { fromMs: group.fromMs, level: reached }, turn.changes);
  }
  const higher = percentages.find((each) => each > Math.max(reached, told));
  if (higher === undefined) return Number.POSITIVE_INFINITY;
  return total + ((higher / 100) * capBytes - bytes);
}

function findingOf({ rule, group, meter }: Judged, percent: number) {
  const { capBytes, direction, period } = rule.condition;
  const bytes = bytesOf(meter, direction);
  const verb = { rx: "received", tx: "sent", both: "moved" }[direction];
  const thresholdBytes = (capBytes * percent) / 100;
  const cap = formatBytes(capBytes);
  const share = `${Math.floor((bytes / capBytes) * 100)} %`;
  const ends = period === "day" ? "at midnight" : `before ${dayWords(group.toMs)}`;
  return {
    rule,
    subject: { kind: group.scope, key: meter.key, name: meter.name },
    // Each percentage by itself: no cool-down of one hides the next.
    detail: `${percent}`,
    title: `${meter.name} has ${verb} ${percent} % of ${cap} ${periodWords(period)}`,
    text:
      `${meter.name} has ${verb} ${formatBytes(bytes)} ${periodWords(period)}: ${share} of ${cap}. ` +
      `Counting begins anew ${ends === "at midnight" ? ends : ends.replace("before ", "on ")}.`,
    measure: { bytes, thresholdBytes },
  };
}
