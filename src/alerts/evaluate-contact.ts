/** A program's first contact with a country or network. Contacts are learned with and without rules; those of a
 * program's first day are learned silently, as everything is new then. */

import type { AlertRule, ContactCondition } from "../model/alert.ts";
import type { HistoryDetail } from "../model/history.ts";
import { isNoProgram, programRules, subjectOf } from "./evaluate-newcomer.ts";
import { DAY_MS } from "./periods.ts";
import { indexRules } from "./rule-index.ts";
import type { Conditions, EvaluationState, Turn } from "./turn.ts";

/** Programs whose contacts are remembered; the one that has been quiet longest gives its place. */
export const MAX_CONTACT_PROGRAMS = 2_000;
/** Of one program; one that meets more talks to everybody, and nothing is new to it. */
export const MAX_CONTACTS = 600;
/** Contacts that nobody is told of need not be on the disk at once: learned again, they harm nobody. */
const SAVE_EVERY_MS = 60_000;
const MET = "met:";

type ContactRule = AlertRule & { readonly condition: ContactCondition };
type What = ContactCondition["of"][number];

interface Met {
  readonly sinceMs: number;
  readonly country: Set<string>;
  readonly network: Set<string>;
}

interface KeptMet {
  readonly sinceMs: number;
  readonly country: readonly string[];
  readonly network: readonly string[];
}

export function contactConditions(state: EvaluationState): Conditions {
  const met = new Map<string, Met>();
  for (const [key, text] of state.entries(MET)) {
    const { sinceMs, country, network } = JSON.parse(text) as KeptMet;
    met.set(key.slice(MET.length), {
      sinceMs,
      country: new Set(country),
      network: new Set(network),
    });
  }
  const unsaved = new Set<string>();
  let index = indexRules([]);
  let waitedMs = 0;

  function save(keys: Iterable<string>, changes: Map<string, unknown>): void {
    for (const key of keys) {
      const own = met.get(key);
      const kept: KeptMet | null =
        own === undefined ? null : { ...own, country: [...own.country], network: [...own.network] };
      changes.set(MET + key, kept);
      unsaved.delete(key);
    }
  }

  function metOf(key: string, atMs: number, changes: Map<string, unknown>): Met {
    const known = met.get(key);
    if (known !== undefined) return known;
    if (met.size >= MAX_CONTACT_PROGRAMS) {
      const [oldest = ""] = met.keys();
      met.delete(oldest);
      save([oldest], changes);
    }
    const fresh: Met = { sinceMs: atMs, country: new Set(), network: new Set() };
    met.set(key, fresh);
    return fresh;
  }

  function meet(turn: Turn, detail: HistoryDetail, what: What): void {
    const { atMs } = turn.facts;
    const { application } = detail;
    const value = what === "country" ? detail.country : (detail.network ?? "");
    if (value === "") return;
    const own = metOf(application, atMs, turn.changes);
    if (own[what].has(value) || own[what].size >= MAX_CONTACTS) return;
    own[what].add(value);
    unsaved.add(application);
    if (index.isEmpty || Math.abs(atMs - own.sinceMs) < DAY_MS) return;
    const name = turn.facts.applications.find(({ key }) => key === application)?.name;
    const program = { key: application, name: name ?? application, rxBytes: 0, txBytes: 0 };
    for (const rule of programRules(turn, { index, program }) as readonly ContactRule[]) {
      if (!rule.condition.of.includes(what)) continue;
      // The contact and the event are kept together or not at all.
      save([application], turn.changes);
      turn.fire({
        rule,
        subject: subjectOf(program),
        detail: `${what} ${value}`,
        ...wordsOf(program.name, what, detail),
        measure: {},
      });
    }
  }

  return {
    setRules(rules) {
      index = indexRules(rules);
    },
    take(turn) {
      waitedMs += turn.facts.intervalMs;
      for (const detail of turn.facts.details) {
        if (isNoProgram(detail.application)) continue;
        meet(turn, detail, "country");
        meet(turn, detail, "network");
      }
      if (waitedMs < SAVE_EVERY_MS || unsaved.size === 0) return;
      waitedMs = 0;
      save([...unsaved], turn.changes);
    },
  };
}

function wordsOf(name: string, what: What, { country, network, remote, port }: HistoryDetail) {
  const place = what === "country" ? countryName(country) : (network ?? "");
  const where = remote === "" ? "" : `: ${remote}, port ${port}`;
  return {
    title: `${name} talks to ${place} for the first time`,
    text: `${name} has not talked to ${what === "country" ? "this country" : "this network"} before${where} (${place}).`,
  };
}

const NAMES = new Intl.DisplayNames(["en"], { type: "region", fallback: "code" });

function countryName(code: string): string {
  try {
    return NAMES.of(code) ?? code;
  } catch {
    return code;
  }
}
