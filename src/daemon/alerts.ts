/** Alerts in the daemon: each tick is judged, what fires is made durable together with the state that it follows from,
 * and only then handed to delivery. Sampling and the history are never waited for, and nothing here reaches them. */

import { randomBytes } from "node:crypto";
import type { DeliveryState } from "../alerts/deliver/delivery.ts";
import { type AlertDelivery, NO_DELIVERY } from "../alerts/delivery.ts";
import { createDispatch, MAX_POSTS, UNSENT_KEYS } from "../alerts/dispatch.ts";
import { createEvaluation, type Outcome, staleCells } from "../alerts/evaluation.ts";
import { openEventLog } from "../alerts/event-log.ts";
import { type BesideFacts, blindFacts, factsOf } from "../alerts/facts.ts";
import { openJournal } from "../alerts/journal.ts";
import type { MeterBase, MeterGroup } from "../alerts/meters.ts";
import { createPast } from "../alerts/past.ts";
import { openRuleBook } from "../alerts/rule-book.ts";
import { MAX_HELD } from "../alerts/waiting.ts";
import { type AlertEvent, MAX_ALERT_EVENTS, MAX_ALERT_RULES } from "../model/alert.ts";
import type { AlertQuestions } from "../model/alert-questions.ts";
import type { AlertStatus } from "../model/alert-status.ts";
import type { HistoryTick } from "../model/history.ts";
import type { Sample } from "../model/sample.ts";
import type { Bound } from "../model/snapshot.ts";
import { type AskHistory, createAlertHistory } from "./alert-history.ts";
import { createPreview } from "./alert-preview.ts";
import { alertQuestions } from "./alert-questions.ts";
import { alertStatus } from "./alert-status.ts";
import { createBlockLists } from "./block-lists.ts";
import { createExecutables } from "./executables.ts";
import type { Log } from "./log.ts";

/** Without a sample for this long it is said that nothing is counted. */
const BLIND_AFTER_MS = 10_000;
const BEAT_MS = 5_000;
/** What is counted of volumes without a history, and old state, are put in order this often. */
const TIDY_MS = 60_000;
/** What the disk or delivery refused is tried again this often. */
const AGAIN_MS = 5_000;
const MAX_SAVED_METERS = 500;
const INSTANCE = "instance";
const METERS = "meters:";
const SEEDED = "seeded";

export interface Alerts {
  readonly questions: AlertQuestions;
  /** After the history has been given the same tick. Never waits and never throws. */
  take(sample: Sample, tick: HistoryTick): void;
  /** What does not work, as sentences. */
  troubles(): readonly string[];
  readonly rules: number;
  /** `delivery`: how it fares; undefined: nothing is delivered. */
  status(delivery: DeliveryState | undefined): AlertStatus;
  bounds(): readonly Bound[];
  /** Writes what waits. */
  close(): Promise<void>;
}

export interface AlertsOptions {
  /** The file of rules, events and what must not be forgotten. */
  readonly path: string;
  readonly delivery?: AlertDelivery;
  readonly history?: AskHistory | undefined;
  /** Limits in trouble, and parts of Monitauri that do not work, now. */
  readonly limits?: () => BesideFacts["limits"];
  readonly problems?: () => BesideFacts["problems"];
  readonly log: Pick<Log, "warn" | "info" | "warnOnce">;
  readonly now?: () => number;
}

