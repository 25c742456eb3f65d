/** The main thread's side of sampling: starts the thread, keeps its latest sample, and starts it anew when it dies. */

import { Worker } from "node:worker_threads";
import { MonitauriError } from "../model/error.ts";
import type { HistoryTick } from "../model/history.ts";
import type { ThreadStatus } from "../model/monitauri.ts";
import type { DataCredit } from "../model/naming.ts";
import type { Sample } from "../model/sample.ts";
import type { Unavailable } from "../model/unavailable.ts";
import { createLeftDescriptors } from "./descriptors.ts";
import type { Log } from "./log.ts";
import { createRestarts } from "./restarts.ts";
import type {
  FromSampling,
  NamingData,
  Questions,
  SamplingData,
  Topic,
  ToSampling,
} from "./sampling-messages.ts";
import { createRequests } from "./sampling-requests.ts";
import { createTotals, type Totals } from "./totals.ts";

/** Loading and attaching the kernel programs takes less than a second; a slow, busy machine more. */
const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 1_500;

export interface Sampling {
  /** undefined only before the first sample, which start-up waits for. */
  latest(): Sample | undefined;
  /** What was counted by this thread and the ones that died before it, and the intervals that are missing. */
  readonly totals: Totals;
  thread(): ThreadStatus;
  intervalMs(): number;
  /** Better ways to count that were not available. */
  passedOver(): readonly Unavailable[];
  /** Whose data names are made with. */
  credits(): readonly DataCredit[];
  /** @throws MonitauriError "busy" or "failed". */
  ask<T extends Topic>(topic: T, what: Questions[T]["ask"]): Promise<Questions[T]["answer"]>;
  /** Takes effect at once; nothing that was counted is lost. */
  setInterval(intervalMs: number): void;
  /** Detaches everything; a thread that does not end in time is ended. */
  close(): Promise<void>;
}

export interface SamplingOptions {
  /** The thread's file. */
  readonly worker: URL;
  readonly intervalMs: number;
  readonly naming: NamingData;
  readonly log: Log;
  /** Told of every sample, after it is in the totals. */
  readonly onSample?: (sample: Sample, totals: Totals, tick: HistoryTick) => void;
}

/** @throws MonitauriError "unsupported" where nothing can count here, "failed" where the thread dies at once. */
export async function startSampling(options: SamplingOptions): Promise<Sampling> {
  const { log } = options;
  const requests = createRequests();
  const descriptors = createLeftDescriptors();
  const totals = createTotals();
  const started = Promise.withResolvers<void>();
  let intervalMs = options.intervalMs;
  let worker: Worker | undefined;
  let latest: Sample | undefined;
  let passedOver: readonly Unavailable[] = [];
  let credits: readonly DataCredit[] = [];
  let state: ThreadStatus["state"] = "running";
  let lastError: string | undefined;
  const restarts = createRestarts(launch);
  let isStarted = false;
  let isClosing = false;

  function launch(): void {
    const restartedAfterMs = latest?.atMs;
    const workerData: SamplingData = {
      intervalMs,
      naming: options.naming,
      ...(restartedAfterMs === undefined ? {} : { restartedAfterMs }),
    };
    const bornMs = performance.now();
    worker = new Worker(options.worker, {
      workerData,
      name: "sampling",
      // Kernel objects are opened outside Node's file functions; Node would warn at each that is closed.
      trackUnmanagedFds: false,
    });
    worker.on("message", receive);
    worker.on("error", (error) => {
      lastError = error instanceof Error ? error.message : String(error);
      log.debug(`sampling thread: ${error instanceof Error ? error.stack : error}`);
    });
    worker.on("exit", () => ended(performance.now() - bornMs));
  }

  function receive(message: FromSampling): void {
    switch (message.kind) {
      case "opened":
        passedOver = message.passedOver;
        credits = message.credits;
        return;
      case "sample":
        latest = message.sample;
        state = "running";
        totals.add(message.sample);
        sampleTaken(message.sample, message.tick);
        isStarted = true;
        started.resolve();
        return;
      case "descriptors":
        descriptors.remember(message.descriptors);
        return;
      case "answer":
        requests.answer(message.id, message.value);
        return;
      case "refusal":
        requests.refuse(message.id, message);
        return;
      case "fault":
        lastError = message.message;
        log.warnOnce(message.message, message.message);
        return;
      case "unavailable":
        lastError = message.missing
          .map(({ feature, reason }) => `${feature}: ${reason}`)
          .join("; ");
        started.reject(cannotCount(message.missing));
        return;
    }
  }

  // A sample that somebody cannot use is no reason to stop counting.
  function sampleTaken(sample: Sample, tick: HistoryTick): void {
    try {
      options.onSample?.(sample, totals, tick);
    } catch (error) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      log.warnOnce(text, text);
    }
  }

  function ended(livedMs: number): void {
    worker = undefined;
    const left = descriptors.closeAll();
    if (left > 0) log.debug(`closed ${left} kernel descriptors that the sampling thread had left`);
    requests.refuseAll("The sampling thread has ended. Try again in a moment");
    if (isClosing) return;
    if (!isStarted) {
      started.reject(
        new MonitauriError(
          "failed",
          `Cannot start counting: ${lastError ?? "the sampling thread ended"}`,
        ),
      );
      return;
    }
    totals.interrupted();
    state = "restarting";
    const delayMs = restarts.schedule(livedMs);
    log.error(
      `sampling stopped: ${lastError ?? "unknown reason"}; starting it again in ${delayMs / 1000} s`,
    );
  }

  async function close(): Promise<void> {
    isClosing = true;
    state = "stopped";
    restarts.cancel();
    if (worker !== undefined) await stop(worker);
    requests.refuseAll("Monitauri is stopping");
  }

  launch();
  try {
    await within(START_TIMEOUT_MS, started.promise);
  } catch (error) {
    await close();
    throw error;
  }
  return {
    latest: () => latest,
    totals,
    thread: () => ({ name: "sampling", state, restarts: restarts.count, lastError }),
    intervalMs: () => intervalMs,
    passedOver: () => passedOver,
    credits: () => credits,
    async ask(topic, what) {
      const asked = worker;
      if (asked === undefined)
        throw new MonitauriError("failed", "Sampling is starting again. Try again in a moment");
      const value = await requests.ask((id) => post(asked, { kind: "ask", id, topic, what }));
      return value as Questions[typeof topic]["answer"];
    },
    setInterval(wantedMs) {
      intervalMs = wantedMs;
      if (worker !== undefined) post(worker, { kind: "interval", intervalMs });
    },
    close,
  };
}

function post(worker: Worker, message: ToSampling): void {
  worker.postMessage(message);
}

async function stop(worker: Worker): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  worker.once("exit", () => resolve());
  post(worker, { kind: "stop" });
  const timer = setTimeout(() => void worker.terminate(), STOP_TIMEOUT_MS);
  await promise;
  clearTimeout(timer);
}

async function within(timeoutMs: number, promise: Promise<void>): Promise<void> {
  const { promise: late, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(
      new MonitauriError(
        "failed",
        `Cannot start counting: nothing was read within ${timeoutMs / 1000} s`,
      ),
    );
  }, timeoutMs);
  try {
    await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

function cannotCount(missing: readonly Unavailable[]): MonitauriError {
  const reasons = missing.map(
    ({ feature, reason, remedy }) => `  ${feature}: ${reason}. Remedy: ${remedy}`,
  );
  return new MonitauriError(
    "unsupported",
    `Cannot count traffic on this machine:\n${reasons.join("\n")}`,
  );
}
