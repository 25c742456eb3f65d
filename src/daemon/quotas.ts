/** The daemon's quotas: counts, evaluates each second, tells of steps that are reached, and asks for their rules. */

import { MonitauriError } from "../model/error.ts";
import type { LimitRule } from "../model/limit.ts";
import type { ProgramNames } from "../model/limit-match.ts";
import {
  MAX_QUOTAS,
  type Quota,
  type QuotaChange,
  type QuotaNotice,
  type QuotaState,
  type QuotaWish,
} from "../model/quota.ts";
import { changedQuota, noticeOf, quotaOf } from "../model/quota-check.ts";
import { newlyReached, quotaRule, quotaState } from "../model/quota-evaluate.ts";
import type { Sample } from "../model/sample.ts";
import type { Bound } from "../model/snapshot.ts";
import type { LimitBook } from "./limit-book.ts";
import type { SavedLimits } from "./limit-file.ts";
import type { PastQuestions } from "./limits.ts";
import type { Log } from "./log.ts";
import { countedBy, createQuotaMeter } from "./quota-meter.ts";

export interface QuotasOptions {
  /** Known once the book is open. */
  readonly book: () => LimitBook;
  readonly history: PastQuestions | undefined;
  readonly startedAtMs: number;
  readonly self: ProgramNames | undefined;
  readonly log: Pick<Log, "info">;
  readonly onNotice?: ((notice: QuotaNotice) => void) | undefined;
  readonly now: () => number;
  readonly zone?: string | undefined;
}

export interface Quotas {
  add(wish: QuotaWish, checkAbility: () => void): Promise<Quota>;
  set(id: string, change: QuotaChange, checkAbility: () => void): Promise<Quota>;
  remove(id: string): Promise<void>;
  /** What it would come to, and the rule that its step would ask for now. */
  preview(
    change: QuotaChange,
    id: string | undefined,
  ): Promise<{ readonly state: QuotaState; readonly rule: LimitRule | undefined }>;
  states(): readonly QuotaState[];
  /** Those of the steps that hold now, by this book. */
  rules(saved: SavedLimits): readonly LimitRule[];
  onSample(sample: Pick<Sample, "delta" | "applications">): void;
  /** Tells of what was reached. */
  tick(): Promise<void>;
  bounds(): Bound[];
}

export function createQuotas(options: QuotasOptions): Quotas {
  const { book, history, startedAtMs, self, log, onNotice, now, zone } = options;
  const meter = createQuotaMeter({
    history: history && {
      query: (query) => history.ask("query", query),
      firstAtMs: async () => (await history.state()).firstAtMs,
    },
    startedAtMs,
    zone,
  });
  const surroundings = (quotas: readonly Quota[]) => ({
    quotas,
    atMs: now(),
    self,
    ...(zone === undefined ? {} : { zone }),
  });

  const statesOf = ({ quotas }: SavedLimits) => {
    const atMs = now();
    const at = zone === undefined ? { atMs } : { atMs, zone };
    return quotas.map((quota) => quotaState(quota, meter.usage(quota, atMs), at));
  };

  const states = () => statesOf(book().saved);

  return {
    add: (wish, checkAbility) =>
      book().change((from) => {
        const quota = quotaOf(wish, `q${from.lastQuota + 1}`, surroundings(from.quotas));
        if (needsLimiter(quota)) checkAbility();
        const lastQuota = from.lastQuota + 1;
        return [{ ...from, quotas: [...from.quotas, quota], lastQuota }, quota];
      }),
    set: (id, change, checkAbility) =>
      book().change((from) => {
        const quota = changedQuota(find(from.quotas, id), change, surroundings(from.quotas));
        if (needsLimiter(quota)) checkAbility();
        const quotas = from.quotas.map((one) => (one.id === id ? quota : one));
        // Of other steps or another target everything is told anew.
        const isSame =
          JSON.stringify(essence(quota)) === JSON.stringify(essence(find(from.quotas, id)));
        const { [id]: _, ...others } = from.told;
        return [{ ...from, quotas, told: isSame ? from.told : others }, quota];
      }),
    remove: (id) =>
      book().change((from) => {
        find(from.quotas, id);
        const { [id]: _, ...told } = from.told;
        return [{ ...from, quotas: from.quotas.filter((one) => one.id !== id), told }, undefined];
      }),
    async preview(change, id) {
      const { quotas, lastQuota } = book().saved;
      const before = id === undefined ? undefined : find(quotas, id);
      const quota =
        before === undefined
          ? // What is missing in a wish is refused there.
            quotaOf(change as QuotaWish, `q${lastQuota + 1}`, surroundings(quotas))
          : changedQuota(before, change, surroundings(quotas));
      const atMs = now();
      const at = zone === undefined ? { atMs } : { atMs, zone };
      const isCounted = before !== undefined && countedBy(before) === countedBy(quota);
      const usage = isCounted ? meter.usage(before, atMs) : await meter.past(quota, atMs);
      const state = quotaState(quota, usage, at);
      return { state, rule: quotaRule(state) };
    },
    states,
    rules: (saved) => statesOf(saved).flatMap((state) => quotaRule(state) ?? []),
    onSample: meter.add,
    async tick() {
      meter.follow(book().saved.quotas, now());
      const reached = states().flatMap((state) => {
        const told = book().saved.told[state.quota.id];
        const last = told?.periodFromMs === state.periodFromMs ? told.step : -1;
        return newlyReached(state, last).map((step) => ({ state, step }));
      });
      if (reached.length === 0) return;
      await book().note((from) => {
        const told = { ...from.told };
        for (const { state, step } of reached) {
          told[state.quota.id] = { periodFromMs: state.periodFromMs, step };
        }
        return { ...from, told };
      });
      for (const { state, step } of reached) {
        const notice = noticeOf(state, step, now());
        log.info(notice.text);
        onNotice?.(notice);
      }
    },
    bounds: () => [
      {
        name: "quotas",
        used: book().saved.quotas.length,
        limit: MAX_QUOTAS,
        whenFull: "further ones are refused",
      },
    ],
  };
}

function find(quotas: readonly Quota[], id: string): Quota {
  const quota = quotas.find((one) => one.id === id);
  if (quota !== undefined) return quota;
  throw new MonitauriError("not-found", `There is no quota ${id}. See: monitauri quota list`);
}

function needsLimiter({ steps }: Quota): boolean {
  return steps.some(({ action }) => action.do !== "notify");
}

/** What its notices are about. */
function essence({ target, bytes, direction, period, startDay, steps }: Quota): unknown {
  return [target, bytes, direction, period, startDay, steps];
}
