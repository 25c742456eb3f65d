/** What stands where the applications will be, while there are none. */

import { formatDuration } from "../../../model/format.ts";
import { type Scope, scopeLabel } from "../../store/scope.ts";

export interface FirstStartProps {
  readonly sinceMs: number | undefined;
  readonly scope: Scope;
}

export function FirstStart({ sinceMs, scope }: FirstStartProps) {
  const ago = sinceMs === undefined ? "" : `, ${formatDuration(Date.now() - sinceMs)} ago`;
  const where = scope === "all" ? "the network" : scopeLabel(scope);
  return (
    <section className="card start" aria-label="No traffic yet">
      <p>
        Nothing has used {where} since Monitauri started{ago}.
      </p>
      <p className="next">
        {scope === "all"
          ? "Open any web page: the program appears here within a second."
          : "Choose “All networks” above to see the rest."}
      </p>
    </section>
  );
}
