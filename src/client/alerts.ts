/** Alerts over HTTP. */

import type { AlertQuestions } from "../model/alert-questions.ts";
import { type Ask, queryString } from "./client.ts";

/** Longer than the daemon tries. */
const TEST_PATIENCE_MS = 29_000;

export function alertQuestions(
  ask: <T>(path: string, options?: Ask) => Promise<T>,
): AlertQuestions {
  const send = <T>(path: string, body: unknown) => ask<T>(path, { method: "POST", body });
  return {
    alertRules: () => ask("alerts/rules"),
    addAlertRule: (draft) => send("alerts/rules", draft),
    setAlertRule: (id, change) => send(`alerts/rules/${encodeURIComponent(id)}`, change),
    async removeAlertRule(id) {
      await ask(`alerts/rules/${encodeURIComponent(id)}`, { method: "DELETE" });
    },
    previewAlertRule: (draft) => send("alerts/preview", draft),
    alertLog: ({ limit, before, unread, ruleId } = {}) =>
      ask(`alerts/log${queryString({ limit, before, unread, ruleId })}`),
    async acknowledgeAlerts(which) {
      return (await send<{ acknowledged: number }>("alerts/acknowledge", which)).acknowledged;
    },
    snoozeAlerts: (snooze) => send("alerts/snooze", snooze),
    alertChannels: () => ask("alerts/channels"),
    setAlertChannel: (draft) => send("alerts/channels", draft),
    async removeAlertChannel(name) {
      await ask(`alerts/channels/${encodeURIComponent(name)}`, { method: "DELETE" });
    },
    // It waits for another server.
    testAlertChannel: (name) =>
      ask(`alerts/channels/${encodeURIComponent(name)}/test`, {
        method: "POST",
        body: {},
        patienceMs: TEST_PATIENCE_MS,
      }),
  };
}
