/** Sends alerts to a webhook, signed where there is a key. */

import { createHmac } from "node:crypto";
import type { lookup } from "node:dns";
import type { AlertMessage } from "../../model/alert.ts";
import type { WebhookTarget } from "../../model/alert-channel.ts";
import type { Secrets } from "./channel-file.ts";
import { type HttpAnswer, HttpFault, requestHttp } from "./http-request.ts";
import { createRedactor } from "./redact.ts";
import type { Clock, Sender, SendOptions, SendOutcome } from "./sender.ts";
import { type WebhookBody, webhookBody } from "./webhook-format.ts";

export interface WebhookSenderOptions {
  readonly target: WebhookTarget;
  readonly secrets: Secrets;
  /** Name of this computer. */
  readonly host: string;
  readonly clock: Clock;
  readonly resolve?: typeof lookup;
  readonly timeoutMs?: number;
  readonly ca?: string;
}

export function createWebhookSender(options: WebhookSenderOptions): Sender {
  const { target, secrets, host, clock } = options;
  const redact = createRedactor(secrets);
  const hidden = (outcome: SendOutcome): SendOutcome => redactOutcome(outcome, redact);

  async function send(message: AlertMessage, { begin, signal, transcript }: SendOptions) {
    let made: WebhookBody;
    try {
      const { url = "", token = "" } = secrets;
      made = webhookBody(message, { target, secrets: { url, token }, host });
    } catch {
      return hidden(later("its address is none", "set the channel's address anew"));
    }
    const { url, headers, body } = made;
    // Only the host: of Slack, Discord and Telegram the rest is the secret.
    transcript?.(redact(`> POST ${url.protocol}//${url.host}/... ${body.length} characters`));
    try {
      const answer = await requestHttp({
        url,
        method: "POST",
        headers: {
          ...headers,
          ...signature(body, { secrets, clock }),
          "idempotency-key": message.id,
        },
        body,
        allowInternal: target.allowInternal,
        begin,
        signal,
        ...(options.ca === undefined ? {} : { ca: options.ca }),
        ...(options.resolve === undefined ? {} : { resolve: options.resolve }),
        ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
      });
      transcript?.(redact(`< ${answer.status} ${answer.text}`));
      return hidden(judge(answer, url.host, clock.now()));
    } catch (error) {
      if (!(error instanceof HttpFault)) throw error;
      transcript?.(redact(`* ${error.message}`));
      return hidden(explain(error, url));
    }
  }

  return { send, rest() {} };
}

export function redactOutcome(outcome: SendOutcome, redact: (text: string) => string): SendOutcome {
  if (outcome.kind === "delivered") return { ...outcome, said: redact(outcome.said) };
  const { said, remedy } = outcome.trouble;
  return { ...outcome, trouble: { said: redact(said), remedy: redact(remedy) } };
}

/** The receiver computes the same over "time.body", and refuses old times: nobody can play a message again. */
function signature(
  body: string,
  { secrets: { signingKey }, clock }: { secrets: Secrets; clock: Clock },
): Record<string, string> {
  if (signingKey === undefined) return {};
  const seconds = Math.floor(clock.now() / 1000);
  const digest = createHmac("sha256", signingKey).update(`${seconds}.${body}`).digest("hex");
  return { "monitauri-signature": `t=${seconds},v1=${digest}` };
}

function judge({ status, headers, text }: HttpAnswer, host: string, nowMs: number): SendOutcome {
  const said = `${host} answered ${status}${text.trim() === "" ? "" : `: ${text.trim()}`}`;
  if (status >= 200 && status < 300) return { kind: "delivered", said: `accepted: ${said}` };
  if (status >= 300 && status < 400) {
    return later(
      `${said} (a redirect, which is not followed)`,
      "set the address where it leads to",
    );
  }
  if (status === 429) {
    const wish = retryAfterMs(headers["retry-after"], nowMs) ?? telegramWishMs(text);
    const outcome = later(said, "nothing: it limits how much is sent; it is tried again");
    return wish === undefined ? outcome : { ...outcome, retryAfterMs: wish };
  }
  if (status === 401 || status === 403 || status === 404 || status === 410) {
    return later(said, "check the channel's address and token: the receiver does not know them");
  }
  if (status >= 500 || status === 408 || status === 425) return later(said, AGAIN);
  return {
    kind: "failed",
    trouble: { said, remedy: "check the channel's format and recipient: this message is refused" },
  };
}

const AGAIN = "it is tried again; if it stays so, test the channel";

function explain({ code, message, begun }: HttpFault, { host, hostname }: URL): SendOutcome {
  if (begun) {
    return later(`${host} did not answer (${message}): it may have arrived`, AGAIN, true);
  }
  switch (code) {
    case "EINTERNAL":
      return later(
        `${message}, and internal addresses are not allowed`,
        "allow them for this channel if that is meant",
      );
    case "ENOTFOUND":
      return later(`there is no server named ${hostname}`, "correct the channel's address");
    case "ECONNREFUSED":
      return later(`${host} refuses the connection`, "check address and port, and that it runs");
    case "ETIMEDOUT":
      return later(`${host} does not answer`, "check that it can be reached from this computer");
    default:
      return later(`cannot reach ${host}: ${message}`, AGAIN);
  }
}

function later(said: string, remedy: string, unknown = false): SendOutcome & { kind: "later" } {
  return { kind: "later", trouble: { said, remedy }, unknown };
}

/** Seconds, or a date (RFC 9110 section 10.2.3). */
function retryAfterMs(value: string | string[] | undefined, nowMs: number): number | undefined {
  if (typeof value !== "string") return undefined;
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - nowMs;
  return Number.isFinite(ms) && ms > 0 ? ms : undefined;
}

function telegramWishMs(text: string): number | undefined {
  const [, seconds] = /"retry_after":\s*(\d{1,6})/.exec(text) ?? [];
  return seconds === undefined ? undefined : Number(seconds) * 1000;
}
