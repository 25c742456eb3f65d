/** Who has which share of a period, as the table below it is grouped. */

import type { HistoryAnswer } from "../../../model/history.ts";
import { Donut } from "../../charts/donut.tsx";
import { Credits } from "../../parts/credits.tsx";
import { colourIn, colourOf } from "../../store/colours.ts";
import { into, type Question, questionPath } from "./question.ts";
import { bytesOf } from "./ranking.tsx";
import { groupingOf } from "./use-history.ts";
import { BY_WORDS, rowName } from "./words.ts";

export interface HistorySharesProps {
  readonly question: Question;
  readonly answer: HistoryAnswer | undefined;
}

export function HistoryShares({ question, answer }: HistorySharesProps) {
  const by = groupingOf(question);
  if (answer === undefined) return <section className="card shares" aria-label="Share" />;
  const parts = answer.rows.map((row) => ({
    key: row.key,
    name: rowName(by, row),
    bytes: bytesOf(row),
  }));
  return (
    <section className="card shares" aria-labelledby="history-shares">
      <h2 id="history-shares">{BY_WORDS[by].many}</h2>
      <Donut
        parts={parts}
        more={
          answer.others === null
            ? undefined
            : { count: answer.others.count, bytes: bytesOf(answer.others) }
        }
        hrefOf={(key) => questionPath(into(question, { by, key }))}
        othersHref={questionPath({ ...question, by, top: 100 })}
        colour={(key) =>
          by === "application" ? colourOf(key) : colourIn(by, key === "" ? ":" : key)
        }
      />
      {by === "country" ? <Credits /> : null}
    </section>
  );
}
