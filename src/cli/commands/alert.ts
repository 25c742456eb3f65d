/** `alert`: rules, what fired, and where it is sent. */

import { type Command, InvalidArgumentError } from "commander";
import type {
  AlertEvent,
  AlertLog,
  AlertPreview,
  AlertRule,
  AlertRuleDraft,
} from "../../model/alert.ts";
import type { AlertLearning } from "../../model/alert-status.ts";
import { ruleWords } from "../../model/alert-words.ts";
import { MonitauriError } from "../../model/error.ts";
import { formatDuration } from "../../model/format.ts";
import { learningWords } from "../alert-learning.ts";
import { type RuleOptions, readTime, ruleFrom, ruleOptions } from "../alert-rule-options.ts";
import { clock, show } from "../answer.ts";
import {
  type CommandContext,
  type DataOptions,
  daemonOf,
  dataCommand,
  type JsonOptions,
  type ReadOptions,
  readCommand,
} from "../context.ts";
import { type Column, formatTable } from "../table.ts";
import { safe, type Terminal } from "../terminal.ts";
import { addChannelCommands, testChannel } from "./alert-channel.ts";

export function addAlert(program: Command, context: CommandContext): void {
  const alert = program
    .command("alert")
    .description("rules that tell you in time, what fired, and where it is sent")
    .addHelpText("after", HELP);
  addRuleCommands(alert, context);
  addLogCommands(alert, context);
  addSnooze(alert, context);
  addChannelCommands(alert, context);
}

const HELP = `
Examples:
  monitauri alert channel set me@example.org --mail-from me@example.org   where to send; asks for the password
  monitauri alert test me@example.org                                     send a real message
  monitauri alert add --app firefox --above 10mbit --for 30s --mail me@example.org
  monitauri alert add --volume 50GB --per cycle --cycle-day 15 --at 50,80,100 --mail me@example.org
  monitauri alert add --newcomer --to desktop
  monitauri alert add --app '*' --unusual --preview                       what it would have done last week
  monitauri alert log
  monitauri alert snooze r1 2h`;

const RULE_HELP = `
Examples:
  monitauri alert add --app firefox --above 10mbit --for 30s --mail me@example.org
  monitauri alert add --interface wwan0 --down --volume 20GB --per month --at 80,100
  monitauri alert add --forecast 500GB --per cycle --cycle-day 3
  monitauri alert add --app backup --below 1kbit --for 1d --severity critical
  monitauri alert add --block-list /etc/monitauri/bad-addresses.txt --severity critical
  monitauri alert add --coverage-below 98% --for 10min --quiet 22:00-07:00`;

function addRuleCommands(alert: Command, context: CommandContext): void {
  const { terminal } = context;
  ruleOptions(dataCommand(alert, "add", "add a rule"))
    .option("--preview", "only say what it would have done in the last seven days")
    .option("--json", "print JSON with stable fields")
    .addHelpText("after", RULE_HELP)
    .action(async (options: RuleOptions & JsonOptions & { preview?: boolean }) => {
      const draft = ruleFrom(options);
      if (draft.condition === undefined) {
        throw new MonitauriError(
          "invalid",
          "Say what to look at, for example --above 10mbit, --volume 50GB --per month or --newcomer",
        );
      }
      const daemon = daemonOf(context, options);
      if (options.preview === true) {
        const preview = await daemon.previewAlertRule(draft as AlertRuleDraft);
        return printOr(terminal, options, preview, previewLines(preview));
      }
      const rule = await daemon.addAlertRule(draft as AlertRuleDraft);
      printOr(terminal, options, rule, [`Added ${rule.id}: ${safe(rule.name)}${whereTo(rule)}`]);
    });
  readCommand(alert, "list", "the rules").action(async (options: ReadOptions) => {
    const daemon = daemonOf(context, options);
    let learning: readonly AlertLearning[] = [];
    await show(context, options, {
      async ask() {
        if (options.json !== true) ({ learning } = (await daemon.status()).alerts);
        return daemon.alertRules();
      },
      lines: (rules) => [...ruleLines(rules, terminal), ...learning.map(learningLine)],
    });
  });
  ruleOptions(dataCommand(alert, "set <id>", "change a rule; what is not given stays"))
    .option("--on", "switch it on")
    .option("--off", "switch it off, and keep it")
    .option("--json", "print JSON with stable fields")
    .addHelpText("after", "\nExample:\n  monitauri alert set r1 --off")
    .action(async (id: string, options: RuleOptions & JsonOptions) => {
      const rule = await daemonOf(context, options).setAlertRule(id, ruleFrom(options));
      const off = rule.enabled ? "" : " (off)";
      printOr(terminal, options, rule, [`Changed ${rule.id}: ${safe(ruleWords(rule))}${off}`]);
    });
  dataCommand(alert, "remove <id>", "remove a rule").action(
    async (id: string, options: DataOptions) => {
      await daemonOf(context, options).removeAlertRule(id);
    },
  );
  dataCommand(alert, "test <channel>", "send a real message and say what came of it")
    .option("--json", "print JSON with stable fields")
    .action((channel: string, options: JsonOptions) => testChannel(context, channel, options));
}

