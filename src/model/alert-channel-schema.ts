/** Checks channels as they come in: addresses and names with line ends are refused here, before they reach a header. */

import { z } from "zod";
import {
  type AlertChannelDraft,
  MAIL_LOGINS,
  MAIL_SECURITIES,
  SECRETS_OF_KIND,
  SYSLOG_PROTOCOLS,
  WEBHOOK_FORMATS,
} from "./alert-channel.ts";
import { MonitauriError } from "./error.ts";

const CHANNEL_NAME = /^[\w.@-]{1,64}$/;
/** RFC 5321 allows more; what a mail server takes from people has this form. */
const ADDRESS = /^[^\s<>()[\],;:\\"@\p{Cc}]+@[^\s<>()[\],;:\\"@\p{Cc}]+$/u;
const MAX_SECRET_LENGTH = 8_192;
/** A shorter one could not be told from ordinary words, and so not be kept out of texts. */
const MIN_SECRET_LENGTH = 4;
const secret = z.union([
  z.literal(""),
  z
    .string()
    .min(MIN_SECRET_LENGTH, "a secret has at least 4 characters")
    .max(MAX_SECRET_LENGTH)
    .regex(/^\P{Cc}*$/u, "must be one line without control characters"),
]);

export const channelName = z
  .string()
  .regex(CHANNEL_NAME, 'a name has letters, digits, "-", "_", "." and "@", 64 at most');
const line = (most: number) =>
  z
    .string()
    .max(most)
    .regex(/^\P{Cc}*$/u, "must be one line without control characters");
const host = z.string().regex(/^[\w.:-]{1,253}$/, "is no host name or address");
const port = z.int().min(1).max(65_535);
const mailAddress = z.string().max(320).regex(ADDRESS, "is no mail address");
const webAddress = z.url({ protocol: /^https?$/ });
const path = line(4_096).startsWith("/", "must be an absolute path");

const tokenUrl = z.union([
  z.literal(""),
  z.url({ protocol: /^https$/ }).max(2_048),
  // Without encryption only on this machine.
  z.url({ protocol: /^http$/, hostname: /^(localhost|127\.0\.0\.1)$/ }).max(2_048),
]);

const mail = z
  .strictObject({
    kind: z.literal("mail"),
    host,
    port,
    security: z.enum(MAIL_SECURITIES),
    login: z.enum(MAIL_LOGINS),
    user: line(320),
    from: mailAddress,
    to: z.array(mailAddress).min(1).max(20),
    caFile: path.nullable(),
    tokenUrl: tokenUrl.default(""),
  })
  .refine(
    ({ security, login, host }) => security !== "none" || login === "none" || isLoopbackName(host),
    'security "none" would send the password readable by everybody on the way: use "starttls" or "tls"',
  )
  .refine(({ login, user }) => login === "none" || user !== "", "a login needs a user");
const webhook = z.strictObject({
  kind: z.literal("webhook"),
  format: z.enum(WEBHOOK_FORMATS),
  recipient: line(256),
  allowInternal: z.boolean(),
});
const desktop = z.strictObject({ kind: z.literal("desktop"), user: line(64) });
const syslog = z.strictObject({
  kind: z.literal("syslog"),
  protocol: z.enum(SYSLOG_PROTOCOLS),
  host: z.union([z.literal(""), host]),
  port,
});
const command = z.strictObject({
  kind: z.literal("command"),
  command: z
    .array(z.string().max(4_096))
    .min(1)
    .max(64)
    .refine(
      ([program = ""]) => path.safeParse(program).success,
      "must begin with an absolute path",
    ),
  user: line(64),
});

export const alertTargetSchema = z.discriminatedUnion("kind", [
  mail,
  webhook,
  desktop,
  syslog,
  command,
]);

export const alertSecretName = z.enum(Object.values(SECRETS_OF_KIND).flat());

export const alertChannelDraftSchema = z
  .strictObject({
    name: channelName,
    enabled: z.boolean().optional(),
    target: alertTargetSchema,
    secrets: z.partialRecord(alertSecretName, secret).optional(),
  })
  .refine(({ target, secrets = {} }) => {
    const known: readonly string[] = SECRETS_OF_KIND[target.kind];
    return Object.keys(secrets).every((name) => known.includes(name));
  }, "has a secret that its kind does not use")
  .refine(
    ({ secrets = {} }) => !secrets.url || webAddress.safeParse(secrets.url).success,
    "secrets.url: is no http or https address",
  )
  .refine(
    ({ target }) =>
      target.kind !== "webhook" || target.format !== "telegram" || target.recipient !== "",
    "telegram needs a recipient: the number of a chat",
  );

function isLoopbackName(name: string): boolean {
  return ["localhost", "127.0.0.1", "::1", "[::1]"].includes(name);
}

/** @throws MonitauriError "invalid" that names what is wrong and never a secret's value. */
export function parseChannelDraft(value: unknown): AlertChannelDraft {
  const parsed = alertChannelDraftSchema.safeParse(value);
  if (parsed.success) return parsed.data as AlertChannelDraft;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new MonitauriError("invalid", `Cannot use this channel: ${issues.join("; ")}`);
}
