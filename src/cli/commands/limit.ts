/** `limit`: rules that cap or block, what they hold now, and the way back. */

import { createInterface } from "node:readline";
import type { Command } from "commander";
import { MonitauriError } from "../../model/error.ts";
import { formatDuration } from "../../model/format.ts";
import type { ChangeOptions, LimitChange, LimitChanged } from "../../model/limit.ts";
import type { Monitauri } from "../../model/monitauri.ts";
import { show } from "../answer.ts";
import {
  type CommandContext,
  type DataOptions,
  daemonOf,
  dataCommand,
  type RateOptions,
  type ReadOptions,
  rateFormat,
  rateOptions,
  readCommand,
} from "../context.ts";
import { changedLines, limitLines } from "../limit-lines.ts";
import {
  type EffectOptions,
  effectOf,
  effectOptions,
  givenTarget,
  type TargetOptions,
  targetOf,
  targetOptions,
} from "../limit-options.ts";
import { safe } from "../terminal.ts";

interface ChangeFlags extends DataOptions, TargetOptions, EffectOptions {
  readonly json?: boolean;
  readonly dryRun?: boolean;
  readonly on?: boolean;
  readonly off?: boolean;
}

export function addLimit(program: Command, context: CommandContext): void {
  const limit = program
    .command("limit")
    .description("cap or block a program, a user, an interface..., and see what holds")
    .addHelpText("after", HELP);
  addAdd(limit, context);
  addList(limit, context);
  addSet(limit, context);
  addRemovals(limit, context);
}

const HELP = `
A rule takes hold on connections that are open already, and children of a process inherit it. Of several rules the narrowest
shapes, inside the caps of the wider ones. Rates are of what is on the wire: bits with "bit", bytes with "B". Everything is given back
when the daemon ends, and rules hold again when it starts.

Examples:
  monitauri limit add --app firefox --down 5mbit --up 1mbit
  monitauri limit add --app backup --up 800kbit --when "mon-fri 09:00-18:00" --except-lan
  monitauri limit add --user guest --block --for 1h
  monitauri limit add --machine --down 50mbit --dry-run
  monitauri limit list --watch 1s
  monitauri limit set l1 --down 10mbit
  monitauri limit remove l1
  monitauri limit clear`;

function addAdd(limit: Command, context: CommandContext): void {
  const command = dataCommand(limit, "add", "add a rule; it holds at once");
  effectOptions(targetOptions(command), { isChange: false })
    .option("--dry-run", "say what would be done, and do nothing")
    .option("--json", "print JSON with stable fields")
    .addHelpText("after", HELP)
    .action(async (flags: ChangeFlags) => {
      const daemon = daemonOf(context, flags);
      const wish = { ...effectOf(flags), target: targetOf(flags) };
      const change = { via: context.host.session() };
      if (flags.dryRun)
        return preview(context, flags, await daemon.previewLimit(wish, undefined, change));
      await settle(context, { daemon, flags, changed: await daemon.addLimit(wish, change) });
    });
}

function addSet(limit: Command, context: CommandContext): void {
  const command = dataCommand(limit, "set <id>", "change a rule; what is not given stays");
  effectOptions(targetOptions(command), { isChange: true })
    .option("--on", "switch it on")
    .option("--off", "switch it off, and keep it")
    .option("--dry-run", "say what would be done, and do nothing")
    .option("--json", "print JSON with stable fields")
    .action(async (id: string, flags: ChangeFlags) => {
      const daemon = daemonOf(context, flags);
      const wish = changeOf(flags);
      const change: ChangeOptions = { via: context.host.session() };
      if (flags.dryRun) return preview(context, flags, await daemon.previewLimit(wish, id, change));
      await settle(context, { daemon, flags, changed: await daemon.setLimit(id, wish, change) });
    });
}

function changeOf(flags: ChangeFlags): LimitChange {
  if (flags.on && flags.off) {
    throw new MonitauriError("invalid", "Cannot switch it on and off. Give one of --on and --off");
  }
  const target = givenTarget(flags);
  const change: LimitChange = {
    ...effectOf(flags),
    ...(target === undefined ? {} : { target }),
    ...(flags.on || flags.off ? { enabled: flags.on === true } : {}),
  };
  if (Object.keys(change).length > 0) return change;
  throw new MonitauriError(
    "invalid",
    "Cannot change it: nothing is given. See: monitauri limit set --help",
  );
}