interface LogOptions extends ReadOptions {
  readonly unread?: boolean;
  readonly limit?: number;
  readonly rule?: string;
  readonly details?: boolean;
}

function addLogCommands(alert: Command, context: CommandContext): void {
  const { terminal } = context;
  readCommand(alert, "log", "what fired, the latest first")
    .option("--unread", "only what nobody has acknowledged")
    .option("--rule <id>", "only of this rule")
    .option("-n, --limit <number>", "at most this many (default: 20)", readCount)
    .option("--details", "with the whole text of each")
    .addHelpText(
      "after",
      "\nExamples:\n  monitauri alert log --unread --details\n  monitauri alert ack all",
    )
    .action(async (options: LogOptions) => {
      const daemon = daemonOf(context, options);
      const query = {
        limit: options.limit ?? 20,
        ...(options.unread === true ? { unread: true } : {}),
        ...(options.rule === undefined ? {} : { ruleId: options.rule }),
      };
      await show(context, options, {
        ask: () => daemon.alertLog(query),
        lines: (log) => logLines(log, terminal, options.details === true),
      });
    });
  dataCommand(alert, "ack <ids...>", "mark alerts as read, by id, or all")
    .option("--json", "print JSON with stable fields")
    .action(async (ids: string[], options: JsonOptions) => {
      const which = ids.length === 1 && ids[0] === "all" ? ({ all: true } as const) : { ids };
      const acknowledged = await daemonOf(context, options).acknowledgeAlerts(which);
      printOr(terminal, options, { acknowledged }, [`${acknowledged} marked as read`]);
    });
}

function addSnooze(alert: Command, context: CommandContext): void {
  const { terminal } = context;
  dataCommand(
    alert,
    "snooze <rule> <time>",
    "keep a rule, or all, quiet for a time; off: no longer",
  )
    .option("--json", "print JSON with stable fields")
    .addHelpText(
      "after",
      "\nExamples:\n  monitauri alert snooze r1 2h\n  monitauri alert snooze all off",
    )
    .action(async (rule: string, time: string, options: JsonOptions) => {
      const untilMs = time === "off" ? null : Date.now() + readTime(time);
      const changed = await daemonOf(context, options).snoozeAlerts({
        untilMs,
        ...(rule === "all" ? {} : { ruleId: rule }),
      });
      const until = untilMs === null ? "no longer quiet" : `quiet until ${clock(untilMs)}`;
      const count = changed.length === 1 ? (changed[0]?.id ?? "") : `${changed.length} rules`;
      printOr(terminal, options, changed, [`${count}: ${until}`]);
    });
}

function printOr(
  terminal: Terminal,
  { json }: JsonOptions,
  answer: unknown,
  lines: readonly string[],
): void {
  terminal.print(json === true ? JSON.stringify(answer, null, 2) : lines.join("\n"));
}

