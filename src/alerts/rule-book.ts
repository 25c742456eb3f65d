/** The rules, kept in the journal. */

import { type AlertRule, MAX_ALERT_RULES } from "../model/alert.ts";
import { parseRuleChange, parseRuleDraft } from "../model/alert-schema.ts";
import { MonitauriError } from "../model/error.ts";
import type { Journal } from "./journal.ts";

const PREFIX = "rule:";

export interface RuleBook {
  /** In the order they were made. */
  list(): readonly AlertRule[];
  get(id: string): AlertRule | undefined;
  /** A change holds when it is on the disk. @throws MonitauriError "failed" where that refuses: then nothing has changed;
   * "invalid", or "busy" where there are too many. */
  add(draft: unknown, nowMs: number): Promise<AlertRule>;
  /** @throws MonitauriError "failed", "invalid" or "not-found". */
  set(id: string, change: unknown): Promise<AlertRule>;
  /** The same change to each of them, or to none. @throws as set(). */
  setAll(ids: readonly string[], change: unknown): Promise<AlertRule[]>;
  /** The same with a change of its own for each, by id. */
  setEach(changes: ReadonlyMap<string, unknown>): Promise<AlertRule[]>;
  /** @throws MonitauriError "failed" or "not-found". */
  remove(id: string): Promise<void>;
  /** Ids of those that another version wrote and this one cannot read. */
  unusable(): readonly string[];
  /** Grows with each change. */
  readonly revision: number;
}

export function openRuleBook(journal: Journal, warn: (message: string) => void): RuleBook {
  const rules = new Map<string, AlertRule>();
  const unusable = new Set<string>();
  for (const [key, text] of journal.entries(PREFIX)) {
    const rule = read(text);
    if (rule === undefined) {
      unusable.add(key.slice(PREFIX.length));
      warn(`Alert rule ${key.slice(PREFIX.length)} cannot be used any more`);
    } else rules.set(rule.id, rule);
  }
  let sorted = inOrder(rules);
  let nextNumber = Math.max(0, ...sorted.map(({ id }) => Number(id.slice(1)) || 0)) + 1;
  let revision = 1;
  let last: Promise<unknown> = Promise.resolve();

  /** One change after the other, so that each goes back to what the one before it has left. */
  function inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = last.then(change);
    last = done.catch(() => undefined);
    return done;
  }

  async function keep(changes: ReadonlyMap<string, AlertRule | null>): Promise<void> {
    const cells = new Map([...changes].map(([id, rule]) => [`${PREFIX}${id}`, rule]));
    const before = [...cells.keys()].map((key) => [key, valueOf(journal.get(key))] as const);
    try {
      await journal.commit(cells);
    } catch (cause) {
      // The journal writes what it was given when it can, in this order: what was before comes last.
      journal.commit(new Map(before)).catch(() => {});
      const state = cause instanceof Error ? cause.message : String(cause);
      throw new MonitauriError("failed", `${state}. The alert rules are as before`, { cause });
    }
    for (const [id, rule] of changes) {
      if (rule === null) rules.delete(id);
      else rules.set(id, rule);
    }
    sorted = inOrder(rules);
    revision += 1;
  }

  const setAll = (ids: readonly string[], change: unknown) =>
    setEach(new Map(ids.map((id) => [id, change])));
  const setEach = (changes: ReadonlyMap<string, unknown>) =>
    inTurn(async () => {
      const changed = [...changes].map(([id, change]): AlertRule => {
        const { createdAtMs, id: same, ...before } = known(id);
        return { id: same, createdAtMs, ...parseRuleChange(before, change) };
      });
      await keep(new Map(changed.map((rule) => [rule.id, rule])));
      return changed;
    });

  function known(id: string): AlertRule {
    const rule = rules.get(id);
    if (rule !== undefined) return rule;
    throw new MonitauriError(
      "not-found",
      `There is no alert rule "${id}". monitauri alert list shows which there are`,
    );
  }

  return {
    list: () => sorted,
    get: (id) => rules.get(id),
    add: (draft, nowMs) =>
      inTurn(async () => {
        if (rules.size >= MAX_ALERT_RULES) {
          throw new MonitauriError(
            "busy",
            `Cannot add a rule: there are ${MAX_ALERT_RULES} already. Remove one`,
          );
        }
        const settings = parseRuleDraft(draft);
        const rule: AlertRule = { id: `r${nextNumber}`, createdAtMs: nowMs, ...settings };
        await keep(new Map([[rule.id, rule]]));
        // Numbers are not used again, as the log goes on naming them.
        nextNumber += 1;
        return rule;
      }),
    async set(id, change) {
      const [rule] = await setAll([id], change);
      return rule as AlertRule;
    },
    setAll,
    setEach,
    remove: (id) =>
      inTurn(async () => {
        if (!unusable.has(id)) known(id);
        await keep(new Map([[id, null]]));
        unusable.delete(id);
      }),
    unusable: () => [...unusable],
    get revision() {
      return revision;
    },
  };
}

function valueOf(text: string | undefined): unknown {
  return text === undefined ? null : JSON.parse(text);
}

function inOrder(rules: ReadonlyMap<string, AlertRule>): readonly AlertRule[] {
  return [...rules.values()].sort((a, b) => Number(a.id.slice(1)) - Number(b.id.slice(1)));
}

/** What was written by another version is checked as if it came in anew. */
function read(text: string): AlertRule | undefined {
  try {
    const { id, createdAtMs, ...settings } = JSON.parse(text) as AlertRule;
    if (!/^r\d+$/.test(id) || typeof createdAtMs !== "number") return undefined;
    return { id, createdAtMs, ...parseRuleDraft(settings) };
  } catch {
    return undefined;
  }
}
