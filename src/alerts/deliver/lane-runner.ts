/** Sends what waits for one channel: the oldest first, one at a time, again and again until it is accepted. */

import type { Queue } from "./queue.ts";
import type { QueueItem } from "./queue-state.ts";
import { MAX_ATTEMPTS, retryDelayMs } from "./retry.ts";
import type { Clock, Sender, SendOutcome, Trouble } from "./sender.ts";

/** Connections are kept this long for the next message. */
const REST_AFTER_MS = 5_000;

export interface LaneRunner {
  /** Something was queued. */
  wake(): void;
  /** The channel was changed: what waits is tried at once, with the new sender. */
  replace(sender: Sender): void;
  /** What the last attempt came to. */
  last(): LaneOutcome | undefined;
  /** The last attempt that did not reach everybody, since this process began. */
  lastFailure(): LaneOutcome | undefined;
  /** When the next attempt is due, wall clock; undefined: now, or nothing waits. */
  nextAttemptAtMs(): number | undefined;
  /** An attempt under way gets `graceMs` to end by itself. */
  close(graceMs: number): Promise<void>;
}

export interface LaneOutcome {
  readonly kind: SendOutcome["kind"];
  readonly said: string;
  /** "" where nothing has to be done. */
  readonly remedy: string;
  readonly atMs: number;
}

export interface LaneOptions {
  readonly channel: string;
  readonly queue: Queue;
  readonly sender: Sender;
  readonly clock: Clock;
  /** Hears of every end of an attempt. */
  readonly report: (item: QueueItem, outcome: LaneOutcome) => void;
}

export function startLane({ channel, queue, clock, report, ...options }: LaneOptions): LaneRunner {
  let { sender } = options;
  let isClosed = false;
  let running: Promise<void> | undefined;
  let abort = new AbortController();
  let cancelTimer: (() => void) | undefined;
  let nextAtMs: number | undefined;
  let last: LaneOutcome | undefined;
  let lastFailure: LaneOutcome | undefined;

  function wake(): void {
    if (isClosed || running !== undefined || nextAtMs !== undefined) return;
    cancelTimer?.();
    running = run().finally(() => {
      running = undefined;
      // What came while the last round ended.
      if (nextAtMs === undefined && queue.lane(channel).items.length > 0) wake();
    });
  }

  async function run(): Promise<void> {
    while (!isClosed) {
      const item = queue.hold(channel);
      if (item === undefined) {
        cancelTimer = clock.after(REST_AFTER_MS, () => sender.rest());
        return;
      }
      const outcome = await attempt(item);
      queue.release(channel);
      // What was accepted is noted, also when the end of the daemon cut in.
      if (outcome !== undefined && !settle(item, outcome)) return;
    }
  }

  /** undefined: it was interrupted, and nothing is to be noted. */
  async function attempt(item: QueueItem): Promise<SendOutcome | undefined> {
    const { signal } = abort;
    const { recipients } = item;
    const outcome = await sender.send(item.message, {
      signal,
      // A full disk must not keep an alert from being sent; that it is full is said elsewhere.
      begin: () => queue.begin(channel, item.first).catch(() => {}),
      ...(recipients === undefined ? {} : { recipients }),
    });
    return signal.aborted && outcome.kind !== "delivered" ? undefined : outcome;
  }

  /** false: not before the timer. */
  function settle(item: QueueItem, outcome: SendOutcome): boolean {
    const { first } = item;
    const attempts = item.attempts + 1;
    const isGivenUp = outcome.kind === "later" && attempts >= MAX_ATTEMPTS;
    const kind = isGivenUp ? "failed" : outcome.kind;
    last = outcomeOf(kind, isGivenUp ? givenUp(outcome.trouble) : outcome, clock.now());
    if (kind !== "delivered" || outcome.trouble !== undefined) lastFailure = last;
    if (kind === "later" && outcome.kind === "later") {
      const { unknown, recipients, retryAfterMs } = outcome;
      queue.end({
        kind: "later",
        channel,
        first,
        unknown,
        ...(recipients === undefined ? {} : { recipients }),
      });
      sender.rest();
      waitFor(retryDelayMs(attempts, retryAfterMs));
    } else {
      queue.end({ kind: kind === "delivered" ? "delivered" : "failed", channel, first });
    }
    report(item, last);
    return kind !== "later";
  }

  function waitFor(delayMs: number): void {
    nextAtMs = clock.now() + delayMs;
    cancelTimer = clock.after(delayMs, () => {
      nextAtMs = undefined;
      wake();
    });
  }

  function interrupt(): void {
    cancelTimer?.();
    nextAtMs = undefined;
    abort.abort();
  }

  return {
    wake,
    replace(fresh) {
      interrupt();
      sender.rest();
      sender = fresh;
      abort = new AbortController();
      wake();
    },
    last: () => last,
    lastFailure: () => lastFailure,
    nextAttemptAtMs: () => nextAtMs,
    async close(graceMs) {
      isClosed = true;
      if (running !== undefined && graceMs > 0) {
        const { promise, resolve } = Promise.withResolvers<void>();
        const timer = setTimeout(resolve, graceMs);
        await Promise.race([running, promise]);
        clearTimeout(timer);
      }
      interrupt();
      await running;
      cancelTimer?.();
      sender.rest();
    },
  };
}

function givenUp({ said }: Trouble): { trouble: Trouble } {
  return {
    trouble: {
      said: `given up after ${MAX_ATTEMPTS} tries; the last one: ${said}`,
      remedy: "the alert is in the log; test the channel",
    },
  };
}

function outcomeOf(
  kind: LaneOutcome["kind"],
  outcome: { said?: string; trouble?: Trouble },
  atMs: number,
): LaneOutcome {
  const { said = outcome.trouble?.said ?? "", trouble } = outcome;
  const isPartial = kind === "delivered" && trouble !== undefined;
  return {
    kind,
    said: isPartial ? `${said}; but ${trouble.said}` : said,
    remedy: trouble?.remedy ?? "",
    atMs,
  };
}
