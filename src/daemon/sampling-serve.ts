/** The sampling thread's side: opens a collector, samples every interval, answers questions. */

import type { MessagePort } from "node:worker_threads";
import { MonitauriError } from "../model/error.ts";
import type { HistoryTick } from "../model/history.ts";
import type { Listener } from "../model/monitauri.ts";
import type { DataCredit } from "../model/naming.ts";
import type { Grouping, GroupRow, Sample } from "../model/sample.ts";
import type { Unavailable } from "../model/unavailable.ts";
import type { Sampler, SamplerOptions } from "../sampler/sampler.ts";
import { startTick, type TickClock } from "../sampler/tick.ts";
import type { OpenCollector } from "./platform.ts";
import type {
  FromSampling,
  Questions,
  SamplingData,
  Topic,
  ToSampling,
} from "./sampling-messages.ts";

/** Readings that may fail in a row. With more, something is broken that a fresh thread may mend. */
const MAX_FAILURES = 10;

export interface ServeOptions extends Omit<SamplingData, "naming"> {
  open(): Promise<OpenCollector | readonly Unavailable[]>;
  /** Of the data that names are made with. */
  readonly credits?: readonly DataCredit[];
  createSampler(options: SamplerOptions): SamplerPart;
}

/** What this thread uses of a sampler. */
export interface SamplerPart
  extends Pick<Sampler, "take" | "setIntervalMs" | "ps" | "connections"> {
  groups(by: Grouping, limit?: number): GroupRow[];
  /** Of the sample that was taken last. */
  historyTick(sample: Sample): HistoryTick;
}

/** Serves until told to stop. When it fails for good it throws: the thread then ends and the main thread starts anew. */
export async function serveSampling(port: MessagePort, options: ServeOptions): Promise<void> {
  const say = (message: FromSampling) => port.postMessage(message);
  const opened = await options.open();
  if (!("collector" in opened)) {
    say({ kind: "unavailable", missing: opened });
    port.close();
    return;
  }
  const { collector, descriptors, passedOver, listeners } = opened;
  const tellDescriptors = descriptorReporter(descriptors, say);
  tellDescriptors();
  say({ kind: "opened", passedOver, credits: options.credits ?? [] });
  const { intervalMs, restartedAfterMs } = options;
  const sampler = options.createSampler({
    intervalMs,
    now: monotonicMs,
    ...(restartedAfterMs === undefined ? {} : { restartedAfterMs }),
  });
  let failures = 0;

  function read(): void {
    try {
      const startedMs = monotonicMs();
      const sample = sampler.take(collector.read(), { startedMs });
      say({ kind: "sample", sample, tick: sampler.historyTick(sample) });
      failures = 0;
    } catch (error) {
      failures += 1;
      if (failures > MAX_FAILURES) giveUp(error);
      throw error;
    } finally {
      tellDescriptors();
    }
  }

  // The loop must not catch this: it ends the thread. Only here can the kernel's mapped memory be given back.
  function giveUp(error: unknown): void {
    tick.stop();
    close();
    setImmediate(() => {
      throw error;
    });
  }

  function close(): void {
    collector.close();
    say({ kind: "descriptors", descriptors: [] });
  }

  const onError = ({ message }: Error) => say({ kind: "fault", message });
  const tick = startTick({ intervalMs, clock: CLOCK, read, onError });
  port.on("message", (message: ToSampling) => {
    switch (message.kind) {
      case "ask":
        say(answer({ sampler, listeners }, message));
        return;
      case "interval":
        sampler.setIntervalMs(message.intervalMs);
        tick.setIntervalMs(message.intervalMs);
        return;
      case "stop":
        tick.stop();
        readLast(read, onError);
        close();
        port.close();
        return;
    }
  });
}

/** What was counted since the last sample. */
function readLast(read: () => void, onError: (error: Error) => void): void {
  try {
    read();
  } catch (error) {
    onError(error instanceof Error ? error : new Error(String(error)));
  }
}

function monotonicMs(): number {
  return performance.now();
}

const CLOCK: TickClock = {
  now: monotonicMs,
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

/** Who knows the answers. */
interface Known {
  readonly sampler: SamplerPart;
  listeners(): readonly Listener[];
}

function answer(
  known: Known,
  { id, topic, what }: { id: number; topic: Topic; what: unknown },
): FromSampling {
  try {
    return { kind: "answer", id, value: ask(known, topic, what) };
  } catch (error) {
    const code = error instanceof MonitauriError ? error.code : "failed";
    return {
      kind: "refusal",
      id,
      code,
      message: error instanceof Error ? error.message : String(error),
    };
  }
}

function ask(known: Known, topic: Topic, what: unknown): Questions[Topic]["answer"] {
  const { sampler, listeners } = known;
  switch (topic) {
    case "ps":
      return sampler.ps(what as Questions["ps"]["ask"]);
    case "connections":
      return sampler.connections(what as Questions["connections"]["ask"]);
    case "listeners":
      return listeners();
    case "groups":
      return sampler.groups(what as Questions["groups"]["ask"]);
  }
}

/** Says which descriptors are held, when they have changed: device programs come and go with interfaces. */
function descriptorReporter(
  descriptors: () => readonly number[],
  say: (message: FromSampling) => void,
): () => void {
  let last = "";
  return () => {
    const now = descriptors();
    const text = now.join();
    if (text === last) return;
    last = text;
    say({ kind: "descriptors", descriptors: now });
  };
}
