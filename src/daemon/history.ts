/** The main thread's side of the history: hands ticks and questions to its thread, and starts that anew when it dies.
 * Whatever is wrong with the history, counting goes on. */

import { Worker } from "node:worker_threads";
import { MonitauriError } from "../model/error.ts";
import type { HistorySettings, HistoryState, HistoryTick } from "../model/history.ts";
import type { ThreadStatus } from "../model/monitauri.ts";
import type { FromHistory, HistoryQuestions, HistoryTopic, ToHistory } from "../store/messages.ts";
import type { HistoryData } from "./history-worker.ts";
import type { Log } from "./log.ts";
import { createRestarts, LONGEST_DELAY_MS } from "./restarts.ts";
import { createRequests } from "./sampling-requests.ts";
import { createTickQueue } from "./tick-queue.ts";

/** Years of many hosts from a slow disk; less than a client waits. */
const ANSWER_TIMEOUT_MS = 7_000;
/** Together with what sampling takes to stop it is less than the shut-down's ceiling. */
const STOP_TIMEOUT_MS = 1_000;
/** Most of what a tick or an answer makes is garbage at once: a small nursery is enough, and two to five MB less are held. The
 * other bound only keeps an absurd question from taking the machine's memory: the thread then ends and begins anew. */
const HEAP = { maxYoungGenerationSizeMb: 4, maxOldGenerationSizeMb: 512 };

export interface History {
  /** Never waits and never throws: what the thread cannot take any more is dropped and counted. */
  keep(tick: HistoryTick): void;
  /** @throws MonitauriError "busy", "failed", or why there is no history. */
  ask<T extends HistoryTopic>(
    topic: T,
    what: HistoryQuestions[T]["ask"],
  ): Promise<HistoryQuestions[T]["answer"]>;
  /** With what waits or was dropped before it reached the thread. @throws as ask(). */
  state(): Promise<HistoryState>;
  thread(): ThreadStatus;
  applySettings(settings: HistorySettings): void;
  /** Writes what waits. Resolves to whether all of it is on the disk. */
  close(): Promise<boolean>;
}

export interface HistoryOptions extends HistoryData {
  /** The thread's file. */
  readonly worker: URL;
  readonly settings: HistorySettings;
  readonly log: Log;
}

/** Does not wait for the thread: ticks and questions reach it when it is there. */
export function startHistory({ worker: file, settings, log, ...data }: HistoryOptions): History {
  const requests = createRequests(ANSWER_TIMEOUT_MS, "history");
  const ticks = createTickQueue(log);
  let wanted = settings;
  let worker: Worker | undefined;
  let state: ThreadStatus["state"] = "running";
  /** Why there is no history now. */
  let refusal: MonitauriError | undefined;
  let crash: string | undefined;
  let trouble: Pick<HistoryState, "warnings" | "fault"> = { warnings: [], fault: undefined };
  const restarts = createRestarts(launch);
  let isOpen = false;
  let isClosing = false;

  function launch(): void {
    const bornMs = performance.now();
    isOpen = false;
    const born = new Worker(file, { workerData: data, name: "history", resourceLimits: HEAP });
    worker = born;
    born.on("message", receive);
    born.on("error", (error) => {
      crash = error instanceof Error ? error.message : String(error);
      log.debug(`history thread: ${error instanceof Error ? error.stack : error}`);
    });
    born.on("exit", () => ended(performance.now() - bornMs));
    sendSettings();
    for (const queued of ticks.waiting()) post(born, { kind: "tick", ...queued });
  }

  function receive(message: FromHistory): void {
    switch (message.kind) {
      case "opened":
        isOpen = true;
        state = "running";
        refusal = undefined;
        return;
      case "refused":
        refusal = new MonitauriError(message.code, message.message);
        return;
      case "taken":
        ticks.taken();
        return;
      case "trouble":
        hear(message.trouble);
        return;
      case "answer":
        requests.answer(message.id, message.value);
        return;
      case "refusal":
        requests.refuse(message.id, message);
        return;
    }
  }

  function hear(heard: Pick<HistoryState, "warnings" | "fault">): void {
    for (const warning of heard.warnings) log.warnOnce(warning, `history: ${warning}`);
    if (heard.fault !== undefined) {
      log.warnOnce(heard.fault, `history: ${heard.fault}; counting goes on`);
    } else if (trouble.fault !== undefined) {
      log.info("history: it is written again");
      // They may have been refused meanwhile.
      sendSettings();
    }
    trouble = heard;
  }

  function sendSettings(): void {
    ask("changeSettings", wanted).catch((error: Error) => {
      // Why it cannot be opened, and that it ends, is said elsewhere.
      if (isOpen && !isClosing) log.warnOnce(error.message, `history: ${error.message}`);
    });
  }

  function ended(livedMs: number): void {
    worker = undefined;
    const why = refusal?.message ?? crash ?? "unknown reason";
    requests.refuseAll(refusal?.message ?? "The history thread has ended. Try again in a moment");
    if (isClosing) return;
    if (isOpen) ticks.interrupted();
    if (refusal?.code === "unsupported") {
      // Only another version can open it, or a person move it away.
      state = "stopped";
      ticks.dropAll();
      log.error(`no history is kept: ${why}`);
      return;
    }
    state = "restarting";
    log.warnOnce(why, `history stopped: ${why}; trying again every ${LONGEST_DELAY_MS / 1000} s`);
    restarts.schedule(livedMs);
  }

  async function ask<T extends HistoryTopic>(
    topic: T,
    what: HistoryQuestions[T]["ask"],
  ): Promise<HistoryQuestions[T]["answer"]> {
    const asked = worker;
    if (asked === undefined) {
      throw (
        refusal ??
        new MonitauriError("failed", "The history is starting again. Try again in a moment")
      );
    }
    const value = await requests.ask((id) => post(asked, { kind: "ask", id, topic, what }));
    return value as HistoryQuestions[T]["answer"];
  }

  launch();
  return {
    keep(tick) {
      if (state === "stopped") return ticks.drop();
      const queued = ticks.add(tick);
      if (queued !== undefined && worker !== undefined) post(worker, { kind: "tick", ...queued });
    },
    ask,
    async state() {
      const found = await ask("state", null);
      return {
        ...found,
        waitingTicks: found.waitingTicks + ticks.waiting().length,
        lostTicks: found.lostTicks + ticks.dropped(),
      };
    },
    thread: () => ({
      name: "history",
      state,
      restarts: restarts.count,
      lastError: refusal?.message ?? trouble.fault ?? trouble.warnings.at(-1) ?? crash,
    }),
    applySettings(fresh) {
      wanted = fresh;
      if (worker !== undefined) sendSettings();
    },
    async close() {
      isClosing = true;
      restarts.cancel();
      const isEnded = worker !== undefined && (await stop(worker));
      state = "stopped";
      requests.refuseAll("Monitauri is stopping");
      return isEnded && isOpen && trouble.fault === undefined && ticks.waiting().length === 0;
    },
  };
}

function post(worker: Worker, message: ToHistory): void {
  worker.postMessage(message);
}

/** false: it did not end by itself. */
async function stop(worker: Worker): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<number>();
  worker.once("exit", resolve);
  post(worker, { kind: "stop" });
  const timer = setTimeout(() => void worker.terminate(), STOP_TIMEOUT_MS);
  const code = await promise;
  clearTimeout(timer);
  return code === 0;
}
