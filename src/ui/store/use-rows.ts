/** The rows of applications in the chosen scope, as they are now. */

import { useMemo } from "react";
import { useStore } from "./create-store.ts";
import { shown } from "./live.ts";
import { type AppRow, applicationRows } from "./rows.ts";
import { scope } from "./settings.ts";
import { useApplications } from "./status.ts";

/** undefined until the daemon has said which there are. */
export function useRows(): readonly AppRow[] | undefined {
  const ps = useApplications();
  const tick = useStore(shown);
  const chosen = useStore(scope);
  return useMemo(
    () => (ps === undefined ? undefined : applicationRows({ ps, tick, scope: chosen })),
    [ps, tick, chosen],
  );
}
