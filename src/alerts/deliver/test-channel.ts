/** A real message through a channel, past the queue, and what came of it. */

import { randomUUID } from "node:crypto";
import { type AlertMessage, NO_MEASURE } from "../../model/alert.ts";
import type { AlertTest } from "../../model/alert-channel.ts";
import type { Clock, Sender } from "./sender.ts";

/** Less than a connection to the API may be silent. */
const TEST_TIMEOUT_MS = 25_000;
const MAX_LINES = 100;

export async function testChannel(
  sender: Sender,
  { channel, clock, host }: { channel: string; clock: Clock; host: string },
): Promise<AlertTest> {
  const transcript: string[] = [];
  const limit = AbortSignal.timeout(TEST_TIMEOUT_MS);
  const startedMs = performance.now();
  try {
    const outcome = await sender.send(testMessage(clock.now(), { channel, host }), {
      begin: async () => {},
      signal: limit,
      transcript(line) {
        if (transcript.length < MAX_LINES) transcript.push(line);
      },
    });
    const trouble = outcome.kind === "delivered" ? outcome.trouble : outcome.trouble;
    const said = outcome.kind === "delivered" ? outcome.said : outcome.trouble.said;
    return {
      ok: outcome.kind === "delivered" && trouble === undefined,
      outcome: sentence(trouble === undefined ? said : trouble.said),
      remedy: trouble === undefined ? null : sentence(trouble.remedy),
      transcript,
      tookMs: Math.round(performance.now() - startedMs),
    };
  } finally {
    sender.rest();
  }
}

function testMessage(
  atMs: number,
  { channel, host }: { channel: string; host: string },
): AlertMessage {
  const points = Array.from({ length: 30 }, (_, at) => at);
  return {
    id: `test-${randomUUID()}`,
    ruleId: "test",
    ruleName: "test",
    kind: "rate",
    severity: "info",
    atMs,
    subject: { kind: "machine", key: "", name: "" },
    title: "This is a test: alerts arrive here",
    text: `Sent by Monitauri on ${host} through the channel ${channel} because somebody asked for it.\nNothing is wrong. The chart below is an example.`,
    measure: NO_MEASURE,
    series: {
      atMs: points.map((at) => atMs - (29 - at) * 1000),
      rxBytesPerSecond: points.map((at) => 40_000 * at),
      txBytesPerSecond: points.map((at) => 10_000 * (at % 7)),
    },
    causes: [],
    state: "fired",
    resolvedAtMs: null,
    acknowledgedAtMs: null,
    inReplyTo: null,
    digest: [],
    count: 1,
  };
}

function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
