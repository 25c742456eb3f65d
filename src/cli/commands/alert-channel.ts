/** `alert channel`: where alerts are sent. Secrets are read from the terminal without showing them, or from standard
 * input: never from arguments, which every user of the machine can see. */

import { userInfo } from "node:os";
import type { Command } from "commander";
import { Option } from "commander";
import {
  type AlertChannel,
  type AlertChannelDraft,
  type AlertSecretName,
  type AlertTarget,
  MAIL_LOGINS,
  MAIL_SECURITIES,
  SECRETS_OF_KIND,
  SYSLOG_PROTOCOLS,
  WEBHOOK_FORMATS,
} from "../../model/alert-channel.ts";
import { MonitauriError } from "../../model/error.ts";
import { findMailProvider, MAIL_PROVIDERS } from "../../model/mail-providers.ts";
import { show } from "../answer.ts";
import {
  type CommandContext,
  type DataOptions,
  daemonOf,
  dataCommand,
  type JsonOptions,
  type ReadOptions,
  readCommand,
} from "../context.ts";
import { readSecret } from "../secret-input.ts";
import { type Column, formatTable } from "../table.ts";
import { safe } from "../terminal.ts";

interface ChannelOptions extends JsonOptions {
  readonly mailFrom?: string;
  readonly mailTo?: readonly string[];
  readonly server?: string;
  readonly security?: (typeof MAIL_SECURITIES)[number];
  readonly login?: (typeof MAIL_LOGINS)[number];
  readonly loginName?: string;
  readonly caFile?: string;
  readonly webhook?: (typeof WEBHOOK_FORMATS)[number];
  readonly recipient?: string;
  readonly allowInternal?: boolean;
  readonly desktop?: boolean;
  readonly syslog?: (typeof SYSLOG_PROTOCOLS)[number];
  readonly run?: string;
  readonly argument?: readonly string[];
  readonly runAs?: string;
  readonly secret?: readonly string[];
  readonly on?: boolean;
  readonly off?: boolean;
}

export function addChannelCommands(alert: Command, context: CommandContext): void {
  const { terminal } = context;
  const channel = alert
    .command("channel")
    .description("where alerts are sent: mail, webhooks, the desktop, syslog, a program")
    .addHelpText("after", HELP);
  readCommand(channel, "list", "the channels and how their last message fared").action(
    async (options: ReadOptions) => {
      const daemon = daemonOf(context, options);
      await show(context, options, {
        ask: () => daemon.alertChannels(),
        lines(channels) {
          if (channels.length === 0) {
            return ["There are no channels. Set one: monitauri alert channel set --help"];
          }
          const [titles = "", ...lines] = formatTable(channels, COLUMNS, terminal.columns);
          return [terminal.paint("bold", titles), ...lines];
        },
      });
    },
  );
  channelOptions(dataCommand(channel, "set <name>", "make or change a channel"))
    .option("--json", "print JSON with stable fields")
    .addHelpText("after", HELP)
    .action(async (name: string, options: ChannelOptions) => {
      const daemon = daemonOf(context, options);
      const before = (await daemon.alertChannels()).find((each) => each.name === name);
      const draft = await draftFrom(name, options, before);
      const made = await daemon.setAlertChannel(draft);
      const text = `Set ${made.name}: ${targetWords(made.target)}\nTry it: monitauri alert test ${made.name}`;
      terminal.print(options.json === true ? JSON.stringify(made, null, 2) : text);
    });
  dataCommand(channel, "remove <name>", "remove a channel, and it from all rules").action(
    async (name: string, options: DataOptions) => {
      await daemonOf(context, options).removeAlertChannel(name);
    },
  );
}

export async function testChannel(
  context: CommandContext,
  name: string,
  options: JsonOptions,
): Promise<void> {
  const { terminal } = context;
  const test = await daemonOf(context, options).testAlertChannel(name);
  if (!test.ok) context.exitCode = 1;
  if (options.json === true) return terminal.print(JSON.stringify(test, null, 2));
  terminal.print(
    [
      ...test.transcript.map((line) => terminal.paint("dim", `  ${safe(line)}`)),
      safe(test.outcome),
      ...(test.remedy === null ? [] : [`What to do: ${safe(test.remedy)}`]),
    ].join("\n"),
  );
}

