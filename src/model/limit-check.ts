/** Wishes become rules here, or are refused with what is wrong and what to do (pure). */

import type { z } from "zod";
import { MonitauriError } from "./error.ts";
import {
  DEFAULT_PRIORITY,
  type LimitChange,
  type LimitRule,
  type LimitTarget,
  type LimitWish,
  MAX_LIMITS,
} from "./limit.ts";
import {
  applicationFits,
  fitsEverything,
  isGlob,
  isLan,
  narrowestFirst,
  type ProgramNames,
} from "./limit-match.ts";
import { schedulesOverlap } from "./limit-overlap.ts";
import { checkSchedule } from "./limit-schedule.ts";
import { limitChangeSchema, limitWishSchema } from "./limit-schema.ts";
import { targetText } from "./limit-text.ts";
import { formatBitRate } from "./rate.ts";

/** What a wish is looked at against. */
export interface LimitSurroundings {
  readonly rules: readonly LimitRule[];
  readonly atMs: number;
  /** The daemon itself, which no rule may mean. */
  readonly self: ProgramNames | undefined;
  /** Those that are there now. */
  readonly interfaces: readonly string[];
  /** When a running process started; undefined where there is none. */
  readonly startOf: (pid: number) => number | undefined;
}

/** @throws MonitauriError "invalid", "busy" where there are too many. */
export function ruleOf(wish: LimitWish, id: string, around: LimitSurroundings): LimitRule {
  const given = readWish(limitWishSchema, wish, "add the limit");
  if (around.rules.length >= MAX_LIMITS) {
    throw new MonitauriError(
      "busy",
      `Cannot add the limit: there are ${MAX_LIMITS} already, which is as many as there may be. Remove some first`,
    );
  }
  const rule: LimitRule = {
    id,
    target: targetOf(given.target, around),
    rxBytesPerSecond: given.rxBytesPerSecond ?? null,
    txBytesPerSecond: given.txBytesPerSecond ?? null,
    block: given.block ?? false,
    rxGuaranteedBytesPerSecond: given.rxGuaranteedBytesPerSecond ?? null,
    txGuaranteedBytesPerSecond: given.txGuaranteedBytesPerSecond ?? null,
    priority: given.priority ?? DEFAULT_PRIORITY,
    exceptLan: given.exceptLan ?? false,
    enabled: given.enabled ?? true,
    schedule: given.schedule ?? null,
    expiresAtMs: expiryOf(given, around.atMs) ?? null,
    createdAtMs: around.atMs,
  };
  checkSense(rule, "add the limit", around);
  return rule;
}

/** @throws MonitauriError "invalid". What blocks from now on loses its caps, what gets a cap blocks no longer. */
export function changedRule(
  rule: LimitRule,
  change: LimitChange,
  around: LimitSurroundings,
): LimitRule {
  const action = `change ${rule.id}`;
  const { target, forMs, expiresAtMs, ...given } = readWish(limitChangeSchema, change, action);
  const caps = [
    given.rxBytesPerSecond,
    given.txBytesPerSecond,
    given.rxGuaranteedBytesPerSecond,
    given.txGuaranteedBytesPerSecond,
  ];
  const hasCap = caps.some((cap) => cap !== undefined && cap !== null);
  const expiry = expiryOf({ forMs, expiresAtMs }, around.atMs);
  const changed: LimitRule = {
    ...rule,
    ...(given.block === true ? NO_CAPS : {}),
    ...(hasCap ? { block: false } : {}),
    ...withoutUndefined(given),
    ...(target === undefined ? {} : { target: targetOf(target, around) }),
    ...(expiry === undefined ? {} : { expiresAtMs: expiry }),
  };
  checkSense(changed, action, around);
  return changed;
}

/** What does not stand in the way, but should be known. */
export function ruleWarnings(rule: LimitRule, { rules, interfaces }: LimitSurroundings): string[] {
  const warnings: string[] = [];
  const { target } = rule;
  if (target.kind === "interface" && !interfaces.includes(target.name)) {
    warnings.push(`${target.name} is not there now: the rule waits for it`);
  }
  const wider = rules.filter(
    (other) => other.enabled && other.target.kind === "machine" && other.id !== rule.id,
  );
  for (const { id, rxBytesPerSecond, txBytesPerSecond, block } of wider) {
    if (block) warnings.push(`${id} blocks the whole machine, so this rule has no effect`);
    else if (
      isMore(rule.rxBytesPerSecond, rxBytesPerSecond) ||
      isMore(rule.txBytesPerSecond, txBytesPerSecond)
    ) {
      warnings.push(`${id} caps the whole machine lower, which holds as well`);
    }
  }
  return [...warnings, ...crossings(rule, rules)];
}

