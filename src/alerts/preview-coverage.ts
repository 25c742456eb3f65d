/** What a rule about coverage would have done: steps of the history judged by the same code that judges ticks. */

import type { AlertPreview, AlertRuleSettings } from "../model/alert.ts";
import type { Period } from "../model/history.ts";
import type { CoverageAnswer, CoverageQuery } from "../model/history-meetings.ts";
import { createEvaluation } from "./evaluation.ts";
import { blindFacts, NOTHING_BESIDE } from "./facts.ts";
import { createPast } from "./past.ts";
import { EMPTY, type Found, previewFrom, ruleOf } from "./preview.ts";

/** Finer steps of a week would be too many. */
const SHORTEST_STEP_MS = 5 * 60_000;
const LONGEST_STEP_MS = 60 * 60_000;
/** The history does not say which interface is loopback; these are its names on Linux and macOS. */
const LOOPBACK = ["lo", "lo0"].map((name) => ({ name, kind: "loopback", present: true }) as const);

export async function previewCoverage(
  settings: AlertRuleSettings,
  period: Period,
  ask: (query: CoverageQuery) => Promise<CoverageAnswer>,
): Promise<AlertPreview> {
  const { condition } = settings;
  if (condition.kind !== "coverage") throw new TypeError("It is no rule of coverage");
  const wantedMs = Math.min(Math.max(condition.forMs, SHORTEST_STEP_MS), LONGEST_STEP_MS);
  const answer = await ask({ ...period, stepMs: Math.ceil(wantedMs / 60_000) * 60_000 });
  const { stepMs, steps, isCut, observedMs } = answer;
  const evaluation = createEvaluation({ state: EMPTY, instance: "preview", past: createPast() });
  evaluation.setRules([ruleOf(settings)], 0);
  const found: Found[] = [];
  for (const { startMs, coverage } of steps) {
    const atMs = startMs + stepMs;
    const facts = {
      ...blindFacts({ atMs, intervalMs: stepMs }, NOTHING_BESIDE),
      isBlind: false,
      present: LOOPBACK,
      coverage,
    };
    for (const { title } of evaluation.take(facts, new Map()).events) found.push({ atMs, title });
  }
  const cut = isCut ? " There was more than could be looked at." : "";
  const basis = `Found from steps of ${stepMs / 60_000} minutes.${cut}`;
  return previewFrom(found, { period, basis, observedMs });
}
