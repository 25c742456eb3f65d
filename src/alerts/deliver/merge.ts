/** Makes one message of many: what waits too long for a channel is told together, and nothing of it is left out of the
 * count. */

import {
  ALERT_SEVERITIES,
  type AlertDigestLine,
  type AlertMessage,
  MAX_DIGEST_EVENTS,
  NO_MEASURE,
  NO_SERIES,
} from "../../model/alert.ts";

/** `messages` are at least two, the oldest first; one that is a digest itself counts with all it stands for. */
export function mergeMessages(messages: readonly AlertMessage[]): AlertMessage {
  const [oldest] = messages;
  const latest = messages.at(-1);
  if (oldest === undefined || latest === undefined) throw new RangeError("no messages to merge");
  const count = messages.reduce((sum, message) => sum + message.count, 0);
  const lines = messages.flatMap(linesOf);
  const digest = lines.slice(0, MAX_DIGEST_EVENTS);
  const left = count - digest.length;
  return {
    ...latest,
    // The same range is the same message, also when a restart makes it again.
    id: `${headOf(oldest)}-to-${tailOf(latest)}`,
    ruleName: "digest",
    severity: worst(messages),
    atMs: latest.atMs,
    subject: { kind: "machine", key: "", name: "" },
    title: `${count} alerts that could not be sent one by one`,
    text:
      "They waited too long for this channel, so they come together, the oldest first." +
      (left > 0 ? `\n${left} more are in the log on the Alerts page.` : ""),
    measure: NO_MEASURE,
    series: NO_SERIES,
    causes: [],
    state: "fired",
    resolvedAtMs: null,
    acknowledgedAtMs: null,
    inReplyTo: null,
    digest,
    count,
  };
}

/** The lines that stand for a message in a digest. */
function linesOf({ id, atMs, severity, title, digest }: AlertMessage): readonly AlertDigestLine[] {
  return digest.length > 0 ? digest : [{ id, atMs, severity, title }];
}

function worst(messages: readonly AlertMessage[]): AlertMessage["severity"] {
  const ranks = messages.map(({ severity }) => ALERT_SEVERITIES.indexOf(severity));
  return ALERT_SEVERITIES[Math.max(...ranks)] ?? "info";
}

// Of a digest that is merged again only its outer ends stay, or the id would grow for ever.
function headOf({ id }: AlertMessage): string {
  return id.split("-to-")[0] ?? id;
}

function tailOf({ id }: AlertMessage): string {
  return id.split("-to-").at(-1) ?? id;
}
