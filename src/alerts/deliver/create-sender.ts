/** The way of sending that a channel asks for. */

import type { KeptChannel } from "./channel-file.ts";
import { createCommandSender } from "./command-sender.ts";
import type { DeliverySystem } from "./delivery-system.ts";
import { createDesktopSender } from "./desktop-sender.ts";
import { createMailSender } from "./mail-sender.ts";
import type { MailTiming } from "./mail-session.ts";
import { createRedactor } from "./redact.ts";
import type { Clock, Sender } from "./sender.ts";
import { createSyslogSender } from "./syslog-sender.ts";
import { createWebhookSender } from "./webhook-sender.ts";

export interface SenderParts {
  readonly system: DeliverySystem;
  /** Name of this computer. */
  readonly host: string;
  readonly clock: Clock;
  /** Of the channel as it is now. */
  readonly refreshToken?: () => string | undefined;
  readonly onRefreshToken: (token: string, old: string) => void;
  /** Somebody waits for the outcome. */
  readonly isTest?: boolean;
}

/** A person who tests wants to know soon which stage it is that hangs. */
const TEST_TIMING: MailTiming = { connectMs: 8_000, silenceMs: 10_000 };

/** Whatever is wrong inside, send() has an outcome: a mistake of ours must not end the daemon or lose an alert. */
export function createSender(channel: KeptChannel, parts: SenderParts): Sender {
  const sender = senderOf(channel, parts);
  const redact = createRedactor(channel.secrets);
  return {
    rest: () => sender.rest(),
    async send(message, options) {
      try {
        return await sender.send(message, options);
      } catch (error) {
        const said = redact(error instanceof Error ? error.message : String(error));
        return {
          kind: "later",
          trouble: { said: `it could not be sent: ${said}`, remedy: "it is tried again" },
          unknown: true,
        };
      }
    },
  };
}

function senderOf({ name, target, secrets }: KeptChannel, parts: SenderParts): Sender {
  const { system, host, clock, refreshToken, onRefreshToken, isTest = false } = parts;
  switch (target.kind) {
    case "mail":
      return createMailSender({
        target,
        secrets,
        channel: name,
        host,
        clock,
        ...(refreshToken === undefined ? {} : { refreshToken }),
        onRefreshToken,
        ...(isTest ? { timing: TEST_TIMING } : {}),
      });
    case "webhook":
      return createWebhookSender({ target, secrets, host, clock });
    case "desktop":
      return createDesktopSender(target, system);
    case "syslog":
      return createSyslogSender({ target, system, host, pid: process.pid });
    case "command":
      return createCommandSender(target, system);
  }
}
