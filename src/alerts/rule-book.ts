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
  /** @throws MonitauriError "invalid", or "busy" where there are too many. */
  add(draft: unknown, nowMs: number): Promise<AlertRule>;
  /** @throws MonitauriError "invalid" or "not-found". */
  set(id: string, change: unknown): Promise<AlertRule>;
  /** @throws MonitauriError "not-found". */
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

  async function keep(rule: AlertRule): Promise<AlertRule> {
    rules.set(rule.id, rule);
    changed();
    await journal.commit(new Map([[`${PREFIX}${rule.id}`, rule]]));
    return rule;
  }

  function changed(): void {
    sorted = inOrder(rules);
    revision += 1;
  }

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
    add(draft, nowMs) {
      if (rules.size >= MAX_ALERT_RULES) {
        throw new MonitauriError(
          "busy",
          `Cannot add a rule: there are ${MAX_ALERT_RULES} already. Remove one`,
        );
      }
      const settings = parseRuleDraft(draft);
      // Numbers are not used again, as the log goes on naming them.
      const id = `r${nextNumber}`;
      nextNumber += 1;
      return keep({ id, createdAtMs: nowMs, ...settings });
    },
    async set(id, change) {
      const { createdAtMs, id: same, ...before } = known(id);
      return keep({ id: same, createdAtMs, ...parseRuleChange(before, change) });
    },
    async remove(id) {
      if (!unusable.delete(id)) known(id);
      rules.delete(id);
      changed();
      await journal.commit(new Map([[`${PREFIX}${id}`, null]]));
    },
    unusable: () => [...unusable],
    get revision() {
      return revision;
    },
  };
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
