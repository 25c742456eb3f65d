/** Alerts in the daemon: what is kept of them, and who is asked. */

import { type AlertDelivery, NO_DELIVERY } from "../alerts/delivery.ts";
import { openEventLog } from "../alerts/event-log.ts";
import { openJournal } from "../alerts/journal.ts";
import { openRuleBook } from "../alerts/rule-book.ts";
import type { AlertQuestions } from "../model/alert-questions.ts";
import { alertQuestions } from "./alert-questions.ts";
import type { Log } from "./log.ts";

export interface Alerts {
  readonly questions: AlertQuestions;
  /** Writes what waits. */
  close(): Promise<void>;
}

export interface AlertsOptions {
  /** The file of rules, events and what must not be forgotten. */
  readonly path: string;
  readonly delivery?: AlertDelivery;
  readonly log: Pick<Log, "warn">;
  readonly now?: () => number;
}

export function createAlerts(options: AlertsOptions): Alerts {
  const { path, delivery = NO_DELIVERY, log, now = Date.now } = options;
  const warn = (message: string) => log.warn(message);
  const journal = openJournal({ path, warn });
  const rules = openRuleBook(journal, warn);
  const events = openEventLog(journal);
  const questions = alertQuestions({
    journal,
    rules,
    events,
    delivery,
    now,
    onRules() {},
    preview: async () => ({ fromMs: now(), toMs: now(), fired: null, events: [], basis: "" }),
  });
  return { questions, close: () => journal.close() };
}
