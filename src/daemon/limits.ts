/** Limits and quotas of the daemon: what is asked of them, and what happens by itself each second. */

import type { Limiter } from "../limits/limiter.ts";
import { MonitauriError } from "../model/error.ts";
import type { HistoryAnswer, HistoryQuery } from "../model/history.ts";
import {
  type ChangeOptions,
  CONFIRM_MS,
  type LimitChanged,
  type LimitList,
  type LimitRule,
  type Limits,
  MAX_LIMITS,
} from "../model/limit.ts";
import { changedRule, type LimitSurroundings, ruleOf, ruleWarnings } from "../model/limit-check.ts";
import type { ProgramNames } from "../model/limit-match.ts";
import { rulesInForce } from "../model/limit-schedule.ts";
import { targetText } from "../model/limit-text.ts";
import type { Finding } from "../model/monitauri.ts";
import type { QuotaNotice } from "../model/quota.ts";
import type { Sample } from "../model/sample.ts";
import type { Bound } from "../model/snapshot.ts";
import { createLimitBook } from "./limit-book.ts";
import { createEnforcer } from "./limit-enforcer.ts";
import { type PendingChange, readLimits, type SavedLimits, saveLimits } from "./limit-file.ts";
import { limitStates } from "./limit-list.ts";
import type { Log } from "./log.ts";
import { createQuotas } from "./quotas.ts";
import type { Sampling } from "./sampling.ts";
import { sessionFacts, touchesSession } from "./session-path.ts";

export interface LimitsOptions {
  /** The file that keeps them. */
  readonly path: string;
  readonly limiter: Limiter;
  readonly sampling: Pick<Sampling, "ask" | "latest">;
  /** undefined: switched off. */
  readonly history: PastQuestions | undefined;
  readonly log: Pick<Log, "warn" | "info">;
  readonly startedAtMs: number;
  /** What the daemon itself is called. */
  readonly self: ProgramNames | undefined;
  /** When a running process started; undefined where there is none. */
  readonly startOf: (pid: number) => number | undefined;
  /** Told of each step of a quota that is reached, once. */
  readonly onNotice?: ((notice: QuotaNotice) => void) | undefined;
  readonly now?: (() => number) | undefined;
  /** Time zone; where not given, the system's. */
  readonly zone?: string | undefined;
}

export interface PastQuestions {
  ask(topic: "query", what: HistoryQuery): Promise<HistoryAnswer>;
  state(): Promise<{ readonly firstAtMs: number | undefined }>;
}

export interface DaemonLimits extends Limits {
  /** Each second: confirmations, schedules, expiry, quotas. */
  tick(): Promise<void>;
  onSample(sample: Pick<Sample, "delta" | "applications">): void;
  bounds(): Bound[];
  finding(): Finding;
  /** Nothing holds any more; the file stays. */
  close(): Promise<void>;
}

/** Warnings that are kept for those who ask. */
const MAX_WARNINGS = 20;

