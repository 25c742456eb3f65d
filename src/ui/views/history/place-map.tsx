/** Where in the world a period's traffic went: the same map as in Places, of the question that is asked. */

import { useMemo } from "react";
import type { HistoryRow } from "../../../model/history.ts";
import { isCountry } from "../../map/shares.ts";
import { WorldMap } from "../../map/world-map.tsx";
import { into, type Question, questionPath } from "./question.ts";
import { bytesOf, totalOf } from "./ranking.tsx";
import type { Answered } from "./use-answer.ts";
import { type Ranked, useCountries } from "./use-history.ts";

export interface PlaceMapProps {
  readonly question: Question;
  readonly ranking: Answered<Ranked>;
}

export function PlaceMap({ question, ranking }: PlaceMapProps) {
  const answer = ranking.data?.answer;
  // The table may show fewer than there are.
  const isCut = (answer?.others ?? null) !== null;
  const all = useCountries(question, isCut ? ranking.data?.period : undefined);
  const rows: readonly HistoryRow[] = (isCut ? all.data : answer)?.rows ?? answer?.rows ?? [];
  const countries = useMemo(
    () =>
      rows
        .filter(({ key }) => isCountry(key))
        .map((row) => ({ code: row.key, bytes: bytesOf(row) })),
    [rows],
  );
  if (answer === undefined || countries.length === 0) return null;
  return (
    <section className="card" aria-label="Map">
      <WorldMap
        countries={countries}
        allBytes={totalOf(answer, question)}
        hrefOf={(code) => questionPath(into(question, { by: "country", key: code }))}
      />
    </section>
  );
}
