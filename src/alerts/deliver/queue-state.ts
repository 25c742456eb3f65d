/** What waits for each channel, as a pure function of the records in the journal: a restart folds the same records and
 * finds the same queue. */

import type { AlertMessage } from "../../model/alert.ts";
import { mergeMessages } from "./merge.ts";

/** Messages of which it is remembered that they were taken, so that the same one given again is not sent twice. */
const MAX_REMEMBERED = 4_000;

/** A message of one channel. */
export interface QueueItem {
  /** Messages of a channel are numbered from 1; a digest has the numbers of all that went into it. */
  readonly first: number;
  readonly last: number;
  readonly message: AlertMessage;
  /** Tries that ended without being accepted. */
  readonly attempts: number;
  /** Handing it over has begun and nothing is known of the end: it may have arrived. */
  readonly begun: boolean;
  /** Of a mail that some recipients have: who is left. */
  readonly recipients?: readonly string[];
}

/** Since the queue was made; they add up: taken = delivered + merged + failed + waiting. */
export interface LaneCounts {
  readonly taken: number;
  readonly delivered: number;
  /** Went into a digest, which counts for one. */
  readonly merged: number;
  /** Will not be tried again. */
  readonly failed: number;
  /** Begun again without knowing whether the try before had arrived: each may be there twice, with one Message-ID. */
  readonly repeated: number;
}

export interface Lane {
  readonly next: number;
  readonly items: readonly QueueItem[];
  readonly counts: LaneCounts;
}

/** What is in the journal. `first` names the item. */
export type QueueRecord =
  | { readonly kind: "add"; readonly message: AlertMessage; readonly channels: readonly string[] }
  | {
      readonly kind: "merge";
      readonly channel: string;
      readonly first: number;
      readonly last: number;
    }
  | { readonly kind: "begin"; readonly channel: string; readonly first: number }
  | {
      readonly kind: "later";
      readonly channel: string;
      readonly first: number;
      /** Whether the message may have arrived all the same. */
      readonly unknown: boolean;
      readonly recipients?: readonly string[];
    }
  | { readonly kind: "delivered" | "failed"; readonly channel: string; readonly first: number }
  | { readonly kind: "remove"; readonly channel: string }
  | { readonly kind: "lane"; readonly channel: string; readonly lane: Lane }
  | { readonly kind: "taken"; readonly ids: readonly string[] };

export interface QueueState {
  lane(channel: string): Lane;
  channels(): readonly string[];
  /** A message with this id was taken before; the latest MAX_REMEMBERED are known. */
  wasTaken(id: string): boolean;
  apply(record: QueueRecord): void;
  /** As few records as make this state. */
  snapshot(): QueueRecord[];
}

export const EMPTY_LANE: Lane = {
  next: 1,
  items: [],
  counts: { taken: 0, delivered: 0, merged: 0, failed: 0, repeated: 0 },
};

export function createQueueState(): QueueState {
  const lanes = new Map<string, Lane>();
  const taken = new Set<string>();
  const laneOf = (channel: string) => lanes.get(channel) ?? EMPTY_LANE;

  function remember(id: string): void {
    taken.add(id);
    for (const oldest of taken) {
      if (taken.size <= MAX_REMEMBERED) return;
      taken.delete(oldest);
    }
  }

  return {
    lane: laneOf,
    channels: () => [...lanes.keys()],
    wasTaken: (id) => taken.has(id),
    apply(record) {
      switch (record.kind) {
        case "add":
          remember(record.message.id);
          for (const name of record.channels) lanes.set(name, added(laneOf(name), record.message));
          return;
        case "remove":
          lanes.delete(record.channel);
          return;
        case "lane":
          lanes.set(record.channel, record.lane);
          return;
        case "taken":
          for (const id of record.ids) remember(id);
          return;
        default: {
          const lane = lanes.get(record.channel);
          if (lane !== undefined) lanes.set(record.channel, changed(lane, record));
        }
      }
    },
    snapshot: () => [
      { kind: "taken", ids: [...taken] },
      ...[...lanes].map(([channel, lane]): QueueRecord => ({ kind: "lane", channel, lane })),
    ],
  };
}

function added(lane: Lane, message: AlertMessage): Lane {
  const { next, items, counts } = lane;
  const item: QueueItem = { first: next, last: next, message, attempts: 0, begun: false };
  return {
    next: next + 1,
    items: [...items, item],
    counts: { ...counts, taken: counts.taken + 1 },
  };
}

type Change = Exclude<QueueRecord, { kind: "add" | "remove" | "lane" | "taken" }>;

function changed(lane: Lane, change: Change): Lane {
  if (change.kind === "merge") return merged(lane, change);
  const at = lane.items.findIndex(({ first }) => first === change.first);
  const item = lane.items[at];
  // Twice the same end, as after a damaged line: the first one counted.
  if (item === undefined) return lane;
  const { counts } = lane;
  if (change.kind === "begin") {
    const repeated = counts.repeated + (item.begun ? 1 : 0);
    return { ...replaced(lane, at, { ...item, begun: true }), counts: { ...counts, repeated } };
  }
  if (change.kind === "later") {
    const { recipients = item.recipients } = change;
    return replaced(lane, at, {
      ...item,
      attempts: item.attempts + 1,
      begun: change.unknown,
      ...(recipients === undefined ? {} : { recipients }),
    });
  }
  return {
    ...lane,
    items: lane.items.toSpliced(at, 1),
    counts: { ...counts, [change.kind]: counts[change.kind] + 1 },
  };
}

function replaced(lane: Lane, at: number, item: QueueItem): Lane {
  return { ...lane, items: lane.items.with(at, item) };
}

/** The items from `first` to `last` become one in their place. */
function merged(lane: Lane, { first, last }: { first: number; last: number }): Lane {
  const isIn = (item: QueueItem) => item.first >= first && item.last <= last;
  const inside = lane.items.filter(isIn);
  const [oldest] = inside;
  const latest = inside.at(-1);
  if (oldest === undefined || latest === undefined || inside.length < 2) return lane;
  const item: QueueItem = {
    first: oldest.first,
    last: latest.last,
    message: mergeMessages(inside.map(({ message }) => message)),
    attempts: Math.max(...inside.map(({ attempts }) => attempts)),
    begun: false,
  };
  const at = lane.items.indexOf(oldest);
  const others = lane.items.filter((each) => !isIn(each));
  return {
    ...lane,
    items: others.toSpliced(at, 0, item),
    // They are gone as messages of their own; the digest waits in the place of one.
    counts: { ...lane.counts, merged: lane.counts.merged + inside.length - 1 },
  };
}
