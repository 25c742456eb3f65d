/** Asks when the question changes, and now and then while it is open. An older request is ended; what it was asked for
 * stays on the screen until the answer to the new one is there. */

import { useEffect, useReducer, useRef } from "react";
import { type ErrorCode, MonitauriError } from "../../../model/error.ts";
import type { Monitauri } from "../../../model/monitauri.ts";
import { useStore } from "../../store/create-store.ts";
import { clientUntil, link, pausedAtMs } from "../../store/live.ts";

export interface Answered<T> {
  /** The latest answer, also that of the question before. */
  readonly data: T | undefined;
  /** It is that of the question before. */
  readonly isOld: boolean;
  readonly error: { readonly code: ErrorCode; readonly message: string } | undefined;
}

/** Questions that change faster than this, as by a held key, are not asked. */
const REST_MS = 90;
const RETRY_MS = 5_000;
/** As long as a client waits elsewhere. */
const LONGEST_MS = 15_000;

export interface Asked<T> {
  /** Says all that the answer depends on; undefined: there is nothing to ask yet. */
  readonly key: string | undefined;
  /** undefined: it does not change. */
  readonly everyMs: number | undefined;
  readonly ask: (client: Monitauri) => Promise<T>;
}

export function useAnswer<T>({ key, everyMs, ask }: Asked<T>): Answered<T> {
  const state = useRef<Answered<T> & { key: string | undefined }>({
    key: undefined,
    data: undefined,
    isOld: false,
    error: undefined,
  });
  const [, redraw] = useReducer((count: number) => count + 1, 0);
  const asking = useRef(ask);
  asking.current = ask;
  const isLive = useStore(link).state === "live";
  useEffect(() => {
    if (key === undefined) return;
    const abort = new AbortController();
    let timer: ReturnType<typeof setTimeout> | undefined;
    const once = async () => {
      const isKnown = state.current.key === key && state.current.error === undefined;
      if (!(isKnown && (document.hidden || pausedAtMs.get() !== undefined))) {
        const signal = AbortSignal.any([abort.signal, AbortSignal.timeout(LONGEST_MS)]);
        const next = await asking.current(clientUntil(signal)).then(
          (data) => ({ key, data, isOld: false, error: undefined }),
          (error: unknown) => ({ ...state.current, key, isOld: true, error: faultOf(error) }),
        );
        if (abort.signal.aborted) return;
        state.current = next;
        redraw();
      }
      const isWrong = state.current.error !== undefined;
      const againMs = isWrong ? (everyMs ?? RETRY_MS) : everyMs;
      if (againMs !== undefined) timer = setTimeout(() => void once(), againMs);
    };
    const isFirst = state.current.key === undefined;
    timer = setTimeout(() => void once(), isFirst ? 0 : REST_MS);
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
    // A new connection asks at once.
  }, [key, everyMs, isLive]);
  const { current } = state;
  return current.key === key ? current : { ...current, isOld: true, error: undefined };
}

function faultOf(error: unknown): { code: ErrorCode; message: string } {
  if (error instanceof MonitauriError) return { code: error.code, message: error.message };
  return { code: "failed", message: error instanceof Error ? error.message : String(error) };
}
