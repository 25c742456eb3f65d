/** What `status` says of alerts: how many rules work, what waits, and what went wrong last. */

import type { DeliveryState } from "../alerts/deliver/delivery.ts";
import type { EventLog } from "../alerts/event-log.ts";
import type { AlertRule } from "../model/alert.ts";
import {
  type AlertLearning,
  type AlertStatus,
  type AlertTrouble,
  type DeliveryFailure,
  MAX_ALERT_TROUBLES,
  MAX_TROUBLE_LENGTH,
} from "../model/alert-status.ts";
import { printable } from "../model/printable.ts";

export interface AlertStatusParts {
  readonly rules: readonly AlertRule[];
  /** Ids of rules that this version cannot read. */
  readonly unusable: readonly string[];
  readonly events: Pick<EventLog, "page">;
  /** Why a block list cannot be used as it should; undefined: it can. */
  readonly listTrouble: (list: string) => string | undefined;
  /** What cannot be written now, as sentences. */
  readonly faults: readonly string[];
  readonly hasHistory: boolean;
  readonly learning: readonly AlertLearning[];
  /** undefined: nothing is delivered. */
  readonly delivery: DeliveryState | undefined;
  /** Messages that delivery has not taken yet. */
  readonly posts: number;
  readonly nowMs: number;
}

export function alertStatus(parts: AlertStatusParts): AlertStatus {
  const { rules, unusable, events, faults, delivery, posts, nowMs } = parts;
  const enabled = rules.filter((rule) => rule.enabled);
  const faulty = enabled.flatMap((rule): AlertTrouble[] => {
    const text = troubleOf(rule, parts);
    return text === undefined ? [] : [{ ruleId: rule.id, text: shortened(text) }];
  });
  const cannotWork = new Set(faulty.map(({ ruleId }) => ruleId));
  const active = enabled.filter(
    ({ id, snoozedUntilMs }) =>
      !cannotWork.has(id) && (snoozedUntilMs === null || snoozedUntilMs <= nowMs),
  );
  const { unread, ongoing } = events.page({ limit: 0 });
  const kinds = new Set(enabled.map(({ condition }) => condition.kind));
  const queueFault = delivery?.fault;
  const troubles = [
    ...[...faults, ...(queueFault === undefined ? [] : [queueWords(queueFault)])].map((text) => ({
      ruleId: null,
      text: shortened(text),
    })),
    ...unusable.map((ruleId) => ({
      ruleId,
      text: "It cannot be read any more. Remove it and add it anew",
    })),
    ...faulty,
  ];
  return {
    rules: rules.length + unusable.length,
    activeRules: active.length,
    faultyRules: faulty.length + unusable.length,
    troubles: troubles.slice(0, MAX_ALERT_TROUBLES),
    learning: parts.learning.filter(({ kind }) => kinds.has(kind)),
    unread,
    ongoing,
    waiting: (delivery?.channels ?? []).reduce((all, { waiting }) => all + waiting, posts),
    lastFailure: lastFailure(delivery),
  };
}

/** Why a rule that is switched on cannot do what it is there for; undefined: it can. */
function troubleOf(
  { condition, channels }: AlertRule,
  { listTrouble, hasHistory, delivery }: AlertStatusParts,
): string | undefined {
  const { kind } = condition;
  if ((kind === "forecast" || kind === "unusual") && !hasHistory) {
    return "It compares with the past, and the history is switched off. Remove history = false from config.toml and start again";
  }
  const list = kind === "block-list" ? listTrouble(condition.list) : undefined;
  if (list !== undefined) return `${list}. It is tried again`;
  const working = new Set(
    (delivery?.channels ?? []).filter(({ enabled }) => enabled).map(({ name }) => name),
  );
  if (channels.length === 0 || channels.some((name) => working.has(name))) return undefined;
  return `It is sent nowhere: ${channels.join(", ")} ${channels.length === 1 ? "is" : "are"} switched off. Switch on: monitauri alert channel set ${channels[0]} --on`;
}

function queueWords(fault: string): string {
  return `Messages cannot be kept on the disk, and are sent all the same: ${fault}. Make room on the disk`;
}

function lastFailure(delivery: DeliveryState | undefined): DeliveryFailure | null {
  let latest: DeliveryFailure | null = null;
  for (const { name, last, lastFailure: failure } of delivery?.channels ?? []) {
    if (failure === undefined || failure.atMs < (latest?.atMs ?? Number.NEGATIVE_INFINITY))
      continue;
    latest = {
      channel: name,
      atMs: failure.atMs,
      said: shortened(failure.said),
      remedy: shortened(failure.remedy),
      isOver: last !== failure && last?.kind === "delivered",
    };
  }
  return latest;
}

function shortened(text: string): string {
  return printable(text, MAX_TROUBLE_LENGTH);
}
