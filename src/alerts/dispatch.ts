/** From events to messages: what is sent now, what waits for the end of quiet hours or of a digest, and what was handed
 * over. A message is in the journal together with its event, and leaves it when delivery has it on its own disk; the
 * same id again changes nothing there, so that a process killed at any moment repeats nothing and forgets nothing. */

import {
  type AlertEvent,
  type AlertMessage,
  type AlertRule,
  MAX_DIGEST_EVENTS,
  NO_MEASURE,
} from "../model/alert.ts";
import type { AlertDelivery } from "./delivery.ts";
import { clockWords, quietUntil } from "./periods.ts";
import type { EvaluationState } from "./turn.ts";
import { createWaiting, HELD, type Held, SEVERAL_RULES, worse } from "./waiting.ts";

/** Messages of one rule and set of channels within FLOOD_MS; what is beyond is gathered for as long, into one. */
export const MAX_SEPARATE = 20;
const FLOOD_MS = 60_000;
/** Messages that delivery has not taken yet, as on a full disk; what comes after them waits to be gathered. */
export const MAX_POSTS = 500;
const POST = "post:";
/** How the keys of what is not sent begin; of each event the log has the rest. */
export const UNSENT_KEYS: readonly string[] = [HELD, POST];

interface Post {
  readonly message: AlertMessage;
  readonly channels: readonly string[];
}

export interface Dispatch {
  /** Adds to `changes` what is to be sent of these events. */
  add(events: readonly AlertEvent[], atMs: number, changes: Map<string, unknown>): void;
  /** The same of events that are over. */
  addEnds(events: readonly AlertEvent[], atMs: number, changes: Map<string, unknown>): void;
  /** Makes messages of what is due. */
  gather(atMs: number, changes: Map<string, unknown>): void;
  /** Hands over what is in the journal; resolves when nothing is left to be handed over. */
  flush(): Promise<void>;
  /** Messages that are not handed over yet. */
  readonly posts: number;
  /** Events that wait to be gathered; MAX_HELD at most, and one more for each group. */
  readonly held: number;
}

export interface DispatchOptions {
  readonly state: EvaluationState;
  readonly rule: (id: string) => AlertRule | undefined;
  readonly delivery: Pick<AlertDelivery, "enqueue">;
  /** Makes changes durable. */
  readonly commit: (changes: Map<string, unknown>) => Promise<void>;
  readonly warn: (message: string) => void;
}

