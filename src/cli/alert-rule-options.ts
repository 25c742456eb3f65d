/** Options of `alert add` and `alert set` as the parts of a rule. */

import { type Command, InvalidArgumentError, Option } from "commander";
import {
  ALERT_PERIODS,
  ALERT_SEVERITIES,
  type AlertCondition,
  type AlertDirection,
  type AlertPeriod,
  type AlertRuleChange,
  type AlertScope,
  CONTACTS,
  LIMIT_TROUBLES,
  NEWCOMERS,
  type QuietHours,
  UNUSUALS,
} from "../model/alert.ts";
import { MonitauriError } from "../model/error.ts";
import { parseDuration } from "../model/format.ts";
import { parseRate } from "../model/rate.ts";

export interface RuleOptions {
  readonly app?: string;
  readonly user?: string;
  readonly container?: string;
  readonly interface?: string;
  readonly machine?: boolean;
  readonly above?: number;
  readonly below?: number;
  readonly for?: number;
  readonly down?: boolean;
  readonly up?: boolean;
  readonly volume?: number;
  readonly forecast?: number;
  readonly per?: AlertPeriod;
  readonly cycleDay?: number;
  readonly at?: readonly number[];
  readonly newcomer?: string | true;
  readonly firstContact?: string | true;
  readonly unusual?: string | true;
  readonly deviations?: number;
  readonly blockList?: string;
  readonly limitTrouble?: string | true;
  readonly coverageBelow?: number;
  readonly interfaceGone?: boolean;
  readonly degraded?: boolean;
  readonly name?: string;
  readonly severity?: (typeof ALERT_SEVERITIES)[number];
  readonly mail?: readonly string[];
  readonly to?: readonly string[];
  readonly coolDown?: number;
  readonly quiet?: QuietHours | "off";
  readonly digest?: number;
  readonly tellEnd?: boolean;
  readonly hysteresis?: number;
  readonly on?: boolean;
  readonly off?: boolean;
}

export function ruleOptions(command: Command): Command {
  const list = (values: readonly string[]) => values.join(",");
  return command
    .option("--app <name>", "of a program: its name, path or key; '*' for each by itself")
    .option("--user <name>", "of a user, '*' for each")
    .option("--container <name>", "of a container, '*' for each")
    .option("--interface <name>", "of an interface, '*' for each")
    .option("--machine", "of the whole computer (the default)")
    .option("--above <rate>", "it moves more than this, as 10mbit or 2MB", readRate)
    .option("--below <rate>", "it moves less than this", readRate)
    .option("--for <time>", "for this long, as 30s or 5min", readTime)
    .option("--down", "count only what is received")
    .option("--up", "count only what is sent")
    .option("--volume <size>", "it moves this much, as 50GB", readSize)
    .option("--forecast <size>", "at its pace it will move this much", readSize)
    .addOption(new Option("--per <period>", "in this time").choices(ALERT_PERIODS))
    .option("--cycle-day <day>", "of --per cycle: the day on which it begins", readDay)
    .option("--at <percentages>", "of --volume: tell at these, as 50,80,100", readPercentages)
    .option("--newcomer [what]", `a program is new; what: ${list(NEWCOMERS)}`)
    .option("--first-contact [what]", `a program meets somebody new; what: ${list(CONTACTS)}`)
    .option("--unusual [what]", `unlike the days before; what: ${list(UNUSUALS)}`)
    .option("--deviations <number>", "of --unusual: how far from the usual, 2 to 50", readNumber)
    .option("--block-list <list>", "somebody on a list: an absolute path or an https address")
    .option("--limit-trouble [what]", `a limit in trouble; what: ${list(LIMIT_TROUBLES)}`)
    .option("--coverage-below <share>", "less than this has an owner, as 98%", readShare)
    .option("--interface-gone", "an interface that was there is gone")
    .option("--degraded", "a part of Monitauri does not work")
    .option("--name <text>", "what to call the rule")
    .addOption(new Option("--severity <level>", "how bad it is").choices(ALERT_SEVERITIES))
    .option("--mail <channel>", "send it to this channel; may be given several times", collect)
    .option("--to <channel>", "the same, for channels that are no mail", collect)
    .option("--cool-down <time>", "not again for the same within this time", readTime)
    .option(
      "--quiet <hours>",
      "gather what fires in these hours, as 22:00-07:00; off: never",
      readQuiet,
    )
    .option("--digest <time>", "gather what fires within this time into one message", readTime)
    .option("--tell-end", "also tell when it is over")
    .option(
      "--hysteresis <share>",
      "how far it must come back before it is over, as 10%",
      readShare,
    );
}

