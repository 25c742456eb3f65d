/** Options of `limit` and `quota` as wishes of the model: who, how much, when. */

import { type Command, InvalidArgumentError } from "commander";
import { MonitauriError } from "../model/error.ts";
import { parseDuration } from "../model/format.ts";
import type { LimitChange, WishedTarget } from "../model/limit.ts";
import { parseSchedule } from "../model/limit-schedule.ts";
import { parseRate } from "../model/rate.ts";

export interface TargetOptions {
  readonly machine?: boolean;
  readonly interface?: string;
  readonly app?: string;
  readonly pid?: number;
  readonly user?: string;
  readonly container?: string;
  readonly unit?: string;
  readonly remote?: string;
  readonly port?: string;
}

/** What takes a rate away: commander has no null. */
export type None = "none";

export interface EffectOptions {
  readonly down?: number | None;
  readonly up?: number | None;
  readonly block?: boolean;
  readonly guarantee?: number | None;
  readonly guaranteeDown?: number | None;
  readonly guaranteeUp?: number | None;
  readonly priority?: number;
  readonly exceptLan?: boolean;
  readonly when?: string;
  readonly for?: number | "ever";
}

export function targetOptions(command: Command): Command {
  return command
    .option("--app <name>", "a program: name, path, key or a glob of one, and what it starts")
    .option("--machine", "everything on this machine")
    .option("--interface <name>", "an interface, as eth0")
    .option("--pid <pid>", "a process and what it starts", readPid)
    .option("--user <user>", "a user, by name or number")
    .option("--container <name>", "a container, by name or id")
    .option("--unit <unit>", "a systemd unit, as backup.service")
    .option("--remote <address>", "an address or network of the other end, as 10.0.0.0/8")
    .option("--port <port>", "a port at either end, as 443 or 443/udp");
}

/** @param isChange also "none" and the opposites make sense. */
export function effectOptions(command: Command, { isChange }: { isChange: boolean }): Command {
  const read = isChange ? readRateOrNone : readRate;
  const none = isChange ? '; "none": no longer' : "";
  command
    .option("--down <rate>", `download at most, as 5mbit, 800kbit or 1.5MB/s${none}`, read)
    .option("--up <rate>", `upload at most${none}`, read)
    .option("--block", "nothing at all, and end what is open")
    .option("--guarantee <rate>", `share in both directions while others want more${none}`, read)
    .option("--guarantee-down <rate>", "the same of download only", read)
    .option("--guarantee-up <rate>", "the same of upload only", read)
    .option("--priority <number>", "who takes first what is left: 0 before 7", readPriority)
    .option("--except-lan", "leave local networks alone")
    .option(
      "--when <schedule>",
      `as "mon-fri 09:00-18:00", by local time${isChange ? '; "always"' : ""}`,
    )
    .option(
      "--for <time>",
      `only for this long, as 1h${isChange ? '; "ever": without an end' : ""}`,
      isChange ? readTimeOrEver : readTime,
    );
  if (!isChange) return command;
  return command
    .option("--no-block", "let it pass again")
    .option("--no-except-lan", "local networks, too");
}

/** @throws MonitauriError "invalid" unless there is one. */
export function targetOf(options: TargetOptions): WishedTarget {
  const target = givenTarget(options);
  if (target !== undefined) return target;
  throw new MonitauriError(
    "invalid",
    "Cannot tell whose traffic is meant. Give one of --app, --machine, --interface, --pid, --user, --container, " +
      "--unit, --remote and --port",
  );
}

/** undefined: none. @throws MonitauriError "invalid" where there are several. */
export function givenTarget(options: TargetOptions): WishedTarget | undefined {
  const { machine, app, pid, user, container, unit, remote, port } = options;
  const targets: WishedTarget[] = [];
  if (machine === true) targets.push({ kind: "machine" });
  if (options.interface !== undefined) targets.push({ kind: "interface", name: options.interface });
  if (app !== undefined) targets.push({ kind: "application", pattern: app });
  if (pid !== undefined) targets.push({ kind: "process", pid });
  if (user !== undefined) targets.push({ kind: "user", user });
  if (container !== undefined) targets.push({ kind: "container", container });
  if (unit !== undefined)
    targets.push({ kind: "unit", unit: unit.includes(".") ? unit : `${unit}.service` });
  if (remote !== undefined) targets.push({ kind: "remote", network: remote });
  if (port !== undefined) targets.push(readPort(port));
  if (targets.length > 1) {
    throw new MonitauriError(
      "invalid",
      `Cannot limit ${targets.map(({ kind }) => kind).join(" and ")} with one rule. Make a rule of each`,
    );
  }
  return targets[0];
}

/** What is given, as a change; a wish is one with a target. */
export function effectOf(options: EffectOptions): LimitChange {
  const { down, up, block, guarantee, priority, exceptLan, when } = options;
  const rx = options.guaranteeDown ?? guarantee;
  const tx = options.guaranteeUp ?? guarantee;
  return {
    ...(down === undefined ? {} : { rxBytesPerSecond: orNull(down) }),
    ...(up === undefined ? {} : { txBytesPerSecond: orNull(up) }),
    ...(block === undefined ? {} : { block }),
    ...(rx === undefined ? {} : { rxGuaranteedBytesPerSecond: orNull(rx) }),
    ...(tx === undefined ? {} : { txGuaranteedBytesPerSecond: orNull(tx) }),
    ...(priority === undefined ? {} : { priority }),
    ...(exceptLan === undefined ? {} : { exceptLan }),
    ...(when === undefined ? {} : { schedule: when === "always" ? null : parseSchedule(when) }),
    ...(options.for === undefined
      ? {}
      : options.for === "ever"
        ? { expiresAtMs: null }
        : { forMs: options.for }),
  };
}

export function readRate(text: string): number {
  const rate = parseRate(text);
  if (rate !== undefined) return rate;
  const isBare = /^-?\d+(\.\d+)?\s*[kmgt]?$/i.test(text);
  throw new InvalidArgumentError(
    isBare
      ? `${text} of what? Write 5mbit (bits, as providers count) or 1.5MB/s (bytes).`
      : "Write a rate as 5mbit, 800kbit or 1.5MB/s.",
  );
}

function orNull(rate: number | None): number | null {
  return rate === "none" ? null : rate;
}

function readRateOrNone(text: string): number | None {
  return text === "none" ? text : readRate(text);
}

function readTime(text: string): number {
  const ms = parseDuration(text);
  if (ms !== undefined) return ms;
  throw new InvalidArgumentError("Write a time as 30min, 1h or 2d.");
}

function readTimeOrEver(text: string): number | "ever" {
  return text === "ever" ? text : readTime(text);
}

function readPid(text: string): number {
  if (/^\d{1,7}$/.test(text)) return Number(text);
  throw new InvalidArgumentError("A pid is a number.");
}

function readPriority(text: string): number {
  if (/^[0-7]$/.test(text)) return Number(text);
  throw new InvalidArgumentError("Priorities are 0 (first) to 7.");
}

function readPort(text: string): WishedTarget {
  const [, port = "", protocol] = /^(\d{1,5})(?:\/(tcp|udp))?$/.exec(text) ?? [];
  if (port === "") {
    throw new MonitauriError("invalid", `"${text}" is no port. Write 443, 443/tcp or 443/udp`);
  }
  return {
    kind: "port",
    port: Number(port),
    protocol: protocol === "tcp" || protocol === "udp" ? protocol : null,
  };
}
