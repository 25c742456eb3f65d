/** Delivery of alerts: channels with their secrets, a queue that survives, and one runner for each channel. */

import type { AlertMessage } from "../../model/alert.ts";
import { MAX_ALERT_CHANNELS } from "../../model/alert.ts";
import type {
  AlertChannel,
  AlertChannelDraft,
  AlertTarget,
  AlertTest,
} from "../../model/alert-channel.ts";
import { parseChannelDraft } from "../../model/alert-channel-schema.ts";
import { MonitauriError } from "../../model/error.ts";
import { changedChannel, namesOf } from "./channel-change.ts";
import { type KeptChannel, readChannels, saveChannels } from "./channel-file.ts";
import { createSender } from "./create-sender.ts";
import type { DeliverySystem } from "./delivery-system.ts";
import { type LaneOutcome, type LaneRunner, startLane } from "./lane-runner.ts";
import { MAX_WAITING, openQueue } from "./queue.ts";
import type { LaneCounts } from "./queue-state.ts";
import { type Clock, systemClock } from "./sender.ts";
import { testChannel } from "./test-channel.ts";

/** What is under way gets this long when the daemon ends. */
const CLOSE_GRACE_MS = 1_000;

export interface DeliveryOptions {
  /** Files of the queue and of the channels with their secrets. */
  readonly queuePath: string;
  readonly channelsPath: string;
  readonly system: DeliverySystem;
  readonly log: { warn(message: string): void; info(message: string): void };
  /** Name of this computer, as messages say it. */
  readonly host: string;
  readonly clock?: Clock;
  /** Messages that wait for one channel; MAX_WAITING where not given. */
  readonly maxWaiting?: number;
  /** Hears what became of each message. */
  readonly onOutcome?: (channel: string, message: AlertMessage, outcome: LaneOutcome) => void;
}

/** What `doctor` says of one channel. */
export interface DeliveryState {
  readonly channels: readonly {
    readonly name: string;
    readonly enabled: boolean;
    readonly waiting: number;
    /** When the oldest one that waits happened, wall clock; undefined: none waits. */
    readonly oldestAtMs: number | undefined;
    readonly nextAttemptAtMs: number | undefined;
    readonly last: LaneOutcome | undefined;
    /** The last attempt that did not reach everybody, since the start. */
    readonly lastFailure: LaneOutcome | undefined;
    readonly counts: LaneCounts;
  }[];
  /** Why the queue cannot be written now. */
  readonly fault: string | undefined;
  readonly queueBytes: number;
  readonly maxWaiting: number;
}

export interface Delivery {
  /** Resolves when the message is on the disk. Never waits for anybody else. Channels that do not exist or are switched
   * off get nothing. @throws MonitauriError "failed" where the disk refuses; it is sent all the same. */
  enqueue(message: AlertMessage, channels: readonly string[]): Promise<void>;
  channels(): readonly AlertChannel[];
  /** What waits is tried again at once. @throws MonitauriError "invalid", "busy" where there are too many, "failed". */
  setChannel(draft: AlertChannelDraft): Promise<AlertChannel>;
  /** With all that waits for it. @throws MonitauriError "not-found". */
  removeChannel(name: string): Promise<void>;
  /** Sends a real message past the queue. @throws MonitauriError "not-found". */
  test(name: string): Promise<AlertTest>;
  state(): DeliveryState;
  close(): Promise<void>;
}

