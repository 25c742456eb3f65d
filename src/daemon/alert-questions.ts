/** What people ask of alerts and tell them: rules, the log, channels. */

import type { AlertDelivery } from "../alerts/delivery.ts";
import type { EventLog } from "../alerts/event-log.ts";
import type { Journal } from "../alerts/journal.ts";
import type { RuleBook } from "../alerts/rule-book.ts";
import type { AlertPreview, AlertRule, AlertRuleSettings } from "../model/alert.ts";
import type { AlertQuestions } from "../model/alert-questions.ts";
import { parseRuleDraft } from "../model/alert-schema.ts";
import { MonitauriError } from "../model/error.ts";

export interface AlertParts {
  readonly journal: Pick<Journal, "commit">;
  readonly rules: RuleBook;
  readonly events: EventLog;
  readonly delivery: AlertDelivery;
  preview(rule: AlertRuleSettings): Promise<AlertPreview>;
  /** Rules have changed: what a removed one was saying is over. */
  readonly onRules: () => void;
  readonly now: () => number;
}

export function alertQuestions(parts: AlertParts): AlertQuestions {
  const { journal, rules, events, delivery, now, onRules } = parts;
  return {
    alertRules: async () => rules.list(),
    async addAlertRule(draft) {
      checkedChannels(draft, delivery);
      const rule = await rules.add(draft, now());
      onRules();
      return rule;
    },
    async setAlertRule(id, change) {
      checkedChannels(change, delivery);
      const rule = await rules.set(id, change);
      onRules();
      return rule;
    },
    async removeAlertRule(id) {
      await rules.remove(id);
      onRules();
    },
    previewAlertRule: async (draft) => parts.preview(parseRuleDraft(draft)),
    alertLog: async (query = {}) => events.page(query),
    async acknowledgeAlerts(which) {
      const changes = new Map<string, unknown>();
      const done = events.acknowledge(which, now(), changes);
      // Known to whoever reads the log from now on. Where the disk refuses, the journal says so and writes it when it can.
      await journal.commit(changes).catch(() => {});
      return done;
    },
    async snoozeAlerts({ ruleId, untilMs }) {
      const ids = ruleId === undefined ? rules.list().map(({ id }) => id) : [ruleId];
      const changed = await rules.setAll(ids, { snoozedUntilMs: untilMs });
      onRules();
      return changed;
    },
    alertChannels: async () => delivery.channels(),
    setAlertChannel: (draft) => delivery.setChannel(draft),
    async removeAlertChannel(name) {
      const using = rules.list().filter(({ channels }) => channels.includes(name));
      const change = (channelsOf: (rule: AlertRule) => readonly string[]) =>
        rules.setEach(new Map(using.map((rule) => [rule.id, { channels: channelsOf(rule) }])));
      // The rules first: none may be left with a place that is gone.
      await change(({ channels }) => channels.filter((each) => each !== name));
      try {
        await delivery.removeChannel(name);
      } catch (error) {
        await change(({ channels }) => channels).catch(() => {});
        throw error;
      } finally {
        if (using.length > 0) onRules();
      }
    },
    testAlertChannel: (name) => delivery.test(name),
  };
}

/** A name that is misspelt would send nothing when it matters. */
function checkedChannels<T extends { readonly channels?: readonly string[] }>(
  rule: T,
  delivery: AlertDelivery,
): T {
  const known = new Set(delivery.channels().map(({ name }) => name));
  const unknown = (rule.channels ?? []).filter((name) => !known.has(name));
  if (unknown.length === 0) return rule;
  const there = known.size === 0 ? "there are none yet" : `there are ${[...known].join(", ")}`;
  throw new MonitauriError(
    "invalid",
    `Cannot use the channel ${unknown.join(", ")}: ${there}. Set one with monitauri alert channel set`,
  );
}
