/** Makes the bytes of a mail: headers that nobody can add to, plain text and HTML, the same Message-ID every time. */

import { createHash } from "node:crypto";
import MailComposer from "nodemailer/lib/mail-composer";
import type { AlertMessage } from "../../model/alert.ts";
import type { MailTarget } from "../../model/alert-channel.ts";
import { printable } from "../../model/printable.ts";
import { mailText } from "./mail-text.ts";

const MAX_NAME = 80;

export interface MailOptions {
  /** Name of this computer. */
  readonly host: string;
  readonly channel: string;
  /** Of the Date header. */
  readonly atMs: number;
}

/** The message as it goes over the wire, lines ended by CR LF. */
export async function composeMail(
  message: AlertMessage,
  target: MailTarget,
  { host, channel, atMs }: MailOptions,
): Promise<Buffer> {
  const { subject, text, html } = mailText(message, host);
  const { inReplyTo } = message;
  const parent = inReplyTo === null ? undefined : messageId(inReplyTo, { target, channel });
  const composer = new MailComposer({
    from: { name: printable(`Monitauri on ${host}`, MAX_NAME), address: target.from },
    to: target.to.map((address) => ({ name: "", address })),
    subject,
    text,
    html,
    messageId: messageId(message.id, { target, channel }),
    date: new Date(atMs),
    ...(parent === undefined ? {} : { inReplyTo: parent, references: parent }),
    headers: {
      // No answers from machines that are on holiday (RFC 3834).
      "Auto-Submitted": "auto-generated",
      "X-Auto-Response-Suppress": "All",
      "X-Monitauri-Alerts": String(message.count),
      ...(message.severity === "critical" ? { Importance: "high", "X-Priority": "1" } : {}),
    },
    // Nothing that stands in a name is fetched or read.
    disableUrlAccess: true,
    disableFileAccess: true,
    newline: "win",
  });
  return composer.compile().build();
}

/** Of an alert and a channel: sent again, it is the same, so that a mailbox can tell. */
export function messageId(
  alertId: string,
  { target, channel }: { target: MailTarget; channel: string },
): string {
  const digest = createHash("sha256").update(`${alertId}\n${channel}`).digest("hex").slice(0, 32);
  const domain = target.from.slice(target.from.lastIndexOf("@") + 1);
  return `<${digest}@${/^[\w.-]+$/.test(domain) ? domain : "monitauri.invalid"}>`;
}