function addList(limit: Command, context: CommandContext): void {
  rateOptions(
    readCommand(limit, "list", "the rules: target against achieved, and what applies to what"),
  )
    .addHelpText("after", HELP)
    .action(async (options: ReadOptions & RateOptions) => {
      const daemon = daemonOf(context, options);
      await show(context, options, {
        ask: () => daemon.limits(),
        lines: (list) => limitLines(list, rateFormat(options), context.terminal),
      });
    });
}

function addRemovals(limit: Command, context: CommandContext): void {
  dataCommand(limit, "remove <id...>", "take rules away")
    .option("--json", "print JSON with stable fields")
    .action(async (ids: string[], options: DataOptions & { readonly json?: boolean }) => {
      const daemon = daemonOf(context, options);
      for (const id of ids) await daemon.removeLimit(id);
      if (options.json) context.terminal.print(JSON.stringify({ removed: ids }, null, 2));
    });
  dataCommand(limit, "confirm [id]", "keep a change that touches the session it came over")
    .option("--json", "print JSON with stable fields")
    .action(async (id: string | undefined, options: DataOptions & { readonly json?: boolean }) => {
      const daemon = daemonOf(context, options);
      const ids = id === undefined ? await unconfirmed(daemon) : [id];
      for (const one of ids) await daemon.confirmLimit(one);
      if (options.json) context.terminal.print(JSON.stringify({ confirmed: ids }, null, 2));
      else if (ids.length === 0) context.terminal.print("Nothing waits for a confirmation.");
    });
  dataCommand(limit, "clear", "take all rules away, also where no daemon runs any more")
    .option("--json", "print JSON with stable fields")
    .action(async (options: DataOptions & { readonly json?: boolean }) => {
      const { count, leftovers } = await clear(context, options);
      if (options.json)
        return context.terminal.print(JSON.stringify({ count, leftovers }, null, 2));
      const rules = count === 1 ? "1 rule" : `${count} rules`;
      const kernel = leftovers ? ", and what a daemon that was killed had left in the kernel" : "";
      context.terminal.print(`Removed ${rules}${kernel}.`);
    });
}

async function clear(context: CommandContext, options: DataOptions) {
  try {
    return { count: await daemonOf(context, options).clearLimits(), leftovers: false };
  } catch (error) {
    if (!(error instanceof MonitauriError) || error.code !== "unreachable") throw error;
    return context.host.clearLimits(options.data);
  }
}

async function unconfirmed(daemon: Monitauri): Promise<string[]> {
  const { limits } = await daemon.limits();
  return limits.filter(({ confirmByMs }) => confirmByMs !== null).map(({ rule }) => rule.id);
}

function preview(
  { terminal }: CommandContext,
  { json }: ChangeFlags,
  found: Awaited<ReturnType<Monitauri["previewLimit"]>>,
): void {
  if (json) return terminal.print(JSON.stringify(found, null, 2));
  const { rule, lines, warnings, touchesSession } = found;
  const head = changedLines({ rule, confirmByMs: null, warnings }, Date.now());
  const touches = touchesSession
    ? ["Note: it touches the session that you are in, and would have to be confirmed"]
    : [];
  const steps =
    lines.length === 0 ? ["Nothing would be done now."] : lines.map((line) => safe(line));
  terminal.print([...head, ...touches, ...steps].join("\n"));
}

interface Settled {
  readonly daemon: Monitauri;
  readonly flags: ChangeFlags;
  readonly changed: LimitChanged;
}

/** Says what came of it; a change of one's own session waits for a key, since who was cut off cannot press one. */
async function settle(context: CommandContext, { daemon, flags, changed }: Settled): Promise<void> {
  const { terminal } = context;
  const { rule, confirmByMs } = changed;
  if (flags.json) terminal.print(JSON.stringify(changed, null, 2));
  else terminal.print(changedLines(changed, Date.now()).join("\n"));
  if (confirmByMs === null) return;
  const left = formatDuration(confirmByMs - Date.now());
  process.stderr.write(
    `This touches the session that you are in: it is taken back in ${left} unless you confirm it.\n` +
      `Press Enter, or run: monitauri limit confirm ${rule.id}\n`,
  );
  if (!process.stdin.isTTY || flags.json) return;
  if (await pressedEnter(confirmByMs)) {
    await daemon.confirmLimit(rule.id);
    process.stderr.write("Confirmed.\n");
  } else {
    context.exitCode = 1;
    process.stderr.write("Nobody confirmed it, so it was taken back.\n");
  }
}

async function pressedEnter(untilMs: number): Promise<boolean> {
  const input = createInterface({ input: process.stdin });
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), Math.max(0, untilMs - Date.now()));
  input.once("line", () => resolve(true));
  input.once("close", () => resolve(false));
  const pressed = await promise;
  clearTimeout(timer);
  input.close();
  return pressed;
}
