/** What can be asked of alerts: a part of `Monitauri`. */

import type {
  AlertAcknowledgement,
  AlertLog,
  AlertLogQuery,
  AlertPreview,
  AlertRule,
  AlertRuleChange,
  AlertRuleDraft,
  AlertSnooze,
} from "./alert.ts";
import type { AlertChannel, AlertChannelDraft, AlertTest } from "./alert-channel.ts";

export interface AlertQuestions {
  alertRules(): Promise<readonly AlertRule[]>;
  /** @throws MonitauriError "invalid" that names what is impossible, "busy" where there are too many. */
  addAlertRule(draft: AlertRuleDraft): Promise<AlertRule>;
  /** What is not given stays. @throws MonitauriError "invalid", "not-found". */
  setAlertRule(id: string, change: AlertRuleChange): Promise<AlertRule>;
  /** What it was saying is over. @throws MonitauriError "not-found". */
  removeAlertRule(id: string): Promise<void>;
  /** What the rule would have done in the last seven days. @throws MonitauriError "invalid". */
  previewAlertRule(draft: AlertRuleDraft): Promise<AlertPreview>;
  alertLog(query?: AlertLogQuery): Promise<AlertLog>;
  /** Resolves to how many were unread. */
  acknowledgeAlerts(which: AlertAcknowledgement): Promise<number>;
  /** @throws MonitauriError "not-found". */
  snoozeAlerts(snooze: AlertSnooze): Promise<readonly AlertRule[]>;
  alertChannels(): Promise<readonly AlertChannel[]>;
  /** Makes or changes the channel of that name. Secrets go in and never come out. @throws MonitauriError "invalid", and
   * "forbidden" for a command but over the Unix socket. */
  setAlertChannel(draft: AlertChannelDraft): Promise<AlertChannel>;
  /** @throws MonitauriError "not-found". */
  removeAlertChannel(name: string): Promise<void>;
  /** Sends a real message and tells what came of it. @throws MonitauriError "not-found". */
  testAlertChannel(name: string): Promise<AlertTest>;
}
