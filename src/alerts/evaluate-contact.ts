/** A program's first contact with a country or network. Contacts are learned with and without rules. What the history
 * knows is nothing new; of what it does not keep, a program's first day is learned silently, as everything is new then. */

import type { AlertRule, ContactCondition } from "../model/alert.ts";
import type { HistoryDetail } from "../model/history.ts";
import type { Meeting } from "../model/history-meetings.ts";
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
/** Connections that are remembered while the history is asked, which takes seconds. */
const MAX_UNJUDGED = 20_000;
const MET = "met:";

type ContactRule = AlertRule & { readonly condition: ContactCondition };
type What = ContactCondition["of"][number];

interface Met {
  /** When it was met here. */
  readonly sinceMs: number;
  /** Since when its countries are known, where that is longer, from the history; networks are not in it. */
  countrySinceMs?: number;
  readonly country: Set<string>;
  readonly network: Set<string>;
}

interface KeptMet {
  readonly sinceMs: number;
  readonly countrySinceMs?: number;
  readonly country: readonly string[];
  readonly network: readonly string[];
}

export interface ContactConditions extends Conditions {
  /** The history is being asked: until it has answered nothing is judged. */
  awaitHistory(): void;
  /** What it had, undefined: nothing came of it; what happened meanwhile is judged now. */
  know(
    meetings: readonly KnownMeeting[] | undefined,
    nowMs: number,
    changes: Map<string, unknown>,
  ): void;
  /** When contacts of programs that are known now are told of; undefined: they are already. */
  learnsUntilMs(what: What, atMs: number): number | undefined;
}

type KnownMeeting = Pick<Meeting, "application" | "value" | "atMs">;

interface Named {
  readonly detail: HistoryDetail;
  /** The program's; undefined: it is in this very tick. */
  readonly name: string | undefined;
}

export function contactConditions(state: EvaluationState): ContactConditions {
  const met = new Map<string, Met>();
  for (const [key, text] of state.entries(MET)) {
    const { country, network, ...since } = JSON.parse(text) as KeptMet;
    met.set(key.slice(MET.length), {
      ...since,
      country: new Set(country),
      network: new Set(network),
    });
  }
  const unsaved = new Set<string>();
  /** While the history is asked. */
  let unjudged: Named[] | undefined;
  let unjudgedBefore: readonly Named[] = [];
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

  function meet(turn: Turn, { detail, name: known }: Named, what: What): void {
    const { atMs } = turn.facts;
    const { application } = detail;
    const value = what === "country" ? detail.country : (detail.network ?? "");
    const own = metOf(application, atMs, turn.changes);
    if (own[what].size >= MAX_CONTACTS) return;
    own[what].add(value);
    unsaved.add(application);
    if (index.isEmpty || isFirstDay(own, what, atMs)) return;
    const name = known ?? turn.facts.applications.find(({ key }) => key === application)?.name;
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

  function meetBoth(turn: Turn, detail: HistoryDetail, name?: string): void {
    const { application, country, network = "" } = detail;
    // Nearly everything is known: found out with one look-up, and without an object.
    const own = met.get(application);
    const isNewCountry = country !== "" && own?.country.has(country) !== true;
    const isNewNetwork = network !== "" && own?.network.has(network) !== true;
    if (!(isNewCountry || isNewNetwork) || isNoProgram(application)) return;
    if (isNewCountry) meet(turn, { detail, name }, "country");
    if (isNewNetwork) meet(turn, { detail, name }, "network");
  }

  return {
    setRules(rules) {
      index = indexRules(rules);
    },
    take(turn) {
      waitedMs += turn.facts.intervalMs;
      if (unjudged !== undefined) {
        unjudged.push(...namedDetails(turn).slice(0, MAX_UNJUDGED - unjudged.length));
        return;
      }
      for (const { detail, name } of unjudgedBefore) meetBoth(turn, detail, name);
      unjudgedBefore = [];
      for (const detail of turn.facts.details) meetBoth(turn, detail);
      if (waitedMs < SAVE_EVERY_MS || unsaved.size === 0) return;
      waitedMs = 0;
      save([...unsaved], turn.changes);
    },
    awaitHistory() {
      unjudged = [];
    },
    know(meetings, nowMs, changes) {
      unjudgedBefore = unjudged ?? [];
      unjudged = undefined;
      const changed = new Set<string>();
      for (const { application, value, atMs } of meetings ?? []) {
        if (isNoProgram(application)) continue;
        const own = metOf(application, nowMs, changes);
        const isLonger = atMs < Math.min(own.sinceMs, own.countrySinceMs ?? own.sinceMs);
        if (isLonger) own.countrySinceMs = atMs;
        const isMore = !own.country.has(value) && own.country.size < MAX_CONTACTS;
        if (isMore) own.country.add(value);
        if (isLonger || isMore) changed.add(application);
      }
      save(changed, changes);
    },
    learnsUntilMs(what, atMs) {
      let untilMs = atMs + DAY_MS;
      for (const own of met.values()) untilMs = Math.min(untilMs, sinceOf(own, what) + DAY_MS);
      return untilMs <= atMs ? undefined : untilMs;
    },
  };
}

function namedDetails({ facts }: Turn): Named[] {
  const names = new Map(facts.applications.map(({ key, name }) => [key, name]));
  return facts.details.map((detail) => ({ detail, name: names.get(detail.application) }));
}

function sinceOf({ sinceMs, countrySinceMs = sinceMs }: Met, what: What): number {
  return what === "country" ? countrySinceMs : sinceMs;
}

/** A clock that was set back does not begin it anew. */
function isFirstDay(own: Met, what: What, atMs: number): boolean {
  return Math.abs(atMs - sinceOf(own, what)) < DAY_MS;
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