/** A rule about the packet and one about who sends it: neither contains the other. */
function crossings(rule: LimitRule, rules: readonly LimitRule[]): string[] {
  const crossing = rules.filter(
    (other) =>
      other.id !== rule.id &&
      other.enabled &&
      isOfPacket(rule) !== isOfPacket(other) &&
      other.target.kind !== "machine" &&
      rule.target.kind !== "machine" &&
      (["rxBytesPerSecond", "txBytesPerSecond"] as const).some(
        (cap) => rule[cap] !== null && other[cap] !== null,
      ),
  );
  const idsOf = (isWider: boolean) =>
    crossing.filter((other) => narrowestFirst(rule, other) < 0 === isWider).map(({ id }) => id);
  const [wider, narrower] = [idsOf(true).join(", "), idsOf(false).join(", ")];
  const twice = "what is beside it may use as much again";
  return [
    wider === ""
      ? ""
      : `what is under ${wider} too keeps to both, and has this cap for itself: ${twice}`,
    narrower === ""
      ? ""
      : `what of ${narrower} is under this rule keeps to both, and has the cap of ${narrower} for itself: ${twice}`,
  ].filter((text) => text !== "");
}

function isOfPacket({ target }: LimitRule): boolean {
  return target.kind === "remote" || target.kind === "port";
}

const NO_CAPS = {
  rxBytesPerSecond: null,
  txBytesPerSecond: null,
  rxGuaranteedBytesPerSecond: null,
  txGuaranteedBytesPerSecond: null,
};

function readWish<Schema extends z.ZodType>(
  schema: Schema,
  wish: unknown,
  action: string,
): z.infer<Schema> {
  const parsed = schema.safeParse(wish);
  if (parsed.success) return parsed.data;
  throw refused(action, parsed.error.issues.map(sayIssue).join("; "));
}

const FIELD_NAMES: Readonly<Record<string, string>> = {
  rxBytesPerSecond: "download",
  txBytesPerSecond: "upload",
  rxGuaranteedBytesPerSecond: "guaranteed download",
  txGuaranteedBytesPerSecond: "guaranteed upload",
  forMs: "duration",
  expiresAtMs: "end",
};

function sayIssue({ path, message }: z.core.$ZodIssue): string {
  const [field = ""] = path;
  return field === "target" || field === ""
    ? message
    : `${FIELD_NAMES[String(field)] ?? String(field)}: ${message}`;
}

function targetOf(
  target: z.infer<typeof limitWishSchema>["target"],
  { startOf }: LimitSurroundings,
): LimitTarget {
  if (target.kind !== "process") return target;
  const startedAtMs = target.startedAtMs ?? startOf(target.pid);
  if (startedAtMs !== undefined) return { ...target, startedAtMs };
  throw refused(
    "limit the process",
    `there is no process ${target.pid}. Look it up: monitauri ps --by process`,
  );
}

function expiryOf(
  { forMs, expiresAtMs }: Pick<LimitWish, "forMs" | "expiresAtMs">,
  atMs: number,
): number | null | undefined {
  if (forMs !== undefined && expiresAtMs !== undefined && expiresAtMs !== null) {
    throw refused("limit it", "it has a duration and an end. Give one of them");
  }
  return forMs === undefined ? expiresAtMs : atMs + forMs;
}

function checkSense(rule: LimitRule, action: string, around: LimitSurroundings): void {
  checkTarget(rule, action, around);
  checkEffect(rule, action);
  if (rule.schedule !== null) checkSchedule(rule.schedule);
  if (rule.expiresAtMs !== null && rule.expiresAtMs <= around.atMs) {
    throw refused(action, "it would have ended already. Give an end that is to come");
  }
  checkAgainstOthers(rule, action, around);
}

