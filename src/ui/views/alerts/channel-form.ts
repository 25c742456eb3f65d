/** A channel as the editor holds it, all texts, and the way from and to the channel itself (pure). */

import {
  type AlertChannel,
  type AlertChannelDraft,
  type AlertSecretName,
  type AlertTarget,
  type MAIL_LOGINS,
  type MAIL_SECURITIES,
  SECRETS_OF_KIND,
  type SYSLOG_PROTOCOLS,
  type WEBHOOK_FORMATS,
} from "../../../model/alert-channel.ts";
import { findMailProvider } from "../../../model/mail-providers.ts";

export interface ChannelForm {
  readonly name: string;
  readonly kind: AlertTarget["kind"];
  readonly to: string;
  readonly from: string;
  readonly host: string;
  readonly port: string;
  readonly security: (typeof MAIL_SECURITIES)[number];
  readonly login: (typeof MAIL_LOGINS)[number];
  readonly user: string;
  readonly caFile: string;
  readonly tokenUrl: string;
  readonly format: (typeof WEBHOOK_FORMATS)[number];
  readonly recipient: string;
  readonly allowInternal: boolean;
  readonly protocol: (typeof SYSLOG_PROTOCOLS)[number];
  /** A program and its arguments, one a line; only shown, as it is set on the command line alone. */
  readonly command: readonly string[];
  /** What is typed; "" leaves what is set. */
  readonly secrets: Readonly<Partial<Record<AlertSecretName, string>>>;
}

export const EMPTY_CHANNEL: ChannelForm = {
  name: "",
  kind: "mail",
  to: "",
  from: "",
  host: "",
  port: "587",
  security: "starttls",
  login: "plain",
  user: "",
  caFile: "",
  tokenUrl: "",
  format: "json",
  recipient: "",
  allowInternal: false,
  protocol: "local",
  command: [],
  secrets: {},
};

export function channelFormOf({ name, target }: AlertChannel): ChannelForm {
  const form: ChannelForm = { ...EMPTY_CHANNEL, name, kind: target.kind };
  switch (target.kind) {
    case "mail": {
      const { kind, to, port, caFile, ...same } = target;
      return { ...form, ...same, to: to.join(", "), port: String(port), caFile: caFile ?? "" };
    }
    case "webhook":
      return { ...form, ...target };
    case "desktop":
      return { ...form, user: target.user };
    case "syslog":
      return { ...form, ...target, port: String(target.port) };
    case "command":
      return { ...form, ...target };
  }
}

/** What a person would have to look up, from the sender's address; what was typed already stays. */
export function withProvider(form: ChannelForm, from: string): ChannelForm {
  const before = findMailProvider(form.from);
  const provider = findMailProvider(from);
  const isOurs = form.host === "" || form.host === before?.host;
  const next = {
    ...form,
    from,
    user: form.user === form.from ? from : form.user,
    to: form.to === form.from ? from : form.to,
  };
  if (provider === undefined || !isOurs) return next;
  const { host, port, security, login } = provider;
  return { ...next, host, port: String(port), security, login };
}

/** The daemon checks it. */
export function channelDraftOf(form: ChannelForm): AlertChannelDraft {
  const known: readonly AlertSecretName[] = SECRETS_OF_KIND[form.kind];
  const secrets = Object.fromEntries(
    known.flatMap((name) => {
      const typed = form.secrets[name] ?? "";
      return typed === "" ? [] : [[name, typed]];
    }),
  );
  return {
    name: form.name.trim() === "" ? nameOf(form) : form.name.trim(),
    target: targetOf(form),
    ...(Object.keys(secrets).length === 0 ? {} : { secrets }),
  };
}

function targetOf(form: ChannelForm): AlertTarget {
  const { kind, user } = form;
  switch (kind) {
    case "mail":
      return {
        kind,
        host: form.host.trim(),
        port: Number(form.port),
        security: form.security,
        login: form.login,
        user: form.login === "none" ? "" : user.trim(),
        from: form.from.trim(),
        to: form.to.split(/[\s,;]+/).filter((one) => one !== ""),
        caFile: form.caFile.trim() === "" ? null : form.caFile.trim(),
        tokenUrl: form.tokenUrl.trim(),
      };
    case "webhook": {
      const { format, recipient, allowInternal } = form;
      return { kind, format, recipient: recipient.trim(), allowInternal };
    }
    case "desktop":
      return { kind, user: user.trim() };
    case "syslog": {
      const { protocol, host, port } = form;
      const isLocal = protocol === "local";
      return {
        kind,
        protocol,
        host: isLocal ? "" : host.trim(),
        port: isLocal ? 514 : Number(port),
      };
    }
    case "command":
      return { kind, command: form.command, user };
  }
}

function nameOf({ kind, to, format }: ChannelForm): string {
  const [first = ""] = to.split(/[\s,;]+/).filter((one) => one !== "");
  if (kind === "mail" && first !== "") return first.slice(0, 64);
  return kind === "webhook" && format !== "json" ? format : kind;
}

/** Where it goes, in a few words. */
export function targetText(target: AlertTarget): string {
  switch (target.kind) {
    case "mail":
      return `mail to ${target.to.join(", ")} through ${target.host}:${target.port}`;
    case "webhook":
      return target.format === "json" ? "webhook (JSON, signed)" : `webhook for ${target.format}`;
    case "desktop":
      return target.user === "" ? "notifications of the desktop" : `desktop of ${target.user}`;
    case "syslog":
      return target.protocol === "local"
        ? "the system's log"
        : `syslog at ${target.host}:${target.port} over ${target.protocol}`;
    case "command":
      return `command ${target.command.join(" ")}`;
  }
}
