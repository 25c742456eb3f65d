/** An alert as the body that each kind of webhook wants: pure. Text from other processes stays text. */

import type { AlertMessage } from "../../model/alert.ts";
import type { WebhookTarget } from "../../model/alert-channel.ts";
import { printable } from "../../model/printable.ts";
import { momentText } from "./mail-text.ts";

export interface WebhookBody {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface WebhookSecrets {
  /** Of "telegram" the API's address; "" is the public one. */
  readonly url: string;
  readonly token: string;
}

const TELEGRAM = "https://api.telegram.org";
/** Telegram takes 4,096 characters, Slack 40,000 of which each of ours may be five. */
const MAX_TEXT = 1_800;
const MAX_TITLE = 200;
const MAX_LINES = 20;
/** As they are sent, with their escapes. */
const MAX_DISCORD_TITLE = 256;
const MAX_DISCORD_TEXT = 4_096;
/** ntfy takes 4,096 bytes of text, and 8,192 of JSON in all; what is longer it refuses or makes a file of. */
const MAX_NTFY_BYTES = 4_000;

export function webhookBody(
  message: AlertMessage,
  { target, secrets, host }: { target: WebhookTarget; secrets: WebhookSecrets; host: string },
): WebhookBody {
  const title = printable(`[${host}] ${message.title}`, MAX_TITLE);
  const text = textOf(message);
  const json = (url: URL, value: unknown, headers = {}): WebhookBody => ({
    url,
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(value),
  });
  const bearer = secrets.token === "" ? {} : { authorization: `Bearer ${secrets.token}` };
  switch (target.format) {
    case "json":
      return json(new URL(secrets.url), { version: 1, host, alert: message }, bearer);
    case "slack":
      return json(new URL(secrets.url), {
        text: `*${slackText(title)}*\n${slackText(text)}`,
        unfurl_links: false,
        unfurl_media: false,
      });
    case "discord":
      return json(new URL(secrets.url), {
        embeds: [
          {
            title: discordText(title, MAX_DISCORD_TITLE),
            description: discordText(text, MAX_DISCORD_TEXT),
            color: COLOUR[message.severity],
            timestamp: new Date(message.atMs).toISOString(),
          },
        ],
        // Nobody is called, whatever a program calls itself.
        allowed_mentions: { parse: [] },
      });
    case "ntfy": {
      const { base, topic } = ntfyTopic(secrets.url, target.recipient);
      const priority = PRIORITY[message.severity];
      return json(
        base,
        {
          topic,
          title,
          message: beginningOf(text, MAX_NTFY_BYTES, jsonBytes),
          priority,
          tags: [message.severity],
        },
        bearer,
      );
    }
    case "telegram":
      return json(telegramUrl(secrets), {
        chat_id: target.recipient,
        text: `${title}\n${text}`,
        link_preview_options: { is_disabled: true },
      });
  }
}

const COLOUR = { info: 0x2a6fdb, warning: 0xb07d00, critical: 0xc23434 } as const;
const PRIORITY = { info: 2, warning: 4, critical: 5 } as const;

function textOf({ text, atMs, digest, count }: AlertMessage): string {
  const lines = [
    ...text.split("\n").filter((line) => line.trim() !== ""),
    ...digest.slice(0, MAX_LINES).map((each) => `${momentText(each.atMs)} ${each.title}`),
    ...(digest.length > 0 && count > MAX_LINES ? [`and ${count - MAX_LINES} more`] : []),
    momentText(atMs),
  ].map((line) => printable(line, 400));
  return beginningOf(lines.join("\n"), MAX_TEXT);
}

/** Whole pieces, characters where not given, as many as have room; "…" stands for the others. */
function beginningOf(
  pieces: Iterable<string>,
  limit: number,
  sizeOf = (piece: string) => piece.length,
): string {
  const room = limit - sizeOf("…");
  let size = 0;
  let whole = "";
  let fitting = "";
  for (const piece of pieces) {
    size += sizeOf(piece);
    if (size > limit) return `${fitting}…`;
    whole += piece;
    if (size <= room) fitting = whole;
  }
  return whole;
}

/** Without the quotation marks. */
function jsonBytes(text: string): number {
  return Buffer.byteLength(JSON.stringify(text)) - 2;
}

/** "<", ">" and "&" make links and mentions there. */
function slackText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** Cut after it is escaped, as that is what counts, and never between a backslash and what it is for. */
function discordText(text: string, limit: number): string {
  const escaped = text.replace(/[\\*_~`|>[\]()#@<:-]/g, "\\$&");
  return beginningOf(escaped.match(/\\?./gsu) ?? [], limit);
}

/** ntfy takes JSON at its root only; the topic is the last part of the address, or said apart. */
function ntfyTopic(address: string, recipient: string): { base: URL; topic: string } {
  const url = new URL(address);
  const parts = url.pathname.split("/").filter((part) => part !== "");
  const topic = recipient || decodeURIComponent(parts.pop() ?? "");
  return { base: new URL(`/${parts.join("/")}`, url), topic };
}

function telegramUrl({ url, token }: WebhookSecrets): URL {
  return new URL(
    `/bot${encodeURIComponent(token).replaceAll("%3A", ":")}/sendMessage`,
    url || TELEGRAM,
  );
}
