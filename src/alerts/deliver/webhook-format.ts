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
/** Discord takes 4,096 in a description and 256 in a title, Telegram 4,096, ntfy 4,096 bytes. */
const MAX_TEXT = 1_800;
const MAX_TITLE = 200;
const MAX_LINES = 20;

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
            title: discordText(title),
            description: discordText(text),
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
        { topic, title, message: text, priority, tags: [message.severity] },
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
  const whole = lines.join("\n");
  return whole.length <= MAX_TEXT ? whole : `${whole.slice(0, MAX_TEXT - 1)}…`;
}

/** "<", ">" and "&" make links and mentions there. */
function slackText(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function discordText(text: string): string {
  return text.replace(/[\\*_~`|>[\]()#@<:-]/g, "\\$&");
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