/** Only what was given. @throws MonitauriError "invalid". */
export function ruleFrom(options: RuleOptions): AlertRuleChange {
  const scope = scopeFrom(options);
  const condition = conditionFrom(options);
  const { name, severity, coolDown, quiet, digest, tellEnd, hysteresis } = options;
  const channels = [...(options.mail ?? []), ...(options.to ?? [])];
  return {
    ...(scope === undefined ? {} : { scope }),
    ...(condition === undefined ? {} : { condition }),
    ...(name === undefined ? {} : { name }),
    ...(severity === undefined ? {} : { severity }),
    ...(channels.length === 0 ? {} : { channels }),
    ...(coolDown === undefined ? {} : { coolDownMs: coolDown }),
    ...(quiet === undefined ? {} : { quietHours: quiet === "off" ? null : quiet }),
    ...(digest === undefined ? {} : { digestMs: digest }),
    ...(tellEnd === undefined ? {} : { tellEnd }),
    ...(hysteresis === undefined ? {} : { hysteresisShare: hysteresis }),
    ...(options.on === true ? { enabled: true } : {}),
    ...(options.off === true ? { enabled: false } : {}),
  };
}

function scopeFrom(options: RuleOptions): AlertScope | undefined {
  const { app, user, container, machine } = options;
  const given: AlertScope[] = [
    ...(app === undefined ? [] : [{ kind: "application" as const, match: app }]),
    ...(user === undefined ? [] : [{ kind: "user" as const, match: user }]),
    ...(container === undefined ? [] : [{ kind: "container" as const, match: container }]),
    ...(options.interface === undefined
      ? []
      : [{ kind: "interface" as const, match: options.interface }]),
    ...(machine === true ? [{ kind: "machine" as const, match: "*" }] : []),
  ];
  if (given.length < 2) return given[0];
  throw wrong("A rule speaks of one: choose --app, --user, --container, --interface or --machine");
}

/** Defaults of what is left out are the daemon's. */
function conditionFrom(options: RuleOptions): AlertCondition | undefined {
  const { above, below, volume, forecast, newcomer, firstContact, unusual, blockList } = options;
  const { limitTrouble, coverageBelow, interfaceGone, degraded, deviations } = options;
  const direction = directionFrom(options);
  const forMs = options.for === undefined ? {} : { forMs: options.for };
  const rate = (comparison: "above" | "below", bytesPerSecond: number) => {
    return { kind: "rate", comparison, direction, bytesPerSecond, ...forMs };
  };
  const cap = (capBytes: number) => ({
    capBytes,
    direction,
    period: periodFrom(options),
    ...(options.cycleDay === undefined ? {} : { cycleDay: options.cycleDay }),
  });
  const at = options.at === undefined ? {} : { percentages: options.at };
  const found: object[] = [
    ...(above === undefined ? [] : [rate("above", above)]),
    ...(below === undefined ? [] : [rate("below", below)]),
    ...(volume === undefined ? [] : [{ kind: "volume", ...cap(volume), ...at }]),
    ...(forecast === undefined ? [] : [{ kind: "forecast", ...cap(forecast) }]),
    ...(newcomer === undefined ? [] : [{ kind: "newcomer", ...some(newcomer) }]),
    ...(firstContact === undefined ? [] : [{ kind: "first-contact", ...some(firstContact) }]),
    ...(unusual === undefined
      ? []
      : [
          {
            kind: "unusual",
            ...some(unusual),
            ...(deviations === undefined ? {} : { deviations }),
          },
        ]),
    ...(blockList === undefined ? [] : [{ kind: "block-list", list: blockList }]),
    ...(limitTrouble === undefined ? [] : [{ kind: "limit", ...some(limitTrouble) }]),
    ...(coverageBelow === undefined
      ? []
      : [{ kind: "coverage", belowShare: coverageBelow, ...forMs }]),
    ...(interfaceGone === true ? [{ kind: "interface-gone", ...forMs }] : []),
    ...(degraded === true ? [{ kind: "degraded", ...forMs }] : []),
  ];
  if (found.length > 1) throw wrong("A rule has one condition: add a rule for each");
  return found[0] as AlertCondition | undefined;
}

