/** Connections with what is on a block list: once for each program and remote, and again only after it was quiet for the
 * rule's cool-down. */

import type { AlertRule, BlockListCondition } from "../model/alert.ts";
import type { HistoryDetail } from "../model/history.ts";
import { programRules, subjectOf } from "./evaluate-newcomer.ts";
import { indexRules } from "./rule-index.ts";
import { type Conditions, type ListMatch, subjectKeyOf, type Turn } from "./turn.ts";

type BlockRule = AlertRule & { readonly condition: BlockListCondition };

/** Remotes whose result is remembered for each list; when there are more it starts anew. */
const MAX_REMEMBERED = 20_000;

export function blockListConditions(lists: (list: string) => ListMatch | undefined): Conditions {
  let rules: readonly BlockRule[] = [];
  let index = indexRules([]);
  const remembered = new Map<ListMatch, Map<string, string | undefined>>();

  function entryOf(match: ListMatch, { address, remote }: HistoryDetail): string | undefined {
    let own = remembered.get(match);
    if (own === undefined || own.size > MAX_REMEMBERED) {
      // A list that was read again is another function: results of the old one go.
      if (remembered.size > rules.length) remembered.clear();
      own = new Map();
      remembered.set(match, own);
    }
    const key = `${address} ${remote}`;
    if (own.has(key)) return own.get(key);
    const entry = match(address === "" ? remote : address, remote === address ? "" : remote);
    own.set(key, entry);
    return entry;
  }

  function judge(turn: Turn, detail: HistoryDetail, matches: ReadonlyMap<string, ListMatch>): void {
    for (const [list, match] of matches) {
      const entry = entryOf(match, detail);
      if (entry !== undefined) tell(turn, detail, { list, entry });
    }
  }

  function tell(
    turn: Turn,
    detail: HistoryDetail,
    { list, entry }: { readonly list: string; readonly entry: string },
  ): void {
    const { facts, cells, tick } = turn;
    const key = detail.application;
    const name = facts.applications.find((row) => row.key === key)?.name ?? key;
    const program = { key, name, rxBytes: 0, txBytes: 0 };
    for (const rule of programRules(turn, { index, program }) as readonly BlockRule[]) {
      if (rule.condition.list !== list) continue;
      const subject = subjectOf(program);
      const cell = cells.get(rule.id, subjectKeyOf({ subject, detail: detail.remote }));
      if (cell !== undefined && cell.coolUntilMs > facts.atMs) {
        // It goes on: the cool-down begins when it is quiet.
        cell.coolUntilMs = facts.atMs + rule.coolDownMs;
        cell.tick = tick;
        continue;
      }
      turn.fire({
        rule,
        subject,
        detail: detail.remote,
        title: `${name} talks to ${detail.remote}, which is on a block list`,
        text:
          `${name} has a connection with ${detail.remote}, port ${detail.port}` +
          `${detail.user === "" ? "" : `, as user ${detail.user}`}. ${list} lists ${entry}.`,
        measure: { bytes: detail.rxBytes + detail.txBytes },
      });
    }
  }

  return {
    setRules(given) {
      rules = given as readonly BlockRule[];
      index = indexRules(rules);
    },
    take(turn) {
      if (rules.length === 0) return;
      const matches = new Map<string, ListMatch>();
      for (const { condition } of rules) {
        const match = lists(condition.list);
        if (match !== undefined) matches.set(condition.list, match);
      }
      if (matches.size === 0) return;
      for (const detail of turn.facts.details) {
        if (detail.remote !== "") judge(turn, detail, matches);
      }
    },
  };
}