const HELP = `
Secrets are asked for, or read as lines from standard input where that is no terminal. Mail servers that are known
(${MAIL_PROVIDERS.map(({ id }) => id).join(", ")}) are found by the address.

Examples:
  monitauri alert channel set me@example.org --mail-from me@example.org --server mail.example.org:587
  monitauri alert channel set me@gmail.com --mail-from me@gmail.com
  monitauri alert channel set chat --webhook slack
  monitauri alert channel set phone --webhook ntfy --recipient my-topic
  monitauri alert channel set desktop --desktop
  monitauri alert channel set log --syslog local
  monitauri alert channel set hook --run /usr/local/bin/on-alert --argument one
  monitauri alert channel set me@example.org --off`;

function channelOptions(command: Command): Command {
  const collect = (value: string, before: readonly string[] = []) => [...before, value];
  return command
    .option("--mail-from <address>", "mail: who sends")
    .option("--mail-to <address>", "mail: who gets it (default: the channel's name)", collect)
    .option("--server <host[:port]>", "mail or syslog: the server")
    .addOption(new Option("--security <how>", "mail: encryption").choices(MAIL_SECURITIES))
    .addOption(new Option("--login <how>", "mail: how to log in").choices(MAIL_LOGINS))
    .option("--login-name <name>", "mail: as whom to log in (default: --mail-from)")
    .option("--ca-file <path>", "mail: authorities to trust besides the system's")
    .addOption(new Option("--webhook <format>", "a webhook").choices(WEBHOOK_FORMATS))
    .option("--recipient <name>", "webhook: chat of telegram, topic of ntfy")
    .option("--allow-internal", "webhook: its address may be in this machine or network")
    .option("--desktop", "a notification on the desktop")
    .addOption(
      new Option("--syslog <how>", "the system's log, or one far away").choices(SYSLOG_PROTOCOLS),
    )
    .option("--run <path>", "a program; the message is on its standard input")
    .option("--argument <text>", "an argument of --run; may be given several times", collect)
    .option("--run-as <user>", "whom --run runs as, or whose --desktop it is")
    .option(
      "--secret <name>",
      "ask for this secret, as signingKey; may be given several times",
      collect,
    )
    .option("--on", "switch it on")
    .option("--off", "switch it off, and keep it");
}

async function draftFrom(
  name: string,
  options: ChannelOptions,
  before: AlertChannel | undefined,
): Promise<AlertChannelDraft> {
  const target = targetFrom(name, options) ?? before?.target;
  if (target === undefined) {
    throw new MonitauriError(
      "invalid",
      "Say what it is: --mail-from, --webhook, --desktop, --syslog or --run",
    );
  }
  const wanted = wantedSecrets(target, options, before);
  const secrets: Partial<Record<AlertSecretName, string>> = {};
  for (const each of wanted) secrets[each] = await readSecret(`${each} of ${name}`);
  return {
    name,
    target,
    ...(options.on === true ? { enabled: true } : {}),
    ...(options.off === true ? { enabled: false } : {}),
    ...(wanted.length === 0 ? {} : { secrets }),
  };
}

/** Those that are named, and those without which a new channel could not send. */
function wantedSecrets(
  target: AlertTarget,
  { secret = [] }: ChannelOptions,
  before: AlertChannel | undefined,
): AlertSecretName[] {
  const known: readonly AlertSecretName[] = SECRETS_OF_KIND[target.kind];
  const unknown = secret.filter((each) => !(known as readonly string[]).includes(each));
  if (unknown.length > 0) {
    throw new MonitauriError(
      "invalid",
      `A ${target.kind} has no secret ${unknown.join(", ")} (it has: ${known.join(", ") || "none"})`,
    );
  }
  const needed = neededSecrets(target).filter((each) => before?.secrets.includes(each) !== true);
  return [...new Set([...(secret as AlertSecretName[]), ...needed])];
}

