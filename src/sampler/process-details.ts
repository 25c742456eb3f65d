/** What the processes did in the last interval: what the history keeps of each. */

import type { HistoryProcess } from "../model/history.ts";
import { MAX_TICK_PROCESSES } from "../model/history.ts";
import type { Accounts } from "./accounts.ts";
import { ownedBytes, rowsOn } from "./activity.ts";
import { busiest } from "./busiest.ts";
import { BYTES } from "./traffic.ts";

/** The busiest first; of more than MAX_TICK_PROCESSES the others stand in their applications' rows alone. */
export function processDetails(accounts: Accounts): HistoryProcess[] {
  const { ledger, interval } = accounts;
  const active = ledger.activeProcesses();
  const scores = Float64Array.from(active, ({ tally }) => {
    const delta = tally.delta(interval);
    return (delta[BYTES] ?? 0) + (delta[BYTES + 1] ?? 0);
  });
  return busiest(scores, MAX_TICK_PROCESSES).flatMap((i) => {
    const entry = active[i];
    if (entry === undefined || scores[i] === 0) return [];
    const { process, application, tally } = entry;
    return [
      {
        application: application.application.key,
        pid: process.pid,
        startedAtMs: process.startedAtMs,
        name: process.name,
        user: process.user ?? "",
        container: process.container?.name ?? process.container?.id ?? "",
        ...ownedBytes(tally.delta(interval)),
        interfaces: rowsOn(accounts, tally),
      },
    ];
  });
}