export function createAlerts(options: AlertsOptions): Alerts {
  const { path, delivery = NO_DELIVERY, history, log, now = Date.now } = options;
  const warn = (message: string) => log.warnOnce(message, `alerts: ${message}`);
  const journal = openJournal({ path, warn, expendable: UNSENT_KEYS });
  const rules = openRuleBook(journal, warn);
  const events = openEventLog(journal);
  const past = createPast();
  const lists = createBlockLists(log);
  const executables = createExecutables();
  const instance = instanceOf(journal);
  const evaluation = createEvaluation({
    state: journal,
    instance,
    past,
    lists: lists.match,
  });
  const dispatch = createDispatch({
    state: journal,
    rule: rules.get,
    delivery,
    commit: (changes) => journal.commit(changes),
    warn,
  });
  const asking = createAlertHistory({ history, evaluation, past, saved: savedMeters });
  let lastTakeMs = performance.now();
  let lastTidyMs = lastTakeMs;
  let lastAgainMs = lastTakeMs;
  let isClosed = false;
  const beat = setInterval(listen, BEAT_MS);
  beat.unref();

  rulesChanged();
  void learnPrograms();
  void learnContacts();
  // What was under way when the daemon ended.
  void dispatch.flush();

  function rulesChanged(): void {
    const changes = new Map<string, unknown>();
    take(evaluation.setRules(rules.list(), now()), changes);
    endForgotten(changes);
    keep(changes);
  }

  /** An event of which nothing is remembered cannot go on. */
  function endForgotten(changes: Map<string, unknown>): void {
    const going = new Set<string | null>();
    for (const { ongoing } of evaluation.cells.all()) going.add(ongoing);
    for (const id of events.ongoing()) {
      if (!going.has(id)) end(id, now(), changes);
    }
  }

  function end(id: string, atMs: number, changes: Map<string, unknown>): AlertEvent | undefined {
    const event = events.get(id);
    if (event === undefined) return undefined;
    const over: AlertEvent = { ...event, state: "resolved", resolvedAtMs: atMs };
    events.put(over, changes);
    return over;
  }

  function take({ events: fired, ended }: Outcome, changes: Map<string, unknown>): void {
    const atMs = now();
    if (fired.length > 0) changes.set(INSTANCE, instance);
    for (const event of fired) events.put(event, changes);
    dispatch.add(fired, atMs, changes);
    const over = ended.flatMap(({ id, atMs: overAtMs }) => end(id, overAtMs, changes) ?? []);
    dispatch.addEnds(over, atMs, changes);
    for (const { severity, title } of fired) log.info(`alert (${severity}): ${title}`);
  }

  function keep(changes: Map<string, unknown>): void {
    if (changes.size === 0) return;
    // Only what is on the disk is handed over.
    journal.commit(changes).then(
      () => dispatch.flush(),
      (error: Error) => warn(error.message),
    );
  }

  function beside(): BesideFacts {
    return {
      executables: executables.take(),
      limits: options.limits?.() ?? [],
      problems: options.problems?.() ?? [],
    };
  }

  function judge(facts: ReturnType<typeof factsOf>): void {
    const changes = new Map<string, unknown>();
    take(evaluation.take(facts, changes), changes);
    dispatch.gather(now(), changes);
    tidy(changes);
    keep(changes);
  }

  /** Samples do not come: only what is wrong with Monitauri can be said. */
  function listen(): void {
    const nowMs = performance.now();
    if (nowMs - lastTakeMs < BLIND_AFTER_MS) return;
    try {
      const facts = blindFacts({ atMs: now(), intervalMs: BEAT_MS }, beside());
      const problem = {
        key: "counting",
        text: "Nothing is counted: samples do not come. monitauri doctor says why.",
      };
      judge({ ...facts, problems: [problem, ...facts.problems] });
    } catch (error) {
      warn(`Cannot judge that no samples come: ${(error as Error).stack}`);
    }
  }

  function tidy(changes: Map<string, unknown>): void {
    const nowMs = performance.now();
    const isRefused = dispatch.posts > 0 || journal.fault() !== undefined;
    if (isRefused && nowMs - lastAgainMs >= AGAIN_MS) {
      lastAgainMs = nowMs;
      journal.commit(new Map()).then(
        () => dispatch.flush(),
        () => {},
      );
    }
    if (nowMs - lastTidyMs < TIDY_MS) return;
    lastTidyMs = nowMs;
    for (const key of staleCells(journal, evaluation.cells)) changes.set(key, null);
    if (history === undefined) saveMeters(changes);
  }

  function saveMeters(changes: Map<string, unknown>): void {
    for (const { id, fromMs, period, meters } of evaluation.meters.groups()) {
      if (period === "hour") continue;
      const rows = [...meters.values()]
        .sort((a, b) => b.rxBytes + b.txBytes - a.rxBytes - a.txBytes)
        .slice(0, MAX_SAVED_METERS)
        .map(({ key, name, rxBytes, txBytes }) => ({ key, name, rxBytes, txBytes }));
      changes.set(METERS + id, { fromMs, rows });
    }
  }

  function savedMeters({ id, fromMs }: MeterGroup): readonly MeterBase[] | undefined {
    const text = journal.get(METERS + id);
    if (text === undefined) return undefined;
    const saved = JSON.parse(text) as { fromMs: number; rows: MeterBase[] };
    return saved.fromMs === fromMs ? saved.rows : undefined;
  }

  /** Once for each data folder: what the history knows is nothing new. */
  async function learnPrograms(): Promise<void> {
    if (history === undefined || journal.get(SEEDED) !== undefined) return;
    const found = await asking.programs(now());
    if (found === undefined || isClosed) return;
    const changes = new Map<string, unknown>([[SEEDED, now()]]);
    evaluation.know(found.keys, found.isComplete, changes);
    keep(changes);
  }

  /** At each start: what was met in the last minute before SIGKILL is in the history alone. */
  async function learnContacts(): Promise<void> {
    if (history === undefined) return;
    evaluation.contacts.awaitHistory();
    const found = await asking.contacts(now());
    if (isClosed) return;
    const changes = new Map<string, unknown>();
    evaluation.contacts.know(found, now(), changes);
    keep(changes);
  }

  return {
    questions: alertQuestions({
      journal,
      rules,
      events,
      delivery,
      now,
      onRules: rulesChanged,
      preview: createPreview({ history, now, readList: lists.read }),
    }),
    take(sample, tick) {
      if (isClosed) return;
      try {
        lastTakeMs = performance.now();
        const wanted = rules.list().flatMap(({ enabled, condition }) => {
          return enabled && condition.kind === "block-list" ? [condition.list] : [];
        });
        lists.want(wanted, lastTakeMs);
        executables.see(keysOf(sample), sample.atMs);
        judge(factsOf(sample, tick, beside()));
        asking.tick(rules.list(), sample.atMs, lastTakeMs);
      } catch (error) {
        warn(`Cannot judge a sample: ${(error as Error).stack}`);
      }
    },
    troubles() {
      const fault = journal.fault();
      return [...(fault === undefined ? [] : [fault]), ...lists.troubles()];
    },
    status: (delivered) => {
      const fault = journal.fault();
      return alertStatus({
        rules: rules.list(),
        unusable: rules.unusable(),
        events,
        listTrouble: lists.trouble,
        faults: fault === undefined ? [] : [fault],
        hasHistory: history !== undefined,
        learning: evaluation.learning(now()),
        delivery: delivered,
        posts: dispatch.posts,
        nowMs: now(),
      });
    },
    get rules() {
      return rules.list().length;
    },
    bounds: () => [
      {
        name: "alert rules",
        used: rules.list().length,
        limit: MAX_ALERT_RULES,
        whenFull: "further ones are refused",
      },
      {
        name: "alerts in the log",
        used: events.size,
        limit: MAX_ALERT_EVENTS,
        whenFull: "the oldest go, those that were read first",
      },
      {
        name: "alerts held back",
        used: dispatch.held,
        limit: MAX_HELD,
        whenFull: "further ones are counted in their digest",
      },
      {
        name: "alerts not handed over",
        used: dispatch.posts,
        limit: MAX_POSTS,
        whenFull: "further ones are held back for a digest",
      },
    ],
    async close() {
      isClosed = true;
      clearInterval(beat);
      const changes = new Map<string, unknown>();
      if (history === undefined) saveMeters(changes);
      await journal.commit(changes).catch(() => {});
      await dispatch.flush();
      await journal.close();
    },
  };
}

function* keysOf({ applications }: Sample): Generator<string> {
  for (const { key } of applications) yield key;
}

/** Makes ids unique beyond this data folder; kept with the first event. */
function instanceOf(journal: ReturnType<typeof openJournal>): string {
  const known = journal.get(INSTANCE);
  return known === undefined ? randomBytes(6).toString("hex") : (JSON.parse(known) as string);
}
