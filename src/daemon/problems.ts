/** What does not work in Monitauri now, as alerts are told: threads, the history, samples that have lost something. */

import type { ProblemFact } from "../alerts/facts.ts";
import { formatBytes } from "../model/format.ts";
import type { ThreadStatus } from "../model/monitauri.ts";
import type { CollectorHealth } from "../model/snapshot.ts";

/** What was lost is said for this long, so that a single loss can be noticed. */
const SAID_MS = 120_000;

export interface ProblemSources {
  readonly threads: readonly ThreadStatus[];
  readonly health: CollectorHealth | undefined;
  readonly nowMs: number;
}

/** Remembers what was lost before, so that only what is lost anew is said. */
export function createProblems(): (sources: ProblemSources) => ProblemFact[] {
  let before: CollectorHealth | undefined;
  let lost: { readonly text: string; readonly untilMs: number } | undefined;
  return ({ threads, health, nowMs }) => {
    const text = lossWords(before, health);
    if (text !== undefined) lost = { text, untilMs: nowMs + SAID_MS };
    before = health ?? before;
    const isSaid = lost !== undefined && nowMs < lost.untilMs;
    return [
      ...threads.flatMap(threadProblem),
      ...(isSaid && lost !== undefined ? [{ key: "completeness", text: lost.text }] : []),
    ];
  };
}

function threadProblem({ name, state, lastError }: ThreadStatus): ProblemFact[] {
  // The history's last error is said while it fails to write, too.
  if (state === "running" && (name !== "history" || lastError === undefined)) return [];
  const what =
    state === "running" ? "has trouble" : state === "stopped" ? "has stopped" : "is starting again";
  const why = lastError === undefined ? "" : `: ${lastError}`;
  return [{ key: name, text: `The ${name} thread ${what}${why}. monitauri doctor says more.` }];
}

function lossWords(
  before: CollectorHealth | undefined,
  now: CollectorHealth | undefined,
): string | undefined {
  if (before === undefined || now === undefined) return undefined;
  const bytes =
    now.overflowRxBytes + now.overflowTxBytes - before.overflowRxBytes - before.overflowTxBytes;
  const runs = now.missedRuns - before.missedRuns;
  const processes = now.processOverflow - before.processOverflow;
  const parts = [
    ...(bytes > 0 ? [`${formatBytes(bytes)} have no row of their own`] : []),
    ...(runs > 0 ? [`the kernel skipped ${runs} runs of its programs`] : []),
    ...(processes > 0 ? [`${processes} processes have no name`] : []),
  ];
  return parts.length === 0 ? undefined : `Not everything is told apart: ${parts.join("; ")}.`;
}
