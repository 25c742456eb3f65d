/** An alert as a line of syslog (RFC 5424) and as an entry of the systemd journal: pure. */

import type { AlertMessage } from "../../model/alert.ts";
import { printable } from "../../model/printable.ts";

/** Daemons (RFC 5424 section 6.2.1). */
const FACILITY = 3;
const SEVERITY = { info: 6, warning: 4, critical: 2 } as const;
/** Receivers must take 2,048 bytes (section 6.1). */
const MAX_MESSAGE = 1_200;
/** PEN 32473 is kept for documentation and examples (RFC 5612); a number of our own does not exist. */
const ELEMENT = "alert@32473";

export interface SyslogSource {
  readonly host: string;
  readonly pid: number;
}

/** One message without a frame. */
export function syslogMessage(message: AlertMessage, { host, pid }: SyslogSource): Buffer {
  const { severity, atMs, id, kind, state, count } = message;
  const head = [
    `<${FACILITY * 8 + SEVERITY[severity]}>1`,
    new Date(atMs).toISOString(),
    header(host, 255),
    "monitauri",
    String(pid),
    "ALERT",
  ].join(" ");
  const data = Object.entries({ id, kind, state, count: String(count) })
    .map(([name, value]) => ` ${name}="${parameter(value)}"`)
    .join("");
  // The mark says that it is UTF-8 (section 6.4).
  return Buffer.concat([
    Buffer.from(`${head} [${ELEMENT}${data}] `),
    Buffer.from([0xef, 0xbb, 0xbf]),
    Buffer.from(line(message)),
  ]);
}

/** Fields as journald takes them (systemd.journal-fields(7)); a value cannot begin a field of its own. */
export function journalEntry(message: AlertMessage): Buffer {
  const fields: Record<string, string> = {
    MESSAGE: line(message),
    PRIORITY: String(SEVERITY[message.severity]),
    SYSLOG_FACILITY: String(FACILITY),
    SYSLOG_IDENTIFIER: "monitauri",
    MONITAURI_ALERT_ID: message.id,
    MONITAURI_ALERT_KIND: message.kind,
    MONITAURI_ALERT_STATE: message.state,
    MONITAURI_ALERT_SUBJECT: message.subject.name,
    MONITAURI_ALERT_TEXT: message.text,
  };
  return Buffer.concat(Object.entries(fields).map(([name, value]) => field(name, value)));
}

/** The form with a length, which any value fits in: name, LF, 64 bits little-endian, value, LF. */
function field(name: string, value: string): Buffer {
  const bytes = Buffer.from(value.slice(0, 4_000));
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(bytes.length));
  return Buffer.concat([Buffer.from(`${name}\n`), length, bytes, Buffer.from("\n")]);
}

function line({ title, text }: AlertMessage): string {
  const [first = ""] = text.split("\n");
  const whole = first === "" || first === title ? title : `${title}: ${first}`;
  return printable(whole, MAX_MESSAGE);
}

/** Printable ASCII without spaces, "-" where nothing is left (section 6). */
function header(text: string, most: number): string {
  return text.replace(/[^!-~]/g, "").slice(0, most) || "-";
}

function parameter(value: string): string {
  return printable(value, 200).replace(/["\\\]]/g, "\\$&");
}
