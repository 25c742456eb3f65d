/** What fired, kept in the journal: the latest events with their texts and charts, which are read again when asked for. */

import {
  type AlertEvent,
  type AlertLog,
  type AlertLogQuery,
  MAX_ALERT_EVENTS,
  MAX_LOG_PAGE,
} from "../model/alert.ts";
import { MonitauriError } from "../model/error.ts";
import type { Journal } from "./journal.ts";

const PREFIX = "event:";
const USUAL_PAGE = 100;

/** What is asked of events often; the rest stays text. */
interface Entry {
  readonly id: string;
  readonly ruleId: string;
  isUnread: boolean;
  isOngoing: boolean;
}

/** Changes to events, for the journal; the caller commits them together with what else changed. */
export interface EventLog {
  get(id: string): AlertEvent | undefined;
  /** Adds to `changes`. Beyond MAX_ALERT_EVENTS the oldest go, those that were read before those that were not. */
  put(event: AlertEvent, changes: Map<string, unknown>): void;
  acknowledge(
    which: { readonly ids: readonly string[] } | { readonly all: true },
    atMs: number,
    changes: Map<string, unknown>,
  ): number;
  page(query: AlertLogQuery): AlertLog;
  /** Ids of what is going on. */
  ongoing(): readonly string[];
  readonly size: number;
}

export function openEventLog(journal: Journal): EventLog {
  /** The oldest first. */
  const entries = new Map<string, Entry>();
  const written = journal.entries(PREFIX).map(([, text]) => JSON.parse(text) as AlertEvent);
  for (const event of written.sort((a, b) => numberOf(a.id) - numberOf(b.id))) {
    entries.set(event.id, entryOf(event));
  }
  let unread = count(({ isUnread }) => isUnread);

  function count(fits: (entry: Entry) => boolean): number {
    let found = 0;
    for (const entry of entries.values()) if (fits(entry)) found += 1;
    return found;
  }

  function get(id: string): AlertEvent | undefined {
    const text = entries.has(id) ? journal.get(`${PREFIX}${id}`) : undefined;
    return text === undefined ? undefined : (JSON.parse(text) as AlertEvent);
  }

  function put(event: AlertEvent, changes: Map<string, unknown>): void {
    const before = entries.get(event.id);
    const entry = entryOf(event);
    unread += Number(entry.isUnread) - Number(before?.isUnread ?? false);
    entries.set(event.id, entry);
    changes.set(`${PREFIX}${event.id}`, event);
    while (entries.size > MAX_ALERT_EVENTS) forget(oldest(entries), changes);
  }

  function forget(entry: Entry, changes: Map<string, unknown>): void {
    entries.delete(entry.id);
    unread -= Number(entry.isUnread);
    changes.set(`${PREFIX}${entry.id}`, null);
  }

  return {
    get,
    put,
    acknowledge(which, atMs, changes) {
      const ids = "all" in which ? [...entries.keys()] : which.ids;
      let done = 0;
      for (const id of ids) {
        if (entries.get(id)?.isUnread !== true) continue;
        // Of this very batch, or of the journal.
        const event = (changes.get(`${PREFIX}${id}`) as AlertEvent | undefined) ?? get(id);
        if (event === undefined) continue;
        put({ ...event, acknowledgedAtMs: atMs }, changes);
        done += 1;
      }
      return done;
    },
    page({ limit = USUAL_PAGE, before, unread: onlyUnread = false, ruleId }) {
      if (before !== undefined && numberOf(before) === 0) {
        throw new MonitauriError("invalid", `"${before}" is no event's id`);
      }
      const last = before === undefined ? Number.POSITIVE_INFINITY : numberOf(before);
      const fitting = [...entries.values()]
        .filter((entry) => !onlyUnread || entry.isUnread)
        .filter((entry) => ruleId === undefined || entry.ruleId === ruleId);
      const events = fitting
        .filter(({ id }) => numberOf(id) < last)
        .slice(-Math.min(limit, MAX_LOG_PAGE))
        .reverse();
      return {
        events: limit === 0 ? [] : events.flatMap(({ id }) => get(id) ?? []),
        count: fitting.length,
        unread,
        ongoing: count(({ isOngoing }) => isOngoing),
      };
    },
    ongoing: () => [...entries.values()].filter(({ isOngoing }) => isOngoing).map(({ id }) => id),
    get size() {
      return entries.size;
    },
  };
}

function entryOf({ id, ruleId, acknowledgedAtMs, state }: AlertEvent): Entry {
  return { id, ruleId, isUnread: acknowledgedAtMs === null, isOngoing: state === "ongoing" };
}

/** Events of one data folder are numbered; 0: it is no id. */
export function numberOf(id: string): number {
  return Number(/^[\da-z]+-(\d{1,15})$/.exec(id)?.[1] ?? 0);
}

function oldest(entries: ReadonlyMap<string, Entry>): Entry {
  let first: Entry | undefined;
  for (const entry of entries.values()) {
    if (!entry.isUnread && !entry.isOngoing) return entry;
    first ??= entry;
  }
  if (first === undefined) throw new Error("There is no event to forget");
  return first;
}
