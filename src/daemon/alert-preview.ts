/** What a rule would have done in the last seven days, found from the history. */

import { previewOf, previewQueries } from "../alerts/preview.ts";
import type { AlertPreview, AlertRuleSettings } from "../model/alert.ts";
import { MonitauriError } from "../model/error.ts";
import type { AskHistory } from "./alert-history.ts";

const WEEK_MS = 7 * 86_400_000;

export interface PreviewOptions {
  readonly history: AskHistory | undefined;
  readonly now: () => number;
}

export function createPreview({ history, now }: PreviewOptions) {
  return async (rule: AlertRuleSettings): Promise<AlertPreview> => {
    const toMs = Math.floor(now() / 60_000) * 60_000;
    const period = { fromMs: toMs - WEEK_MS, toMs };
    const cannot = (basis: string): AlertPreview => ({ ...period, fired: null, events: [], basis });
    if (history === undefined) return cannot("No history is kept, so this cannot be told.");
    const plan = previewQueries(rule, period);
    if (typeof plan === "string") return cannot(plan);
    try {
      const answers = [];
      for (const query of plan.queries) answers.push(await history.ask("query", query));
      return previewOf(rule, { period, plan, answers });
    } catch (error) {
      if (!(error instanceof MonitauriError)) throw error;
      return cannot(`The history did not answer: ${error.message}`);
    }
  };
}
