/** The live stream's source: numbers the samples, remembers some time of them, and gives them to whoever reads.
 *
 * Readers take, nothing is pushed: a reader has a position and no queue, so that one that is slow, stuck or asleep costs
 * nothing. One that comes back gets what the ring remembers, then the latest sample each time it asks; what it was
 * too slow for it misses. */

import { MonitauriError } from "../model/error.ts";
import type { LiveQuery, LiveSample } from "../model/live.ts";
import type { Sample } from "../model/sample.ts";
import type { Bound } from "../model/snapshot.ts";
import { createLiveRing, type LiveText } from "./live-ring.ts";
import { liveSample, shortened } from "./live-sample.ts";
import type { Sums } from "./totals.ts";

/** How far back a reader can go. */
export const REMEMBERED_MS = 15 * 60_000;
/** At shorter intervals it is less time: 100 ms make six minutes. */
export const MAX_REMEMBERED = 3_600;
export const MAX_REMEMBERED_BYTES = 8 * 2 ** 20;
/** Applications of a sample that is remembered; the others are folded into one. */
export const REMEMBERED_APPLICATIONS = 60;
/** Readers beyond it are refused. */
export const MAX_READERS = 64;
/** A reader that comes this close to the present while it reads the past goes on without a hole. */
const SLACK = 30;

export interface LiveFeed {
  publish(sample: Sample, totals: Sums): void;
  /** @throws MonitauriError "busy" where too many read. */
  read(query?: LiveQuery): AsyncIterable<LiveSample>;
  /** The same as JSON, which was made once for all readers. */
  readTexts(query?: LiveQuery): AsyncIterable<LiveText>;
  setIntervalMs(intervalMs: number): void;
  /** Ends all readers, and those to come. */
  close(): void;
  statistics(): LiveStatistics;
  /** How full it is; for `doctor`. */
  bounds(): Bound[];
  /** Of the latest sample; before the first one, the number before it. */
  newestId(): number;
}

export interface LiveStatistics {
  readonly readers: number;
  readonly remembered: number;
  readonly rememberedBytes: number;
  /** Samples given to readers, of all together. */
  readonly given: number;
  /** Samples that readers were too slow for, of all readers together. */
  readonly missed: number;
}

export interface FeedOptions {
  readonly intervalMs: number;
  /** Ids begin above the ones of a daemon that ran before: 1,000 for each millisecond that has passed, more than
   * any interval makes, and exact in a double for two centuries. */
  readonly firstId?: number;
}

export function createLiveFeed(options: FeedOptions): LiveFeed {
  const ring = createLiveRing({
    count: countFor(options.intervalMs),
    bytes: MAX_REMEMBERED_BYTES,
  });
  const waiting = new Set<() => void>();
  let nextId = options.firstId ?? Date.now() * 1_000;
  let latest: (LiveText & { readonly sample: LiveSample }) | undefined;
  let readers = 0;
  let given = 0;
  let missed = 0;
  let isClosed = false;

  function wake(): void {
    const woken = [...waiting];
    waiting.clear();
    for (const go of woken) go();
  }

  function publish(sample: Sample, totals: Sums): void {
    const id = nextId;
    nextId += 1;
    const live = liveSample(sample, { id, totals });
    const short = shortened(live, REMEMBERED_APPLICATIONS);
    const shortText = JSON.stringify(short);
    ring.add({ id, text: shortText });
    let text = short === live ? shortText : undefined;
    latest = {
      id,
      sample: live,
      // Made when the first reader wants it: often nobody looks.
      get text() {
        text ??= JSON.stringify(live);
        return text;
      },
    };
    wake();
  }

  /** Where a reader stands. */
  function openReader({ after }: LiveQuery) {
    if (readers >= MAX_READERS) {
      throw new MonitauriError(
        "busy",
        `Cannot read the live stream: ${MAX_READERS} readers have it already. Close a page, then try again`,
      );
    }
    readers += 1;
    const newest = nextId - 1;
    // An id from a time that the clock was ahead of is as good as none.
    let position = after === undefined ? newest - 1 : after > newest ? 0 : after;
    let isBehind = position < newest - 1;
    let hasRead = false;
    let isOpen = true;
    let wakeUp: (() => void) | undefined;

    function take(): Taken | undefined {
      if (latest === undefined || latest.id <= position) return undefined;
      const past = isBehind ? ring.after(position) : undefined;
      if (past !== undefined && past.id < latest.id && past.id <= newest + SLACK) {
        position = past.id;
        return past;
      }
      isBehind = false;
      if (hasRead) missed += latest.id - position - 1;
      position = latest.id;
      return latest;
    }

    return {
      /** undefined: there are no more. */
      async next(): Promise<Taken | undefined> {
        while (isOpen && !isClosed) {
          const taken = take();
          if (taken !== undefined) {
            hasRead = true;
            given += 1;
            return taken;
          }
          const { promise, resolve } = Promise.withResolvers<void>();
          wakeUp = resolve;
          waiting.add(resolve);
          await promise;
        }
        return undefined;
      },
      close() {
        if (!isOpen) return;
        isOpen = false;
        readers -= 1;
        if (wakeUp === undefined) return;
        waiting.delete(wakeUp);
        wakeUp();
      },
    };
  }

  function iterable<T>(query: LiveQuery, as: (taken: Taken) => T): AsyncIterable<T> {
    return {
      [Symbol.asyncIterator]() {
        const reader = openReader(query);
        return {
          async next() {
            const taken = await reader.next();
            if (taken !== undefined) return { done: false, value: as(taken) };
            reader.close();
            return { done: true, value: undefined };
          },
          async return() {
            reader.close();
            return { done: true, value: undefined };
          },
        };
      },
    };
  }

  return {
    publish,
    read: (query = {}) => iterable(query, sampleOf),
    readTexts: (query = {}) => iterable(query, (taken) => taken),
    setIntervalMs: (intervalMs) => ring.setLimit(countFor(intervalMs)),
    close() {
      isClosed = true;
      wake();
    },
    bounds: () => [
      {
        name: "readers of the live stream",
        used: readers,
        limit: MAX_READERS,
        whenFull: "further ones are refused",
      },
      {
        name: "bytes of remembered samples",
        used: ring.bytes,
        limit: MAX_REMEMBERED_BYTES,
        whenFull: "the oldest are forgotten",
      },
    ],
    newestId: () => nextId - 1,
    statistics: () => ({
      readers,
      remembered: ring.length,
      rememberedBytes: ring.bytes,
      given,
      missed,
    }),
  };
}

type Taken = LiveText & { readonly sample?: LiveSample };

function sampleOf({ sample, text }: Taken): LiveSample {
  return sample ?? (JSON.parse(text) as LiveSample);
}

function countFor(intervalMs: number): number {
  return Math.min(Math.ceil(REMEMBERED_MS / intervalMs), MAX_REMEMBERED);
}
