/** An alert as delivery is given it, for tests and measurements. */

import type { AlertMessage } from "../../model/alert.ts";

/** `id` as the message has it; the rest may be changed. */
export function alertMessage(id: string, changes: Partial<AlertMessage> = {}): AlertMessage {
  return {
    id,
    ruleId: "rule-1",
    ruleName: "fast downloads",
    kind: "rate",
    severity: "warning",
    atMs: Date.UTC(2026, 10, 25, 12),
    subject: { kind: "application", key: "/usr/bin/curl", name: "curl" },
    title: "curl receives 54.2 Mbit/s",
    text: "curl receives more than 10 Mbit/s for 30 s.\nIt began at 12:00.",
    measure: {
      bytesPerSecond: 6_775_000,
      thresholdBytesPerSecond: 1_250_000,
      bytes: null,
      thresholdBytes: null,
      share: null,
      thresholdShare: null,
    },
    series: {
      atMs: [0, 1_000, 2_000, 3_000],
      rxBytesPerSecond: [0, 1_000_000, 3_000_000, 6_775_000],
      txBytesPerSecond: [0, 10_000, 20_000, 90_000],
    },
    causes: [
      { key: "/usr/bin/curl", name: "curl", rxBytesPerSecond: 6_775_000, txBytesPerSecond: 90_000 },
    ],
    state: "ongoing",
    resolvedAtMs: null,
    acknowledgedAtMs: null,
    inReplyTo: null,
    digest: [],
    count: 1,
    ...changes,
  };
}
