// What was put into a history, kept as a plain list, and sums of it by hand: what answers are held against.
import type { HistoryDetail, HistoryFilter, HistoryGrouping } from "../src/model/history.ts";
import { protocolName } from "../src/model/protocol.ts";
import type { HistoryStore } from "../src/store/open.ts";
import { tickOf } from "../src/store/scripted-ticks.ts";

export interface Moved {
  readonly atMs: number;
  readonly detail: HistoryDetail;
}

/** Received and sent. */
export type Bytes = readonly [rx: number, tx: number];

/** Of this application no process is known. */
export const WITHOUT_PROCESS = "path:/usr/bin/app-3";

export interface Oracle {
  append(
    store: HistoryStore,
    atMs: number,
    details: readonly HistoryDetail[],
    intervalMs: number,
  ): void;
  /** By key, those that moved something. */
  rows(question: OracleQuestion & { readonly by: HistoryGrouping }): Map<string, Bytes>;
  total(question: OracleQuestion): Bytes;
}

export interface OracleQuestion {
  readonly fromMs?: number;
  readonly toMs?: number;
  readonly filter?: HistoryFilter;
  /** Which scopes count; where not given, all. */
  readonly passes?: (scope: string) => boolean;
}

export function createOracle(): Oracle {
  const all: Moved[] = [];
  const found = ({ fromMs = -Infinity, toMs = Infinity, filter = {}, passes }: OracleQuestion) =>
    all.filter(
      ({ atMs, detail }) =>
        // A tick is of the second in which it ends.
        atMs > fromMs &&
        atMs <= toMs &&
        (passes?.(detail.scope) ?? true) &&
        Object.entries(filter).every(([by, keys]) =>
          keys.includes(keyOf(by as HistoryGrouping, detail)),
        ),
    );
  return {
    append(store, atMs, details, intervalMs) {
      all.push(...details.map((detail) => ({ atMs, detail })));
      const tick = tickOf(atMs, details, { intervalMs });
      const processes = tick.processes.filter(({ application }) => application !== WITHOUT_PROCESS);
      store.append({ ...tick, processes });
    },
    rows(question) {
      const rows = new Map<string, Bytes>();
      for (const { detail } of found(question)) {
        if (detail.rxBytes + detail.txBytes === 0) continue;
        const key = keyOf(question.by, detail);
        const [rx, tx] = rows.get(key) ?? [0, 0];
        rows.set(key, [rx + detail.rxBytes, tx + detail.txBytes]);
      }
      return rows;
    },
    total(question) {
      return found(question).reduce<Bytes>(
        ([rx, tx], { detail }) => [rx + detail.rxBytes, tx + detail.txBytes],
        [0, 0],
      );
    },
  };
}

/** What a row of this grouping is called; of a process its name. */
function keyOf(by: HistoryGrouping, detail: HistoryDetail): string {
  switch (by) {
    case "port":
      return String(detail.port);
    case "protocol":
      return detail.spoken || protocolName(detail.ipProtocol);
    case "process":
      return detail.application === WITHOUT_PROCESS ? "" : `${nameOf(detail)} (100)`;
    default:
      return detail[by];
  }
}

function nameOf({ application }: HistoryDetail): string {
  return application.slice(application.lastIndexOf("/") + 1);
}