export function createLimits(options: LimitsOptions): DaemonLimits {
  const { path, limiter, sampling, log, now = Date.now, zone } = options;
  const { saved, warning } = readLimits(path);
  const warnings: string[] = [];
  const warn = (text: string) => {
    log.warn(text);
    warnings.push(text);
    if (warnings.length > MAX_WARNINGS) warnings.shift();
  };
  if (warning !== undefined) warn(warning);
  const enforcer = createEnforcer(limiter, log);
  const quotas = createQuotas({ ...options, now, book: () => book });
  const book = createLimitBook({
    // Nobody can confirm what another run was asked for.
    saved: { ...saved, pending: saved.pending.map((one) => ({ ...one, undoAtMs: 0 })) },
    save: (next) => saveLimits(path, next),
    enforcer,
    quotaRules: quotas.rules,
    now,
    zone,
  });

  const around = (rules: readonly LimitRule[]): LimitSurroundings => ({
    rules,
    atMs: now(),
    self: options.self,
    interfaces: sampling.latest()?.interfaces.map(({ name }) => name) ?? [],
    startOf: options.startOf,
  });

  function checkAbility(): void {
    const { missing } = limiter.capabilities();
    if (missing === null) return;
    throw new MonitauriError(
      "unsupported",
      `Cannot limit anything: ${missing.reason}. To get it: ${missing.remedy}`,
    );
  }

  function checkKind(rule: LimitRule): void {
    const { kinds } = limiter.capabilities();
    if (kinds.includes(rule.target.kind)) return;
    throw new MonitauriError(
      "unsupported",
      `Cannot limit ${targetText(rule.target)}: this system limits only ${kinds.join(", ")}`,
    );
  }

  /** Until when it has to be confirmed; null: not at all. */
  async function confirmBy(rule: LimitRule, { via }: ChangeOptions): Promise<number | null> {
    if (via === undefined || rulesInForce([rule], now(), zone).length === 0) return null;
    const facts = await sessionFacts(via, sampling.ask);
    return touchesSession(rule, facts) ? now() + CONFIRM_MS : null;
  }

  function changed(
    rule: LimitRule,
    confirmByMs: number | null,
    rules: readonly LimitRule[],
  ): LimitChanged {
    return { rule, confirmByMs, warnings: ruleWarnings(rule, around(rules)) };
  }

  const find = (rules: readonly LimitRule[], id: string): LimitRule => {
    const rule = rules.find((one) => one.id === id);
    if (rule !== undefined) return rule;
    throw new MonitauriError("not-found", `There is no limit ${id}. See: monitauri limit list`);
  };

  const nextId = (from: SavedLimits) => `l${from.lastRule + 1}`;

  return {
    async limits(): Promise<LimitList> {
      const capabilities = limiter.capabilities();
      const { rules, pending } = book.saved;
      const needsConnections = rules.some(({ target }) => /remote|port/.test(target.kind));
      const [processes, connections] = await Promise.all([
        rules.length === 0 ? [] : sampling.ask("ps", { by: "process" }),
        needsConnections ? sampling.ask("connections", {}) : { connections: [] },
      ]);
      return {
        atMs: now(),
        capabilities,
        limits: limitStates({
          rules,
          pending,
          achieved: limiter.achieved(),
          capabilities,
          fault: enforcer.fault(),
          processes: processes.filter(({ running, remainder }) => running && remainder === null),
          connections: connections.connections,
          unlimited: limiter.unlimited(),
          atMs: now(),
          zone,
        }),
        quotas: quotas.states(),
        warnings: [...warnings],
      };
    },

    async addLimit(wish, change = {}) {
      checkAbility();
      const trial = ruleOf(wish, nextId(book.saved), around(book.saved.rules));
      checkKind(trial);
      const confirmByMs = await confirmBy(trial, change);
      return book.change((from) => {
        const rule = ruleOf(wish, nextId(from), around(from.rules));
        const next = {
          ...from,
          rules: [...from.rules, rule],
          lastRule: from.lastRule + 1,
          pending: pendingWith(from.pending, { id: rule.id, before: null }, confirmByMs),
        };
        return [next, changed(rule, confirmByMs, next.rules)];
      });
    },

    async setLimit(id, wish, change = {}) {
      checkAbility();
      const trial = changedRule(find(book.saved.rules, id), wish, around(book.saved.rules));
      checkKind(trial);
      const confirmByMs = await confirmBy(trial, change);
      return book.change((from) => {
        const before = find(from.rules, id);
        const rule = changedRule(before, wish, around(from.rules));
        const next = {
          ...from,
          rules: from.rules.map((one) => (one.id === id ? rule : one)),
          pending: pendingWith(from.pending, { id, before }, confirmByMs),
        };
        return [next, changed(rule, confirmByMs, next.rules)];
      });
    },

    removeLimit: (id) =>
      book.change((from) => {
        find(from.rules, id);
        const rules = from.rules.filter((one) => one.id !== id);
        const pending = from.pending.filter((one) => one.id !== id);
        return [{ ...from, rules, pending }, undefined];
      }),

    clearLimits: () =>
      book.change((from) => [{ ...from, rules: [], pending: [] }, from.rules.length]),

    async previewLimit(wish, id, change = {}) {
      checkAbility();
      const { saved: from } = book;
      const surroundings = around(from.rules);
      const rule =
        id === undefined
          ? // What is missing in a wish is refused there.
            ruleOf(wish as Parameters<typeof ruleOf>[0], nextId(from), surroundings)
          : changedRule(find(from.rules, id), wish, surroundings);
      checkKind(rule);
      const rules = [...from.rules.filter((one) => one.id !== rule.id), rule];
      const wanted = [...rulesInForce(rules, now(), zone), ...quotas.rules(from)];
      return {
        rule,
        lines: await limiter.plan(wanted),
        warnings: ruleWarnings(rule, around(rules)),
        touchesSession: (await confirmBy(rule, change)) !== null,
      };
    },

    confirmLimit: (id) =>
      book.change((from) => {
        const pending = from.pending.filter((one) => one.id !== id);
        if (pending.length === from.pending.length) {
          find(from.rules, id);
          throw new MonitauriError("not-found", `Cannot confirm ${id}: nothing waits for it`);
        }
        return [{ ...from, pending }, undefined];
      }),

    addQuota: (wish) => quotas.add(wish, checkAbility),
    setQuota: (id, wish) => quotas.set(id, wish, checkAbility),
    removeQuota: (id) => quotas.remove(id),
    async previewQuota(change, id) {
      const { state, rule } = await quotas.preview(change, id);
      const { saved: from } = book;
      if (rule === undefined) return { state, lines: [] };
      checkAbility();
      const others = quotas.rules(from).filter((one) => one.id !== rule.id);
      const wanted = [...rulesInForce(from.rules, now(), zone), ...others, rule];
      return { state, lines: await limiter.plan(wanted) };
    },

    async tick() {
      await quotas.tick();
      for (const rule of await book.tick(now())) {
        warn(
          `The change of ${rule.id} (${targetText(rule.target)}) was taken back: it touched the session that it came ` +
            "over, and nobody confirmed it",
        );
      }
    },
    onSample: quotas.onSample,
    bounds: () => [
      {
        name: "limits",
        used: book.saved.rules.length,
        limit: MAX_LIMITS,
        whenFull: "further ones are refused",
      },
      ...quotas.bounds(),
    ],
    finding() {
      const { missing, notes } = limiter.capabilities();
      const fault = enforcer.fault();
      if (missing !== null) {
        const { reason, remedy } = missing;
        return { feature: "limits", state: "missing", detail: reason, remedy };
      }
      if (fault !== undefined) {
        const remedy = "monitauri limit list says which; it is tried again";
        return { feature: "limits", state: "limited", detail: fault, remedy };
      }
      const detail = ["can be enforced", ...notes].join("; ");
      return { feature: "limits", state: "ok", detail, remedy: undefined };
    },
    async close() {
      await book.settle();
      await limiter.close();
    },
  };
}

/** With a change that has to be confirmed; what was asked for earlier stays what it goes back to. */
function pendingWith(
  pending: readonly PendingChange[],
  { id, before }: Pick<PendingChange, "id" | "before">,
  undoAtMs: number | null,
): readonly PendingChange[] {
  const earlier = pending.find((one) => one.id === id);
  const others = pending.filter((one) => one.id !== id);
  if (undoAtMs === null) return earlier === undefined ? pending : others;
  return [...others, { id, before: earlier === undefined ? before : earlier.before, undoAtMs }];
}
