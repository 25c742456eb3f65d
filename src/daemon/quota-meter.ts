/** Counts what quotas are about: the history's bytes of the period so far, and on top of them each sample's. */

import type { HistoryAnswer, HistoryQuery } from "../model/history.ts";
import { applicationFits, programOf } from "../model/limit-match.ts";
import type { OwnedBytes } from "../model/live.ts";
import type { Quota } from "../model/quota.ts";
import { quotaPeriod, type Usage } from "../model/quota-evaluate.ts";
import type { Sample } from "../model/sample.ts";

export interface QuotaMeter {
  add(sample: Pick<Sample, "delta" | "applications">): void;
  /** Counts these from now on, and no others; what is new is looked up in the history. */
  follow(quotas: readonly Quota[], atMs: number): void;
  usage(quota: Quota, atMs: number): Usage;
  /** Of one that is not followed: what the history knows now. */
  past(quota: Quota, atMs: number): Promise<Usage>;
}

export interface MeterOptions {
  /** undefined: there is none. */
  readonly history: PastBytes | undefined;
  readonly startedAtMs: number;
  readonly zone?: string | undefined;
}

/** What of the history is asked. */
export interface PastBytes {
  query(query: HistoryQuery): Promise<HistoryAnswer>;
  /** When it begins; undefined: it is empty. */
  firstAtMs(): Promise<number | undefined>;
}

/** As many rows as the history gives; what is beyond them are applications of a few bytes. */
const ROWS = 1_000;
/** A history that is busy is asked again then. */
const ASK_AGAIN_MS = 10_000;

interface Count {
  /** What it counts: of another target, direction or kind of period it begins anew, from what the history knows. */
  readonly of: string;
  /** Since it is followed. */
  bytes: number;
  periodFromMs: number;
  /** Used in the period apart from `bytes` behind `bytesAtBase`. */
  base: number;
  bytesAtBase: number;
  source: Usage["source"];
  countedFromMs: number;
  askAtMs: number;
}

/** What the bytes of a quota depend on, as text: those of an equal one are the same. */
export function countedBy({ target, direction, period, startDay }: Quota): string {
  return JSON.stringify([target, direction, period, startDay]);
}

export function createQuotaMeter({ history, startedAtMs, zone }: MeterOptions): QuotaMeter {
  const counts = new Map<string, Count>();
  let followed: readonly Quota[] = [];

  function countOf(quota: Quota, atMs: number): Count {
    const { fromMs } = quotaPeriod(quota, atMs, zone);
    const of = countedBy(quota);
    let count = counts.get(quota.id);
    if (count?.of !== of) {
      const countedFromMs = count === undefined ? startedAtMs : atMs;
      count = { ...FRESH, of, periodFromMs: fromMs, countedFromMs };
      counts.set(quota.id, count);
    } else if (count.periodFromMs !== fromMs) {
      // Later: all of the new period is counted here. Else the clock was set: the history knows.
      const isNext = fromMs > count.periodFromMs && fromMs >= startedAtMs;
      count.base = 0;
      count.bytesAtBase = count.bytes;
      count.periodFromMs = fromMs;
      count.askAtMs = isNext ? Number.POSITIVE_INFINITY : 0;
    }
    return count;
  }

  async function ask(past: PastBytes, quota: Quota, atMs: number): Promise<Usage> {
    const answer = await past.query({
      fromMs: quotaPeriod(quota, atMs, zone).fromMs,
      toMs: atMs + 1,
      ...(quota.target.kind === "machine" ? {} : { groupBy: "application", top: ROWS }),
    });
    const countedFromMs = (await past.firstAtMs()) ?? startedAtMs;
    return { usedBytes: usedIn(answer, quota), source: "history", countedFromMs };
  }

  async function look(quota: Quota, count: Count, atMs: number): Promise<void> {
    if (history === undefined) return;
    const { periodFromMs } = count;
    const bytesAtBase = count.bytes;
    count.askAtMs = atMs + ASK_AGAIN_MS;
    try {
      const { usedBytes, source, countedFromMs } = await ask(history, quota, atMs);
      if (counts.get(quota.id) !== count || count.periodFromMs !== periodFromMs) return;
      count.base = usedBytes;
      count.bytesAtBase = bytesAtBase;
      count.source = source;
      count.countedFromMs = countedFromMs;
      count.askAtMs = Number.POSITIVE_INFINITY;
    } catch {
      // It is asked again; until then what was counted since the start is said to be all.
    }
  }

  return {
    add(sample) {
      for (const quota of followed) {
        const count = counts.get(quota.id);
        if (count !== undefined) count.bytes += usedInSample(sample, quota);
      }
    },
    follow(quotas, atMs) {
      followed = quotas;
      const ids = new Set(quotas.map(({ id }) => id));
      for (const id of counts.keys()) if (!ids.has(id)) counts.delete(id);
      for (const quota of quotas) {
        const count = countOf(quota, atMs);
        if (atMs >= count.askAtMs) void look(quota, count, atMs);
      }
    },
    past: async (quota, atMs) =>
      history === undefined
        ? { usedBytes: 0, source: "since-start", countedFromMs: atMs }
        : ask(history, quota, atMs),
    usage(quota, atMs) {
      const count = countOf(quota, atMs);
      return {
        usedBytes: count.base + count.bytes - count.bytesAtBase,
        source: count.source,
        countedFromMs: count.countedFromMs,
      };
    },
  };
}

const FRESH = {
  bytes: 0,
  base: 0,
  bytesAtBase: 0,
  source: "since-start" as const,
  askAtMs: 0,
};

function usedIn({ total, rows }: HistoryAnswer, quota: Quota): number {
  const { target } = quota;
  if (target.kind === "machine") return inDirection(total, quota);
  return rows
    .filter(({ key, name }) => applicationFits(target.pattern, programOf(key, name)))
    .reduce((sum, row) => sum + offMachine(row, quota), 0);
}

function usedInSample(
  { delta, applications }: Pick<Sample, "delta" | "applications">,
  quota: Quota,
): number {
  const { target } = quota;
  if (target.kind === "machine") return inDirection(delta, quota);
  let sum = 0;
  for (const row of applications) {
    if (applicationFits(target.pattern, programOf(row.key, row.name)))
      sum += offMachine(row, quota);
  }
  return sum;
}

/** Without what never left this machine. */
function offMachine(row: OwnedBytes, quota: Quota): number {
  return inDirection(
    { rxBytes: row.rxBytes - row.rxLoopbackBytes, txBytes: row.txBytes - row.txLoopbackBytes },
    quota,
  );
}

function inDirection(
  { rxBytes, txBytes }: { readonly rxBytes: number; readonly txBytes: number },
  { direction }: Quota,
): number {
  return (direction === "tx" ? 0 : rxBytes) + (direction === "rx" ? 0 : txBytes);
}
