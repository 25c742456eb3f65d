/** The queue of all channels: its state in memory, and every change in a journal before anybody relies on it. */

import type { AlertMessage } from "../../model/alert.ts";
import { type Journal, openJournal } from "./journal.ts";
import {
  createQueueState,
  type Lane,
  type QueueItem,
  type QueueRecord,
  type QueueState,
} from "./queue-state.ts";

/** Messages that wait for one channel. When there are more, the oldest half becomes one digest. */
export const MAX_WAITING = 500;

export interface Queue {
  /** Resolves when the message is on the disk. One that was taken before is not taken again.
   * @throws MonitauriError "failed" where the disk refuses; the message is in memory all the same, and sent. */
  take(message: AlertMessage, channels: readonly string[]): Promise<void>;
  /** The channel's oldest message; it stays a message of its own until it is released. */
  hold(channel: string): QueueItem | undefined;
  release(channel: string): void;
  /** Resolves when it is on the disk that handing over has begun. @throws as take(). */
  begin(channel: string, first: number): Promise<void>;
  end(record: Extract<QueueRecord, { kind: "later" | "delivered" | "failed" }>): void;
  /** Forgets a channel with all that waits for it. */
  remove(channel: string): Promise<void>;
  lane(channel: string): Lane;
  /** Channels of which something is known. */
  channels(): readonly string[];
  fault(): string | undefined;
  bytes(): number;
  /** Lines of the journal that could not be read: at most the last one, unless the file was damaged. */
  readonly brokenLines: number;
  close(): Promise<void>;
}

export interface QueueOptions {
  readonly maxWaiting?: number;
}

/** @throws MonitauriError "failed" where the file cannot be used. */
export async function openQueue(path: string, options: QueueOptions = {}): Promise<Queue> {
  const { maxWaiting = MAX_WAITING } = options;
  const state = createQueueState();
  const journal = await openJournal(path, { snapshot: () => state.snapshot() });
  replay(state, journal);
  const held = new Map<string, number>();

  function note(record: QueueRecord): void {
    state.apply(record);
    journal.append(record);
  }

  // A message that may have arrived, or is on its way, must not come again in a digest.
  function shrink(channel: string): void {
    const { items } = state.lane(channel);
    if (items.length <= maxWaiting) return;
    const isFree = ({ begun, recipients, first }: QueueItem) =>
      !begun && recipients === undefined && held.get(channel) !== first;
    const free = items.filter(isFree);
    const oldest = free.slice(0, Math.max(2, Math.ceil(free.length / 2)));
    const [from] = oldest;
    const to = oldest.at(-1);
    if (from === undefined || to === undefined) return;
    note({ kind: "merge", channel, first: from.first, last: to.last });
  }

  return {
    take(message, channels) {
      if (!state.wasTaken(message.id)) {
        note({ kind: "add", message, channels });
        for (const channel of channels) shrink(channel);
      }
      return journal.flushed();
    },
    hold(channel) {
      const [item] = state.lane(channel).items;
      if (item !== undefined) held.set(channel, item.first);
      return item;
    },
    release(channel) {
      held.delete(channel);
    },
    begin(channel, first) {
      note({ kind: "begin", channel, first });
      return journal.flushed();
    },
    end(record) {
      note(record);
      // Nobody waits: when it is lost with the process, the message is sent once more, and counted.
      journal.flushed().catch(() => {});
    },
    remove(channel) {
      note({ kind: "remove", channel });
      return journal.flushed();
    },
    lane: (channel) => state.lane(channel),
    channels: () => state.channels(),
    fault: () => journal.fault(),
    bytes: () => journal.bytes(),
    brokenLines: journal.brokenLines,
    close: () => journal.close(),
  };
}

function replay(state: QueueState, { records }: Journal): void {
  // The checksum says that we wrote them; nothing else writes this file.
  for (const record of records) state.apply(record as QueueRecord);
}
