/** `quota`: bytes in a period, and what happens when a share of them is used. */

import { type Command, InvalidArgumentError, Option } from "commander";
import { MonitauriError } from "../../model/error.ts";
import { parseBytes } from "../../model/format.ts";
import {
  QUOTA_DIRECTIONS,
  QUOTA_PERIODS,
  type QuotaChange,
  type QuotaDirection,
  type QuotaPeriod,
  type QuotaStep,
} from "../../model/quota.ts";
import { show } from "../answer.ts";
import {
  type CommandContext,
  type DataOptions,
  daemonOf,
  dataCommand,
  type ReadOptions,
  readCommand,
} from "../context.ts";
import { quotaLine, quotaLines, quotaPreviewLines } from "../limit-lines.ts";
import { readRate } from "../limit-options.ts";

interface QuotaFlags extends DataOptions {
  readonly app?: string;
  readonly machine?: boolean;
  readonly bytes?: number;
  readonly per?: QuotaPeriod;
  readonly startDay?: number;
  readonly direction?: QuotaDirection;
  readonly step?: readonly QuotaStep[];
  readonly exceptLan?: boolean;
  readonly on?: boolean;
  readonly off?: boolean;
  readonly overrideToday?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

export function addQuota(program: Command, context: CommandContext): void {
  const quota = program
    .command("quota")
    .description("bytes a day, week, month or billing cycle, and what follows when they are used")
    .addHelpText("after", HELP);
  quotaOptions(dataCommand(quota, "add", "add a quota"))
    .addHelpText("after", HELP)
    .action(async (flags: QuotaFlags) => {
      const { bytes } = flags;
      const target = targetOf(flags);
      if (target === undefined) throw invalid("Cannot tell what to count. Give --app or --machine");
      if (bytes === undefined) throw invalid("Cannot count without a number. Give --bytes 100GB");
      const wish = { ...changeOf(flags), target, bytes };
      if (flags.dryRun) return preview(context, flags, wish);
      const made = await daemonOf(context, flags).addQuota(wish);
      context.terminal.print(flags.json ? JSON.stringify(made, null, 2) : quotaLine(made));
    });
  readCommand(quota, "list", "what is used of each, and which step holds").action(
    async (options: ReadOptions) => {
      const daemon = daemonOf(context, options);
      await show(context, options, {
        ask: async () => {
          const list = await daemon.limits();
          return options.json ? list.quotas : list;
        },
        lines: (list) => ("quotas" in list ? quotaLines(list, context.terminal) : []),
      });
    },
  );
  quotaOptions(dataCommand(quota, "set <id>", "change a quota; what is not given stays"))
    .option("--on", "switch it on")
    .option("--off", "switch it off, and keep it")
    .option("--override-today", "let its steps wait until the day ends")
    .option("--no-override-today", "no longer")
    .option("--no-except-lan", "throttle and block local networks, too")
    .action(async (id: string, flags: QuotaFlags) => {
      const target = targetOf(flags);
      const change: QuotaChange = {
        ...changeOf(flags),
        ...(target === undefined ? {} : { target }),
        ...(flags.bytes === undefined ? {} : { bytes: flags.bytes }),
        ...(flags.on || flags.off ? { enabled: flags.on === true } : {}),
        ...(flags.overrideToday === undefined ? {} : { overrideToday: flags.overrideToday }),
      };
      if (Object.keys(change).length === 0) {
        throw invalid("Cannot change it: nothing is given. See: monitauri quota set --help");
      }
      if (flags.dryRun) return preview(context, flags, change, id);
      const changed = await daemonOf(context, flags).setQuota(id, change);
      context.terminal.print(flags.json ? JSON.stringify(changed, null, 2) : quotaLine(changed));
    });
  dataCommand(quota, "remove <id...>", "count no longer, and take away what it caps")
    .option("--json", "print JSON with stable fields")
    .action(async (ids: string[], options: DataOptions & { readonly json?: boolean }) => {
      const daemon = daemonOf(context, options);
      for (const id of ids) await daemon.removeQuota(id);
      if (options.json) context.terminal.print(JSON.stringify({ removed: ids }, null, 2));
    });
}

const HELP = `
What was used before the quota was made counts, as far as the history knows. Local traffic counts as well.

Examples:
  monitauri quota add --machine --bytes 100GB --start-day 15
  monitauri quota add --app steam --bytes 20GB --per week --step 80%:notify --step 100%:throttle:1mbit --step 120%:block
  monitauri quota add --machine --bytes 100GB --start-day 15 --dry-run
  monitauri quota list
  monitauri quota set q1 --override-today
  monitauri quota remove q1`;

function quotaOptions(command: Command): Command {
  return command
    .option("--app <name>", "a program: name, path, key or a glob of one")
    .option("--machine", "everything on this machine")
    .option("--bytes <bytes>", "how much, as 100GB", readBytes)
    .addOption(new Option("--per <period>", "in what time").choices(QUOTA_PERIODS))
    .option("--start-day <day>", "day of the month on which a billing cycle begins", readDay)
    .addOption(new Option("--direction <which>", "what counts").choices(QUOTA_DIRECTIONS))
    .option(
      "--step <step>",
      "what happens when, as 100%:throttle:1mbit; give it several times",
      addStep,
    )
    .option("--except-lan", "throttle and block no local networks")
    .option("--dry-run", "say what is used of it already and what would be done, and do nothing")
    .option("--json", "print JSON with stable fields");
}

async function preview(
  context: CommandContext,
  flags: QuotaFlags,
  change: QuotaChange,
  id?: string,
): Promise<void> {
  const found = await daemonOf(context, flags).previewQuota(change, id);
  const lines = flags.json ? [JSON.stringify(found, null, 2)] : quotaPreviewLines(found);
  context.terminal.print(lines.join("\n"));
}

function targetOf({ app, machine }: QuotaFlags) {
  if (app !== undefined && machine) throw invalid("Cannot count both with one quota. Make two");
  if (app !== undefined) return { kind: "application", pattern: app } as const;
  return machine ? ({ kind: "machine" } as const) : undefined;
}

function changeOf({ per, startDay, direction, step, exceptLan }: QuotaFlags): QuotaChange {
  return {
    ...(per === undefined ? {} : { period: per }),
    ...(startDay === undefined ? {} : { startDay }),
    ...(direction === undefined ? {} : { direction }),
    ...(step === undefined ? {} : { steps: step }),
    ...(exceptLan === undefined ? {} : { exceptLan }),
  };
}

function readBytes(text: string): number {
  const bytes = parseBytes(text);
  if (bytes !== undefined) return bytes;
  throw new InvalidArgumentError("Write an amount as 100GB or 500MB.");
}

function readDay(text: string): number {
  const day = Number(text);
  if (/^\d{1,2}$/.test(text) && day >= 1 && day <= 31) return day;
  throw new InvalidArgumentError("A day of the month is 1 to 31.");
}

function addStep(text: string, before: readonly QuotaStep[] = []): readonly QuotaStep[] {
  const [, share = "", word = "", rates] =
    /^(\d+(?:\.\d+)?)%:(notify|throttle|block)(?::(.+))?$/.exec(text) ?? [];
  if (share === "" || (word === "throttle") !== (rates !== undefined)) {
    throw new InvalidArgumentError(
      "Write a step as 80%:notify, 100%:throttle:1mbit or 120%:block.",
    );
  }
  return [...before, { atShare: Number(share) / 100, action: actionOf(word, rates ?? "") }];
}

/** "1mbit" for both directions, "1mbit/500kbit" for download and upload, "-" for none. */
function actionOf(word: string, rates: string): QuotaStep["action"] {
  if (word === "notify") return { do: "notify" };
  if (word === "block") return { do: "block" };
  const [down = "", up = down] = rates.split(/\/(?!s)/);
  const read = (text: string) => (text === "-" ? null : readRate(text));
  return { do: "throttle", rxBytesPerSecond: read(down), txBytesPerSecond: read(up) };
}

function invalid(message: string): MonitauriError {
  return new MonitauriError("invalid", message);
}