/** @throws MonitauriError "failed" where the queue cannot be opened. */
export async function createDelivery(options: DeliveryOptions): Promise<Delivery> {
  const { queuePath, channelsPath, log, clock = systemClock, maxWaiting = MAX_WAITING } = options;
  const read = await readChannels(channelsPath);
  if (read.warning !== undefined) log.warn(read.warning);
  const kept = new Map(read.channels.map((channel) => [channel.name, channel]));
  const queue = await openQueue(queuePath, { maxWaiting });
  if (queue.brokenLines > 1) {
    log.warn(`${queue.brokenLines} lines of ${queuePath} were damaged: alerts may be missing`);
  }
  const lanes = new Map<string, LaneRunner>();
  const tell = createTeller(log);
  let saving: Promise<unknown> = Promise.resolve();

  const senderOf = (channel: KeptChannel, isTest = false) =>
    createSender(channel, {
      system: options.system,
      host: options.host,
      isTest,
      clock,
      refreshToken: () => kept.get(channel.name)?.secrets.refreshToken,
      onRefreshToken: (refreshToken, old) => keepToken(channel.name, { refreshToken, old }),
    });

  function start(channel: KeptChannel): void {
    const lane = startLane({
      channel: channel.name,
      queue,
      sender: senderOf(channel),
      clock,
      report: (item, outcome) => {
        tell(channel.name, outcome);
        options.onOutcome?.(channel.name, item.message, outcome);
      },
    });
    lanes.set(channel.name, lane);
    lane.wake();
  }

  /** Changes are written one after the other, and only then hold. */
  function change<T>(run: () => Promise<T>): Promise<T> {
    const next = saving.then(run);
    saving = next.catch(() => {});
    return next;
  }

  const save = (channels: Iterable<KeptChannel>) => saveChannels(channelsPath, [...channels]);

  function keepToken(
    name: string,
    { refreshToken, old }: { refreshToken: string; old: string },
  ): void {
    change(async () => {
      const channel = kept.get(name);
      // Where it is another one, somebody has given it meanwhile.
      if (channel === undefined || channel.secrets.refreshToken !== old) return;
      kept.set(name, { ...channel, secrets: { ...channel.secrets, refreshToken } });
      await save(kept.values());
    }).catch((error: Error) => log.warn(error.message));
  }

  /** What cannot work on this system is found when it is set. */
  function checked(target: AlertTarget): AlertTarget {
    if (target.kind === "command") {
      options.system.checkCommand(target.command[0] ?? "", target.user || undefined);
    }
    if (target.kind !== "desktop") return target;
    return { ...target, user: options.system.desktopUser(target.user) };
  }

  function described({ name, enabled, target, secrets }: KeptChannel): AlertChannel {
    const last = lanes.get(name)?.last();
    return {
      name,
      enabled,
      target,
      secrets: namesOf(secrets),
      lastOutcome: last?.said ?? null,
      lastOutcomeAtMs: last?.atMs ?? null,
      waiting: queue.lane(name).items.length,
    };
  }

  function known(name: string): KeptChannel {
    const channel = kept.get(name);
    if (channel !== undefined) return channel;
    const names = [...kept.keys()].join(", ") || "none";
    throw new MonitauriError("not-found", `There is no channel ${name} (there are: ${names})`);
  }

  // Of channels that were removed while the daemon did not run to its end. Where it is not known which there are, what
  // waits is kept until they are set again.
  const removed = read.areAll ? queue.channels().filter((name) => !kept.has(name)) : [];
  await Promise.all(removed.map((name) => queue.remove(name))).catch((error: Error) =>
    log.warn(error.message),
  );
  for (const channel of kept.values()) if (channel.enabled) start(channel);

  return {
    async enqueue(message, names) {
      const wanted = [...new Set(names)].filter((name) => kept.get(name)?.enabled === true);
      if (wanted.length === 0) return;
      const durable = queue.take(message, wanted);
      for (const name of wanted) lanes.get(name)?.wake();
      await durable;
    },
    channels: () => [...kept.values()].map(described),
    setChannel(draft) {
      return change(async () => {
        const parsed = parseChannelDraft(draft);
        const before = kept.get(parsed.name);
        if (before === undefined && kept.size >= MAX_ALERT_CHANNELS) {
          throw new MonitauriError(
            "busy",
            `Cannot add a channel: there are ${MAX_ALERT_CHANNELS}. Remove one first`,
          );
        }
        const fresh = changedChannel(before, { ...parsed, target: checked(parsed.target) });
        await save(new Map(kept).set(fresh.name, fresh).values());
        kept.set(fresh.name, fresh);
        const lane = lanes.get(fresh.name);
        if (!fresh.enabled) {
          lanes.delete(fresh.name);
          await lane?.close(0);
        } else if (lane === undefined) start(fresh);
        else lane.replace(senderOf(fresh));
        return described(fresh);
      });
    },
    removeChannel(name) {
      return change(async () => {
        known(name);
        const rest = new Map(kept);
        rest.delete(name);
        await save(rest.values());
        kept.delete(name);
        await lanes.get(name)?.close(0);
        lanes.delete(name);
        // It is removed all the same: what waits for a channel that is not there is forgotten at the next start.
        await queue.remove(name).catch((error: Error) => log.warn(error.message));
      });
    },
    test: async (name) =>
      testChannel(senderOf(known(name), true), { channel: name, clock, host: options.host }),
    state: () => ({
      channels: [...kept.values()].map(({ name, enabled }) => {
        const { items, counts } = queue.lane(name);
        return {
          name,
          enabled,
          waiting: items.length,
          oldestAtMs: items[0]?.message.atMs,
          nextAttemptAtMs: lanes.get(name)?.nextAttemptAtMs(),
          last: lanes.get(name)?.last(),
          lastFailure: lanes.get(name)?.lastFailure(),
          counts,
        };
      }),
      fault: queue.fault(),
      queueBytes: queue.bytes(),
      maxWaiting,
    }),
    async close() {
      await Promise.all([...lanes.values()].map((lane) => lane.close(CLOSE_GRACE_MS)));
      await saving;
      await queue.close();
    },
  };
}

/** A trouble is said once, and once that it is over: a server that is down for a day must not fill the log. */
function createTeller(
  log: DeliveryOptions["log"],
): (channel: string, outcome: LaneOutcome) => void {
  const told = new Map<string, string>();
  return (channel, { kind, said, remedy }) => {
    const before = told.get(channel);
    if (kind === "delivered") {
      told.delete(channel);
      if (before !== undefined) log.info(`alert channel ${channel}: it works again`);
      return;
    }
    if (before === said) return;
    told.set(channel, said);
    const what = kind === "later" ? "is tried again" : "is not tried again";
    log.warn(`alert channel ${channel}: ${said}; ${what}${remedy === "" ? "" : ` (${remedy})`}`);
  };
}
