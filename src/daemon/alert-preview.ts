/** What a rule would have done in the last seven days, found from the history. */

import { previewOf, previewQueries } from "../alerts/preview.ts";
import { previewCoverage } from "../alerts/preview-coverage.ts";
import { cannot, previewBlockList, previewContacts } from "../alerts/preview-meetings.ts";
import type { ListMatch } from "../alerts/turn.ts";
import type { AlertPreview, AlertRuleSettings } from "../model/alert.ts";
import { MonitauriError } from "../model/error.ts";
import type { Period } from "../model/history.ts";
import type { AskHistory } from "./alert-history.ts";

const WEEK_MS = 7 * 86_400_000;

export interface PreviewOptions {
  readonly history: AskHistory | undefined;
  /** @throws MonitauriError where the list cannot be read, or not soon. */
  readonly readList: (list: string) => Promise<ListMatch>;
  readonly now: () => number;
}

export function createPreview({ history, readList, now }: PreviewOptions) {
  return async (rule: AlertRuleSettings): Promise<AlertPreview> => {
    const toMs = Math.floor(now() / 60_000) * 60_000;
    const period = { fromMs: toMs - WEEK_MS, toMs };
    if (history === undefined) {
      return cannot(period, "No history is kept, so this cannot be told.");
    }
    try {
      return await preview(rule, period, { history, readList });
    } catch (error) {
      if (!(error instanceof MonitauriError)) throw error;
      return cannot(period, `This cannot be told now: ${error.message}`);
    }
  };
}

async function preview(
  rule: AlertRuleSettings,
  period: Period,
  { history, readList }: Pick<PreviewOptions, "readList"> & { readonly history: AskHistory },
): Promise<AlertPreview> {
  const { condition } = rule;
  switch (condition.kind) {
    case "first-contact":
      return previewContacts(rule, period, (query) => history.ask("meetings", query));
    case "coverage":
      return previewCoverage(rule, period, (query) => history.ask("coverage", query));
    case "block-list":
      return previewBlockList(rule, period, {
        ask: (query) => history.ask("meetings", query),
        match: await readList(condition.list),
        kept: (await history.state()).settings,
      });
    default: {
      const plan = previewQueries(rule, period);
      if (typeof plan === "string") return cannot(period, plan);
      const answers = [];
      for (const query of plan.queries) answers.push(await history.ask("query", query));
      return previewOf(rule, { period, plan, answers });
    }
  }
}
