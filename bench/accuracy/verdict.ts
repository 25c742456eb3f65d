// Whether a run is as it was: what passed before passes, and what is known to fail does.

import type { Known } from "./known.ts";
import type { Cell } from "./matrix.ts";

/** Sentences on what is not as expected of Monitauri's cells; none: all is well. */
export function surprises(
  cells: readonly Cell[],
  known: Readonly<Record<string, Known>>,
): string[] {
  return cells.flatMap(({ scenario, title, score }) => {
    const where = `${scenario} ${title}`;
    if (score.attribution === "not here") return [];
    if (score.attribution === "not measured") return [`${where} was not measured: ${score.why}`];
    return (["attribution", "bytes"] as const).flatMap((what) => {
      const mark = score[what];
      const reason = known[scenario]?.[what];
      if (mark !== "pass" && reason === undefined)
        return [`${where}: ${what} is "${mark}", ${score.why}`];
      if (mark === "pass" && reason !== undefined) {
        return [`${where}: ${what} passes now, but is listed: "${reason}"`];
      }
      return [];
    });
  });
}