function directionFrom({ down, up }: RuleOptions): AlertDirection {
  if (down === up) return "both";
  return down === true ? "rx" : "tx";
}

function periodFrom({ per, cycleDay }: RuleOptions): AlertPeriod {
  if (per !== undefined) return per;
  if (cycleDay !== undefined) return "cycle";
  throw wrong(`Say in which time: --per ${ALERT_PERIODS.join(", ")}`);
}

function some(what: string | true): { of?: readonly string[] } {
  return what === true ? {} : { of: what.split(",").map((word) => word.trim()) };
}

function wrong(message: string): MonitauriError {
  return new MonitauriError("invalid", message);
}

function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

function readRate(text: string): number {
  const rate = parseRate(text);
  if (rate !== undefined) return rate;
  throw new InvalidArgumentError("Give a rate as 10mbit, 800kbit or 2MB.");
}

export function readTime(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return Math.round(ms);
  throw new InvalidArgumentError("Give a time as 30s, 5min, 2h or 1d.");
}

const SIZES: Readonly<Record<string, number>> = { "": 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12 };

function readSize(text: string): number {
  const [, amount, prefix = ""] = /^(\d+(?:\.\d+)?)\s*([kmgt]?)B?$/i.exec(text.trim()) ?? [];
  const factor = SIZES[prefix.toLowerCase()];
  if (amount !== undefined && factor !== undefined) return Number(amount) * factor;
  throw new InvalidArgumentError("Give a size as 50GB, 500MB or 2TB.");
}

function readDay(text: string): number {
  if (/^\d{1,2}$/.test(text) && Number(text) >= 1 && Number(text) <= 31) return Number(text);
  throw new InvalidArgumentError("Give a day of the month, 1 to 31.");
}

function readNumber(text: string): number {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Give a number.");
}

function readPercentages(text: string): readonly number[] {
  const values = text.split(",").map((each) => Number(each.trim().replace(/\s*%$/, "")));
  if (values.every((value) => value > 0)) return values;
  throw new InvalidArgumentError("Give percentages as 50,80,100.");
}

function readShare(text: string): number {
  const [, amount] = /^(\d+(?:\.\d+)?)\s*%$/.exec(text.trim()) ?? [];
  if (amount !== undefined) return Number(amount) / 100;
  throw new InvalidArgumentError("Give a share as 98%.");
}

// Not null: commander takes that for no value.
function readQuiet(text: string): QuietHours | "off" {
  if (text === "off") return text;
  const [, from, fromMinutes, to, toMinutes] =
    /^(\d{1,2}):(\d{2})-(\d{1,2}):(\d{2})$/.exec(text.trim()) ?? [];
  const fromMinute = Number(from) * 60 + Number(fromMinutes);
  const toMinute = Number(to) * 60 + Number(toMinutes);
  if (fromMinute < 1_440 && toMinute < 1_440) return { fromMinute, toMinute };
  throw new InvalidArgumentError("Give hours as 22:00-07:00, or off.");
}
