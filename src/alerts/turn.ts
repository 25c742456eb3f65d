/** What every condition is given in a tick, and what it may do. */

import type { AlertRule } from "../model/alert.ts";
import type { Cell, Cells, Finding } from "./cells.ts";
import type { AlertFacts } from "./facts.ts";
import type { Meters } from "./meters.ts";
import type { Past } from "./past.ts";

/** What the conditions share. */
export interface Turn {
  readonly facts: AlertFacts;
  readonly tick: number;
  readonly cells: Cells;
  readonly meters: Meters;
  readonly past: Past;
  /** What must be kept, for the journal. */
  readonly changes: Map<string, unknown>;
  /** Whether the rule may fire now. */
  mayFire(rule: AlertRule): boolean;
  /** A moment: fires unless it did within the cool-down. Says whether it fired. */
  fire(finding: Finding): boolean;
  /** A state: fires once it has been bad for `forMs`, ends once it has been good for as long. */
  last(finding: () => Finding, how: Lasting): void;
}

export interface Lasting {
  readonly cell: Cell;
  readonly rule: AlertRule;
  readonly state: "bad" | "good" | "between";
  readonly forMs: number;
}

export interface Conditions {
  /** Of the kind that it is made for; enabled ones. */
  setRules(rules: readonly AlertRule[]): void;
  take(turn: Turn): void;
}

export interface EvaluationState {
  get(key: string): string | undefined;
  entries(prefix: string): [key: string, text: string][];
}

/** Says which entry of a list an address or host is on. */
export type ListMatch = (address: string, host: string) => string | undefined;

export function subjectKeyOf({ subject, detail }: Pick<Finding, "subject" | "detail">): string {
  return `${subject.kind}:${subject.key}${detail === undefined ? "" : `\n${detail}`}`;
}
