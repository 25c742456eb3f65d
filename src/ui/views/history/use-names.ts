/** What applications are called: the address has their keys, the history knows the names. */

import { useMemo } from "react";
import type { HistoryGrouping, HistoryRow } from "../../../model/history.ts";
import type { Step } from "./question.ts";
import { useAnswer } from "./use-answer.ts";
import { nameFromKey, rowName } from "./words.ts";

export interface Names {
  of(step: Step): string;
  /** All that is chosen, in words: "browser · news.example.org". */
  subject(steps: readonly Step[]): string;
}

const known = new Map<string, string>();
/** The oldest is forgotten; it is asked for again. */
const MAX_KNOWN = 5_000;

function isNamed(by: HistoryGrouping): boolean {
  return by === "application" || by === "process";
}

/** Of rows that are on the screen anyway. */
export function learnNames(
  by: HistoryGrouping,
  rows: readonly Pick<HistoryRow, "key" | "name">[],
): void {
  if (!isNamed(by)) return;
  for (const { key, name } of rows) {
    if (known.has(key)) continue;
    const [oldest] = known.keys();
    if (known.size >= MAX_KNOWN && oldest !== undefined) known.delete(oldest);
    known.set(key, name);
  }
}

export function useNames(steps: readonly Step[]): Names {
  const wanted = steps.filter(
    ({ by, key }) => by === "application" && key !== "" && !known.has(key),
  );
  const keys = wanted.map(({ key }) => key);
  const { data } = useAnswer({
    key: keys.length === 0 ? undefined : JSON.stringify(keys),
    everyMs: undefined,
    async ask(client) {
      const query = { fromMs: 0, toMs: Date.now(), filter: { application: keys } };
      const { rows } = await client.history({ ...query, groupBy: "application", top: keys.length });
      learnNames("application", rows);
      return rows;
    },
  });
  return useMemo(() => {
    const of = ({ by, key }: Step) =>
      rowName(by, { key, name: isNamed(by) ? (known.get(key) ?? nameFromKey(key)) : key });
    const subject = (all: readonly Step[]) =>
      all.length === 0 ? "All traffic" : all.map(of).join(" · ");
    return { of, subject };
    // The names came.
  }, [data]);
}