function whereTo({ channels }: AlertRule): string {
  if (channels.length > 0) return `\nSent to ${channels.join(", ")}`;
  return "\nIt is sent nowhere: only the log and the page show it. To send it: --mail or --to";
}

function previewLines({ fired, events, basis }: AlertPreview): string[] {
  if (fired === null) return [basis];
  const times = fired === 1 ? "once" : `${fired} times`;
  return [
    fired === 0
      ? "It would not have fired in the last seven days."
      : `It would have fired ${times} in the last seven days:`,
    ...events.map(({ atMs, title }) => `  ${clock(atMs)}  ${safe(title)}`),
    basis,
  ];
}

function ruleLines(rules: readonly AlertRule[], terminal: Terminal): readonly string[] {
  if (rules.length === 0) return ["There are no rules. Add one: monitauri alert add --help"];
  const [titles = "", ...lines] = formatTable(rules, ruleColumns(Date.now()), terminal.columns);
  return [terminal.paint("bold", titles), ...lines];
}

function learningLine(learning: AlertLearning): string {
  const words = learningWords(learning);
  return `${words.charAt(0).toUpperCase()}${words.slice(1)}`;
}

function ruleColumns(nowMs: number): readonly Column<AlertRule>[] {
  return [
    { title: "ID", align: "left", text: ({ id }) => id },
    { title: "TELLS WHEN", align: "left", text: (rule) => safe(rule.name), shrinksTo: 24 },
    { title: "SEVERITY", align: "left", text: ({ severity }) => severity, leaves: 1 },
    {
      title: "TO",
      align: "left",
      text: ({ channels }) => (channels.length === 0 ? "-" : channels.join(", ")),
      shrinksTo: 8,
      leaves: 2,
    },
    { title: "STATE", align: "left", text: (rule) => stateOf(rule, nowMs) },
  ];
}

function stateOf({ enabled, snoozedUntilMs }: AlertRule, nowMs: number): string {
  if (!enabled) return "off";
  const leftMs = (snoozedUntilMs ?? 0) - nowMs;
  return leftMs > 0 ? `quiet for ${formatDuration(leftMs)}` : "on";
}

function logLines(
  { events, count, unread, ongoing }: AlertLog,
  terminal: Terminal,
  withText: boolean,
): readonly string[] {
  if (events.length === 0) return ["Nothing has fired."];
  const [titles = "", ...lines] = formatTable(events, EVENT_COLUMNS, terminal.columns);
  const rows = lines.flatMap((line, at) => {
    const { text = "" } = events[at] ?? {};
    return withText ? [line, ...text.split("\n").map((each) => `    ${safe(each)}`)] : [line];
  });
  return [
    terminal.paint("bold", titles),
    ...rows,
    `${count} in all, ${unread} unread, ${ongoing} going on`,
  ];
}

const EVENT_COLUMNS: readonly Column<AlertEvent>[] = [
  { title: "WHEN", align: "left", text: ({ atMs }) => clock(atMs) },
  { title: "ID", align: "left", text: ({ id }) => id, leaves: 2 },
  { title: "SEVERITY", align: "left", text: ({ severity }) => severity, leaves: 1 },
  { title: "WHAT", align: "left", text: ({ title }) => safe(title), shrinksTo: 24 },
  { title: "STATE", align: "left", text: eventState },
];

function eventState({ state, acknowledgedAtMs, atMs, resolvedAtMs }: AlertEvent): string {
  const read = acknowledgedAtMs === null ? "unread" : "read";
  if (state === "ongoing") return `goes on, ${read}`;
  return resolvedAtMs === null
    ? read
    : `over after ${formatDuration(resolvedAtMs - atMs)}, ${read}`;
}

function readCount(text: string): number {
  if (/^\d{1,3}$/.test(text) && Number(text) >= 1 && Number(text) <= 500) return Number(text);
  throw new InvalidArgumentError("Give a number from 1 to 500.");
}
