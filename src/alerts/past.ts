/** What the history told of the time before: the days and hours of each subject. It comes when it comes; whoever needs
 * it waits for it. */

import type { AlertScopeKind } from "../model/alert.ts";
import type { HistoryAnswer } from "../model/history.ts";

export type PastStep = "day" | "hour";

export interface PastRow {
  readonly name: string;
  /** By step. */
  readonly rxBytes: readonly number[];
  readonly txBytes: readonly number[];
}

export interface PastTable {
  readonly startsMs: readonly number[];
  /** How much of the step was watched. */
  readonly observedMs: readonly number[];
  readonly rows: ReadonlyMap<string, PastRow>;
}

export interface Past {
  get(scope: AlertScopeKind, step: PastStep): PastTable | undefined;
  set(scope: AlertScopeKind, step: PastStep, table: PastTable): void;
  /** Grows with each table. */
  readonly revision: number;
}

export function createPast(): Past {
  const tables = new Map<string, PastTable>();
  let revision = 0;
  return {
    get: (scope, step) => tables.get(`${scope} ${step}`),
    set(scope, step, table) {
      tables.set(`${scope} ${step}`, table);
      revision += 1;
    },
    get revision() {
      return revision;
    },
  };
}

/** An answer with a series, of the machine or grouped. */
export function tableOf({ rows, series, total }: HistoryAnswer, scope: AlertScopeKind): PastTable {
  const { startsMs = [], observedMs = [], rxBytes = [], txBytes = [] } = series ?? {};
  const machine: [string, PastRow][] = [["", { name: "this computer", rxBytes, txBytes }]];
  const grouped = rows.map(({ key, name, rxSeries, txSeries }): [string, PastRow] => [
    key,
    { name, rxBytes: rxSeries, txBytes: txSeries },
  ]);
  return {
    startsMs,
    observedMs,
    rows: new Map(scope === "machine" && total !== undefined ? machine : grouped),
  };
}
