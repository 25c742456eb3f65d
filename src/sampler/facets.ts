/** What the processes of a group have in common: user, container, unit. */

import type { Process } from "../model/process.ts";
import type { Interval } from "./tally.ts";
import { Tally } from "./tally.ts";

export const FACETS = ["user", "container", "unit"] as const;
export type Facet = (typeof FACETS)[number];

/** Keys of rows that stand for no single thing; no name on any system starts with a colon. */
export const NONE_KEY = ":none";
export const OTHER_KEY = ":other";

export interface Label {
  readonly key: string;
  readonly name: string;
}

export function facetOf(process: Process, facet: Facet): Label {
  switch (facet) {
    case "user":
      if (process.user === undefined) return { key: NONE_KEY, name: "unknown user" };
      return { key: process.user, name: process.user };
    case "container": {
      const { container } = process;
      if (container === undefined) return { key: NONE_KEY, name: "no container" };
      return { key: `${container.engine}:${container.id}`, name: container.name ?? container.id };
    }
    case "unit":
      if (process.unit === undefined) return { key: NONE_KEY, name: "no unit" };
      return { key: process.unit, name: process.unit };
  }
}

/** Containers come and go; beyond this many of a facet, further ones share the row "other". */
export const FACET_VALUES_KEPT = 1_000;

export interface LabelledTally extends Label {
  readonly tally: Tally;
}

/** Sums of processes that are forgotten, by each facet. */
export class FacetHistory {
  readonly #rows = new Map<Facet, Map<string, LabelledTally>>(
    FACETS.map((facet) => [facet, new Map()]),
  );

  add(process: Process, { tally, interval }: { tally: Tally; interval: Interval }): void {
    for (const [facet, rows] of this.#rows) {
      const label = facetOf(process, facet);
      const full = rows.size >= FACET_VALUES_KEPT && !rows.has(label.key);
      const { key, name } = full ? { key: OTHER_KEY, name: "other" } : label;
      const row = rows.get(key) ?? { key, name, tally: new Tally() };
      rows.set(key, row);
      row.tally.merge(tally, interval);
    }
  }

  rows(facet: Facet): LabelledTally[] {
    return [...(this.#rows.get(facet)?.values() ?? [])];
  }
}