export function createDispatch(options: DispatchOptions): Dispatch {
  const { state, delivery, commit } = options;
  const waiting = createWaiting(state);
  const posts = new Map<string, Post>();
  for (const [key, text] of state.entries(POST)) posts.set(key, JSON.parse(text) as Post);
  /** When messages were sent by themselves, by group. */
  const recent = new Map<string, number[]>();
  let flushing: Promise<void> | undefined;

  function post(message: AlertMessage, channels: readonly string[], changes: Map<string, unknown>) {
    const key = POST + message.id;
    const made: Post = { message, channels };
    posts.set(key, made);
    changes.set(key, made);
  }

  /** undefined: it is sent at once. */
  function waitOf(rule: AlertRule, atMs: number): Pick<Held, "group" | "dueMs"> | undefined {
    const to = rule.channels.join();
    const quietMs = quietUntil(atMs, rule.quietHours);
    if (quietMs !== undefined) return { group: `quiet ${to}`, dueMs: quietMs };
    if (rule.digestMs > 0) {
      const group = `digest ${rule.id} ${to}`;
      return { group, dueMs: waiting.dueMs(group) ?? atMs + rule.digestMs };
    }
    if (posts.size >= MAX_POSTS) return { group: `late ${to}`, dueMs: atMs + FLOOD_MS };
    const times = (recent.get(to) ?? []).filter((each) => Math.abs(atMs - each) < FLOOD_MS);
    recent.set(to, times);
    if (times.length < MAX_SEPARATE) {
      times.push(atMs);
      return undefined;
    }
    return { group: `flood ${to}`, dueMs: (times[0] ?? atMs) + FLOOD_MS };
  }

  async function handOver(): Promise<void> {
    for (const [key, { message, channels }] of [...posts]) {
      await delivery.enqueue(message, channels);
      posts.delete(key);
      await commit(new Map([[key, null]]));
    }
  }

  function holdEvent(
    { id, ruleId, ruleName, kind, severity, title, atMs }: AlertEvent,
    { channels, wait }: { channels: readonly string[]; wait: Pick<Held, "group" | "dueMs"> },
    changes: Map<string, unknown>,
  ): void {
    waiting.add(
      { id, ruleId, ruleName, kind, severity, title, atMs, channels, ...wait, count: 1 },
      changes,
    );
  }

  return {
    add(events, atMs, changes) {
      for (const event of events) {
        const rule = options.rule(event.ruleId);
        if (rule === undefined || rule.channels.length === 0) continue;
        const wait = waitOf(rule, atMs);
        if (wait === undefined) {
          post({ ...event, inReplyTo: null, digest: [], count: 1 }, rule.channels, changes);
          continue;
        }
        holdEvent(event, { channels: rule.channels, wait }, changes);
      }
    },
    addEnds(events, atMs, changes) {
      for (const event of events) {
        const rule = options.rule(event.ruleId);
        if (rule?.tellEnd !== true || rule.channels.length === 0) continue;
        const message = endOf(event, atMs);
        const wait = waitOf(rule, atMs);
        if (wait === undefined) post(message, rule.channels, changes);
        else holdEvent(message, { channels: rule.channels, wait }, changes);
      }
    },
    gather(atMs, changes) {
      if (posts.size >= MAX_POSTS) return;
      for (const due of waiting.take(atMs, changes)) {
        const [first] = due;
        if (first !== undefined) post(digestOf(due, atMs), first.channels, changes);
      }
    },
    flush() {
      // One after the other: the order of events is that of messages.
      const after = (flushing ?? Promise.resolve()).then(handOver);
      flushing = after.catch((error: Error) => options.warn(error.message));
      return flushing;
    },
    get posts() {
      return posts.size;
    },
    get held() {
      return waiting.size;
    },
  };
}

function endOf(event: AlertEvent, atMs: number): AlertMessage {
  return {
    ...event,
    id: `${event.id}-end`,
    atMs,
    state: "resolved",
    resolvedAtMs: atMs,
    title: `Over: ${event.title}`,
    text: `This is over: ${event.text}`,
    inReplyTo: event.id,
    digest: [],
    count: 1,
  };
}

const NOTHING = { atMs: [], rxBytesPerSecond: [], txBytesPerSecond: [] };

/** Its id follows from the events that it tells of. */
function digestOf(all: readonly Held[], atMs: number): AlertMessage {
  const sorted = [...all].sort((a, b) => a.atMs - b.atMs);
  const [first] = sorted;
  const last = sorted.at(-1);
  if (first === undefined || last === undefined) throw new TypeError("A digest needs an event");
  const severity = sorted.reduce((worst, { severity }) => worse(worst, severity), first.severity);
  const rules = new Set(sorted.map(({ ruleName }) => ruleName));
  const several = rules.has(SEVERAL_RULES) ? SEVERAL_RULES : `${rules.size} rules`;
  const count = sorted.reduce((sum, one) => sum + one.count, 0);
  const shown = sorted.slice(0, MAX_DIGEST_EVENTS);
  const more = count - shown.length;
  const lines = shown.map((one) => `${clockWords(one.atMs)}  ${one.title}`);
  const isOne = count === 1;
  return {
    id: `${first.id}-d${count}`,
    ruleId: rules.size === 1 ? first.ruleId : "",
    ruleName: rules.size === 1 ? first.ruleName : several,
    kind: first.kind,
    severity,
    atMs,
    subject: { kind: "machine", key: "", name: "this computer" },
    title: isOne ? first.title : `${count} alerts: ${first.title} ...`,
    text: [...lines, ...(more > 0 ? [`... and ${more} more, in the log`] : [])].join("\n"),
    measure: NO_MEASURE,
    series: NOTHING,
    causes: [],
    state: "fired",
    resolvedAtMs: null,
    acknowledgedAtMs: null,
    inReplyTo: null,
    digest: shown.map(({ id, atMs: firedAtMs, severity: own, title }) => {
      return { id, atMs: firedAtMs, severity: own, title };
    }),
    count,
  };
}