function checkTarget(
  { target, exceptLan }: LimitRule,
  action: string,
  around: LimitSurroundings,
): void {
  if (target.kind === "interface" && target.name === "lo") {
    throw refused(action, "loopback never leaves this machine and is never limited");
  }
  if (target.kind === "remote" && exceptLan && isLan(target.network.split("/")[0] ?? "")) {
    throw refused(
      action,
      `${target.network} is local, and local networks are excepted. Leave out one of both`,
    );
  }
  if (target.kind !== "application") return;
  const { pattern } = target;
  if (fitsEverything(pattern)) {
    throw refused(
      action,
      `"${pattern}" is every program, Monitauri too. Limit the machine instead: --machine`,
    );
  }
  if (around.self !== undefined && applicationFits(pattern, around.self)) {
    const what = isGlob(pattern) ? `"${pattern}" also means` : `"${pattern}" is`;
    throw refused(
      action,
      `${what} Monitauri itself, which must stay reachable. Give a narrower name`,
    );
  }
}

function checkEffect(rule: LimitRule, action: string): void {
  const { block, priority } = rule;
  const caps = [rule.rxBytesPerSecond, rule.txBytesPerSecond];
  const shares = [rule.rxGuaranteedBytesPerSecond, rule.txGuaranteedBytesPerSecond];
  const hasRate = [...caps, ...shares].some((rate) => rate !== null);
  if (block && hasRate) {
    throw refused(
      action,
      "it blocks and has a rate, which contradict each other. Give one of them",
    );
  }
  if (!block && !hasRate && priority === DEFAULT_PRIORITY) {
    throw refused(
      action,
      "it would do nothing. Give a rate as --down 5mbit or --up 800kbit, or --block",
    );
  }
  for (const [i, direction] of (["download", "upload"] as const).entries()) {
    const cap = caps[i] ?? null;
    const share = shares[i] ?? null;
    if (cap !== null && share !== null && share > cap) {
      throw refused(
        action,
        `${formatBitRate(share)} of ${direction} cannot be guaranteed under a cap of ${formatBitRate(cap)}. Give less`,
      );
    }
  }
}

function checkAgainstOthers(rule: LimitRule, action: string, around: LimitSurroundings): void {
  if (!rule.enabled) return;
  const others = around.rules.filter(
    (other) => other.id !== rule.id && other.enabled && !isExpired(other, around.atMs),
  );
  const twin = others.find(
    (other) =>
      targetText(other.target) === targetText(rule.target) &&
      schedulesOverlap(other.schedule, rule.schedule),
  );
  if (twin !== undefined) {
    throw refused(
      action,
      `${twin.id} limits ${targetText(rule.target)} at the same time. Change that one (monitauri limit set ` +
        `${twin.id} ...), remove it, or give both a schedule`,
    );
  }
  checkGuarantees([...others, rule], action);
}

/** What is guaranteed has to fit into the machine's cap. */
function checkGuarantees(rules: readonly LimitRule[], action: string): void {
  for (const direction of ["rx", "tx"] as const) {
    const caps = rules
      .filter(({ target }) => target.kind === "machine")
      .map((rule) => rule[`${direction}BytesPerSecond`])
      .filter((cap) => cap !== null);
    if (caps.length === 0) continue;
    const cap = Math.min(...caps);
    const sum = rules.reduce(
      (all, one) => all + (one[`${direction}GuaranteedBytesPerSecond`] ?? 0),
      0,
    );
    if (sum > cap) {
      const word = direction === "rx" ? "download" : "upload";
      throw refused(
        action,
        `${formatBitRate(sum)} of ${word} would be guaranteed, but the machine is capped at ${formatBitRate(cap)}. ` +
          "Guarantee less, or raise the cap",
      );
    }
  }
}

function isExpired({ expiresAtMs }: LimitRule, atMs: number): boolean {
  return expiresAtMs !== null && expiresAtMs <= atMs;
}

function isMore(rate: number | null, cap: number | null): boolean {
  return rate !== null && cap !== null && rate > cap;
}

function withoutUndefined<T extends object>(
  given: T,
): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]: Exclude<T[Key], undefined>;
  };
}

function refused(action: string, what: string): MonitauriError {
  return new MonitauriError("invalid", `Cannot ${action}: ${what}`);
}
