/** The rule book: one change after the other, each of them whole or not at all. What holds is enforced first, then kept
 * on the disk, and only then is it the book; where one of these fails, the others are as before. */

import { MonitauriError } from "../model/error.ts";
import { EXPIRED_SHOWN_MS, type LimitRule } from "../model/limit.ts";
import { rulesInForce } from "../model/limit-schedule.ts";
import type { Enforcer } from "./limit-enforcer.ts";
import type { PendingChange, SavedLimits } from "./limit-file.ts";

export interface LimitBook {
  readonly saved: SavedLimits;
  /** @throws what `next` throws, or what enforcing or keeping fails with; nothing has changed then. */
  change<T>(next: (saved: SavedLimits) => readonly [SavedLimits, T]): Promise<T>;
  /** Keeps what is not about enforcing. A disk that fails is no reason to lose it before the end. */
  note(next: (saved: SavedLimits) => SavedLimits): Promise<void>;
  /** Undoes what nobody confirmed in time, forgets what expired long ago, and enforces what holds now, also where the
   * disk fails; what is under way is waited for. The rules that were undone. */
  tick(atMs: number): Promise<readonly LimitRule[]>;
  /** Waits for what is under way. */
  settle(): Promise<void>;
}

export interface BookOptions {
  readonly saved: SavedLimits;
  /** @throws MonitauriError "failed" */
  readonly save: (saved: SavedLimits) => void;
  readonly enforcer: Enforcer;
  /** Rules that quotas ask for now. */
  readonly quotaRules: (saved: SavedLimits) => readonly LimitRule[];
  readonly now: () => number;
  /** Time zone; where not given, the system's. */
  readonly zone?: string | undefined;
}

/** Changes that wait for their turn; more are refused. */
const MAX_WAITING = 100;

export function createLimitBook(options: BookOptions): LimitBook {
  const { save, enforcer, quotaRules, now, zone } = options;
  let book = options.saved;
  let last: Promise<unknown> = Promise.resolve();
  let waiting = 0;
  /** The disk has an older one. */
  let isUnsaved = false;

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    if (waiting >= MAX_WAITING) {
      throw new MonitauriError("busy", "Cannot change the limits: too much waits. Try again");
    }
    waiting += 1;
    const done = last.then(work).finally(() => {
      waiting -= 1;
    });
    last = done.catch(() => undefined);
    return done;
  }

  const wanted = (saved: SavedLimits, atMs: number) => [
    ...rulesInForce(saved.rules, atMs, zone),
    ...quotaRules(saved),
  ];

  async function become(next: SavedLimits, atMs: number): Promise<void> {
    if (next === book) return;
    await enforcer.enforce(wanted(next, atMs));
    try {
      save(next);
    } catch (error) {
      await enforcer.enforce(wanted(book, atMs));
      throw error;
    }
    isUnsaved = false;
    book = next;
  }

  function noteNow(next: SavedLimits): void {
    if (next === book && !isUnsaved) return;
    book = next;
    isUnsaved = true;
    try {
      save(next);
      isUnsaved = false;
    } catch {
      // Tried again with each tick; the next change is kept with it, or says that it cannot be.
    }
  }

  return {
    get saved() {
      return book;
    },
    change: (next) =>
      inTurn(async () => {
        const [changed, result] = next(book);
        await become(changed, now());
        return result;
      }),
    note: (next) => inTurn(async () => noteNow(next(book))),
    tick: (atMs) =>
      inTurn(async () => {
        const due = book.pending.filter(({ undoAtMs }) => undoAtMs <= atMs);
        const undoneRules = book.rules.filter(({ id }) => due.some((one) => one.id === id));
        // A rule that locks somebody out waits for no disk: what the file still says, the next start takes back.
        noteNow(withoutOld(undone(book, due), atMs));
        await enforcer.keep(wanted(book, atMs), atMs);
        return undoneRules;
      }),
    settle: async () => {
      await last;
    },
  };
}

/** As it was before these changes. */
export function undone(saved: SavedLimits, changes: readonly PendingChange[]): SavedLimits {
  if (changes.length === 0) return saved;
  const before = new Map(changes.map((change) => [change.id, change.before]));
  return {
    ...saved,
    rules: saved.rules.flatMap((rule) => {
      const old = before.get(rule.id);
      return old === undefined ? [rule] : old === null ? [] : [old];
    }),
    pending: saved.pending.filter(({ id }) => !before.has(id)),
  };
}

function withoutOld(saved: SavedLimits, atMs: number): SavedLimits {
  const isOld = ({ expiresAtMs }: LimitRule) =>
    expiresAtMs !== null && expiresAtMs + EXPIRED_SHOWN_MS <= atMs;
  if (!saved.rules.some(isOld)) return saved;
  return { ...saved, rules: saved.rules.filter((rule) => !isOld(rule)) };
}