function neededSecrets(target: AlertTarget): AlertSecretName[] {
  if (target.kind === "webhook") return target.format === "telegram" ? ["token"] : ["url"];
  if (target.kind !== "mail" || target.login === "none") return [];
  return target.login === "xoauth2" ? ["clientId", "clientSecret", "refreshToken"] : ["password"];
}

function targetFrom(name: string, options: ChannelOptions): AlertTarget | undefined {
  const { webhook, recipient = "", allowInternal = false, desktop, run, runAs = "" } = options;
  if (options.mailFrom !== undefined) return mailFrom(name, options.mailFrom, options);
  if (webhook !== undefined) return { kind: "webhook", format: webhook, recipient, allowInternal };
  if (desktop === true) return { kind: "desktop", user: runAs || ownName() };
  if (run !== undefined) {
    return { kind: "command", command: [run, ...(options.argument ?? [])], user: runAs };
  }
  if (options.syslog === undefined) return undefined;
  const { host, port } = serverOf(options.server ?? "", options.syslog === "tls" ? 6514 : 514);
  return { kind: "syslog", protocol: options.syslog, host, port };
}

/** Who sits at this terminal; "" where it is root alone. */
function ownName(): string {
  try {
    const name = process.env.SUDO_USER ?? userInfo().username;
    return name === "root" ? "" : name;
  } catch {
    return ""; // A number without a name, as in containers.
  }
}

function mailFrom(name: string, from: string, options: ChannelOptions): AlertTarget {
  const provider = findMailProvider(options.server ?? from);
  if (provider === undefined && options.server === undefined) {
    throw new MonitauriError(
      "invalid",
      `The mail server of ${from} is not known. Say it: --server mail.example.org:587`,
    );
  }
  const server =
    provider === undefined
      ? serverOf(options.server ?? "", 587)
      : { host: provider.host, port: provider.port };
  const security =
    options.security ?? provider?.security ?? (server.port === 465 ? "tls" : "starttls");
  return {
    kind: "mail",
    ...server,
    security,
    login: options.login ?? provider?.login ?? "plain",
    user: options.login === "none" ? "" : (options.loginName ?? from),
    from,
    to: options.mailTo ?? [name],
    caFile: options.caFile ?? null,
    tokenUrl: provider?.tokenUrl ?? "",
  };
}

function serverOf(text: string, usual: number): { host: string; port: number } {
  const [, host = text, port] = /^(.+?)(?::(\d{1,5}))?$/.exec(text) ?? [];
  return { host, port: port === undefined ? usual : Number(port) };
}

const COLUMNS: readonly Column<AlertChannel>[] = [
  { title: "NAME", align: "left", text: ({ name }) => name, shrinksTo: 8 },
  {
    title: "SENDS TO",
    align: "left",
    text: ({ target }) => safe(targetWords(target)),
    shrinksTo: 16,
  },
  {
    title: "STATE",
    align: "left",
    text: ({ enabled, waiting }) => (!enabled ? "off" : waiting > 0 ? `${waiting} waiting` : "on"),
  },
  {
    title: "LAST",
    align: "left",
    text: ({ lastOutcome }) => safe(lastOutcome ?? "nothing sent yet"),
    shrinksTo: 12,
    leaves: 1,
  },
];

function targetWords(target: AlertTarget): string {
  switch (target.kind) {
    case "mail":
      return `mail to ${target.to.join(", ")} by ${target.host}:${target.port}`;
    case "webhook":
      return `webhook (${target.format})${target.recipient === "" ? "" : `, ${target.recipient}`}`;
    case "desktop":
      return `the desktop${target.user === "" ? "" : ` of ${target.user}`}`;
    case "syslog":
      return target.protocol === "local"
        ? "the system's log"
        : `syslog at ${target.host}:${target.port} (${target.protocol})`;
    case "command":
      return `the program ${target.command.join(" ")}`;
  }
}
