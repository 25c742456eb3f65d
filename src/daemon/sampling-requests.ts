/** Questions under way to another thread: each gets an answer, a refusal or a timeout, and there is a limit to them. */

import { type ErrorCode, MonitauriError } from "../model/error.ts";

/** Clients share one daemon: this many unanswered questions mean that the thread hangs, and more would only pile up. */
export const MAX_OUTSTANDING = 64;
export const ANSWER_TIMEOUT_MS = 5_000;

export interface Requests {
  /**
   * Sends a question under a fresh number and waits for its answer.
   * @throws MonitauriError "busy" where too many are under way, "failed" at the timeout, or what the other side says.
   */
  ask(send: (id: number) => void): Promise<unknown>;
  answer(id: number, value: unknown): void;
  refuse(id: number, error: { code: ErrorCode; message: string }): void;
  /** Refuses all that are under way: the other side is gone. */
  refuseAll(message: string): void;
}

interface Waiting {
  resolve(value: unknown): void;
  reject(error: Error): void;
  readonly timer: NodeJS.Timeout;
}

export function createRequests(timeoutMs = ANSWER_TIMEOUT_MS, thread = "sampling"): Requests {
  const waiting = new Map<number, Waiting>();
  let lastId = 0;

  function take(id: number): Waiting | undefined {
    const found = waiting.get(id);
    if (found === undefined) return undefined; // its time was up
    clearTimeout(found.timer);
    waiting.delete(id);
    return found;
  }

  function refuse(id: number, { code, message }: { code: ErrorCode; message: string }): void {
    take(id)?.reject(new MonitauriError(code, message));
  }

  return {
    async ask(send) {
      if (waiting.size >= MAX_OUTSTANDING) {
        throw new MonitauriError(
          "busy",
          `Cannot ask: ${MAX_OUTSTANDING} questions are unanswered. Try again`,
        );
      }
      lastId += 1;
      const id = lastId;
      const { promise, resolve, reject } = Promise.withResolvers<unknown>();
      const message = `The ${thread} thread gave no answer within ${timeoutMs / 1000} s. Try again, and see status`;
      const timer = setTimeout(() => refuse(id, { code: "failed", message }), timeoutMs);
      waiting.set(id, { resolve, reject, timer });
      send(id);
      return promise;
    },
    answer(id, value) {
      take(id)?.resolve(value);
    },
    refuse,
    refuseAll(message) {
      for (const id of [...waiting.keys()]) refuse(id, { code: "failed", message });
    },
  };
}
